//! `askance read`: what mails say, without storing anything.

use crate::data::knowledge::knowledge;
use crate::domain::incoming::{Incoming, Knowledge, understand};
use clap::Args;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Exit codes of `sysexits.h`.
const OK: u8 = 0;
const USAGE: u8 = 64;
const IO_ERROR: u8 = 74;
const CONFIGURATION: u8 = 78;

/// A mail larger than this inside an mbox is not collected in memory.
const MAX_MAIL: usize = 128 * 1024 * 1024;

/// Reads mails without storing anything and prints what the service would understand.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  askance read reply.eml\n  askance read --json ~/Maildir archive.mbox\n  \
                        askance read - < reply.eml"
)]
pub struct ReadArgs {
    /// Mails (`.eml`), mbox files, Maildirs, folders; `-` is one mail on standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// One JSON object a line, in input order.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command; the return value is the exit code.
pub fn run(args: &ReadArgs, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    if args.paths.is_empty() {
        let _ = writeln!(err, "nothing to read was named; give a mail, a folder, or - for standard input");
        return USAGE;
    }
    let knowledge = match knowledge() {
        Ok(knowledge) => knowledge,
        Err(e) => {
            let _ = writeln!(err, "the knowledge that comes with askance could not be read: {e}");
            return CONFIGURATION;
        }
    };
    let mut reader = Reader { knowledge, json: args.json, out, failed: false };
    for path in &args.paths {
        if let Err(e) = reader.path(path) {
            if e.kind() == io::ErrorKind::BrokenPipe {
                return OK;
            }
            reader.failed = true;
            let _ = writeln!(err, "`{}` could not be read: {e}; the others go on", path.display());
        }
    }
    let failed = reader.failed;
    let _ = out.flush();
    if failed { IO_ERROR } else { OK }
}

struct Reader<'a> {
    knowledge: Knowledge,
    json: bool,
    out: &'a mut dyn Write,
    failed: bool,
}

impl Reader<'_> {
    fn path(&mut self, path: &Path) -> io::Result<()> {
        if path == Path::new("-") {
            let mut raw = Vec::new();
            io::stdin().lock().read_to_end(&mut raw)?;
            return self.mail("-", &raw);
        }
        if path.is_dir() {
            return self.folder(path);
        }
        let file = std::fs::File::open(path)?;
        let mut input = BufReader::new(file);
        if is_mbox(path, &mut input)? {
            return self.mbox(path, &mut input);
        }
        let mut raw = Vec::new();
        input.read_to_end(&mut raw)?;
        self.mail(&path.display().to_string(), &raw)
    }

    /// A Maildir is its `cur` and `new`; another folder is all that lies in it, in the order of the names.
    fn folder(&mut self, path: &Path) -> io::Result<()> {
        let maildir = path.join("cur").is_dir() && path.join("new").is_dir();
        let mut entries: Vec<PathBuf> = if maildir {
            vec![path.join("cur"), path.join("new")]
        } else {
            std::fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect::<io::Result<_>>()?
        };
        entries.sort();
        for entry in entries {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let in_maildir = path.ends_with("cur") || path.ends_with("new");
            let wanted = entry.is_dir() || in_maildir || looks_like_mail(&name);
            if wanted && !name.starts_with('.') {
                self.path(&entry)?;
            }
        }
        Ok(())
    }

    /// Mails are cut at `From ` lines after an empty one; one mail is in memory at a time.
    fn mbox(&mut self, path: &Path, input: &mut dyn BufRead) -> io::Result<()> {
        let mut number = 0_usize;
        let mut mail: Vec<u8> = Vec::new();
        let mut blank = true;
        let mut line = Vec::new();
        loop {
            line.clear();
            let end = input.read_until(b'\n', &mut line)? == 0;
            if end || (blank && line.starts_with(b"From ")) {
                if !mail.is_empty() {
                    number += 1;
                    self.mail(&format!("{}:{number}", path.display()), &mail)?;
                }
                mail.clear();
                if end {
                    return Ok(());
                }
                blank = false;
                continue;
            }
            blank = matches!(line.as_slice(), b"\n" | b"\r\n");
            let unquoted = line.strip_prefix(b">").filter(|l| l.trim_ascii_start().starts_with(b"From "));
            if mail.len() < MAX_MAIL {
                mail.extend_from_slice(unquoted.unwrap_or(&line));
            }
        }
    }

    fn mail(&mut self, file: &str, raw: &[u8]) -> io::Result<()> {
        let incoming = understand(raw, &self.knowledge);
        if self.json {
            let object = as_json(file, &incoming)?;
            return writeln!(self.out, "{object}");
        }
        self.out.write_all(as_text(file, &incoming).as_bytes())
    }
}

fn looks_like_mail(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    matches!(ending.as_str(), "eml" | "mbox" | "mbx" | "msg" | "mail") || ending.is_empty()
}

fn is_mbox(path: &Path, input: &mut dyn BufRead) -> io::Result<bool> {
    let starts = input.fill_buf()?.starts_with(b"From ");
    let named_eml = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("eml"));
    Ok(starts && !named_eml)
}

/// The object of `askance read --json`, with `file` first.
pub fn as_json(file: &str, incoming: &Incoming) -> io::Result<serde_json::Value> {
    let serde_json::Value::Object(fields) = serde_json::to_value(incoming)? else {
        return Err(io::Error::other("expected an object"));
    };
    let mut object = serde_json::Map::new();
    object.insert("file".to_owned(), file.into());
    object.extend(fields);
    Ok(serde_json::Value::Object(object))
}

/// The same for people.
pub fn as_text(file: &str, incoming: &Incoming) -> String {
    let mut lines = vec![format!("{file}")];
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("  {name:<13}{value}"));
        }
    };
    let reading = &incoming.reading;
    row("subject", incoming.subject.clone());
    row("from", incoming.from.as_ref().map(|f| f.address.clone()).unwrap_or_default());
    row("date", incoming.date.map(|d| d.format("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default());
    row("language", incoming.language.clone().unwrap_or_default());
    row("automatic", incoming.automatic.as_str().to_owned());
    row("kind", format!("{} ({:.0} %)", reading.kind, reading.confidence * 100.0));
    row("also", reading.also.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(", "));
    row("reference", reading.reference.clone().unwrap_or_default());
    row("promised for", reading.new_due_on.map(|d| d.to_string()).unwrap_or_default());
    row("fee", reading.fee.as_ref().map(|f| format!("{} {}", f.amount, f.currency)).unwrap_or_default());
    row("grounds", reading.grounds.iter().map(|g| g.cite.as_str()).collect::<Vec<_>>().join("; "));
    row("passed on to", reading.transferred_to.clone().unwrap_or_default());
    for evidence in &reading.evidence {
        row(&evidence.place, format!("“{}”", evidence.text.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    for attachment in &incoming.attachments {
        row(
            "attachment",
            format!("{} ({}, {} bytes)", attachment.name, attachment.content_type, attachment.size),
        );
    }
    for note in &incoming.notes {
        row("note", note.clone());
    }
    lines.push("\n".to_owned());
    lines.join("\n")
}
