//! Text in pictures: what a scanned letter says, recognised by `tesseract` where it is installed, page by page.

use crate::domain::incoming::documents::Supplied;
use crate::domain::incoming::{Attachment, Incoming, MAX_ANALYSED};
use crate::service::cage::tool::{Error, Tool, find};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Pages of a document that are looked at.
const PAGES: usize = 20;
/// Time for all files of one mail.
const A_MAIL: Duration = Duration::from_secs(120);
/// Time for one file.
const A_FILE: Duration = Duration::from_secs(60);
/// Files of one mail that are looked at.
const FILES: usize = 5;
/// A picture smaller than this is a coat of arms or a logo.
const SMALLEST: usize = 30 << 10;
/// The largest file that is looked at.
const LARGEST: usize = 30 << 20;
/// The largest picture of one page: A3 in grey at 200 dots an inch has 8 MB.
const LARGEST_PAGE: u64 = 64 << 20;
/// Dots an inch at which print is recognised well.
const RESOLUTION: &str = "200";
/// Languages to try at once where that of the mail is not known.
const AT_ONCE: usize = 3;

/// Pictures that `tesseract` reads.
const PICTURES: &[&str] =
    &["image/png", "image/jpeg", "image/jpg", "image/tiff", "image/webp", "image/bmp", "image/gif"];

/// BCP 47 and what the packs of `tesseract` are called.
const PACKS: &[(&str, &str)] = &[
    ("bg", "bul"),
    ("cs", "ces"),
    ("da", "dan"),
    ("de", "deu"),
    ("el", "ell"),
    ("en", "eng"),
    ("es", "spa"),
    ("et", "est"),
    ("fi", "fin"),
    ("fr", "fra"),
    ("hr", "hrv"),
    ("hu", "hun"),
    ("it", "ita"),
    ("lt", "lit"),
    ("lv", "lav"),
    ("mk", "mkd"),
    ("nl", "nld"),
    ("no", "nor"),
    ("pl", "pol"),
    ("pt", "por"),
    ("ro", "ron"),
    ("sk", "slk"),
    ("sl", "slv"),
    ("sr", "srp"),
    ("sv", "swe"),
];

/// The programs that make text of pictures, as far as they are installed.
#[derive(Debug)]
pub struct Recogniser {
    cage: PathBuf,
    tesseract: Option<PathBuf>,
    pdftoppm: Option<PathBuf>,
    packs: OnceLock<Vec<String>>,
    patience: Duration,
}

/// What was recognised in the files of a mail, and what is to be said of each; both by SHA-256.
#[derive(Debug, Default)]
pub struct Recognised {
    /// Texts, for the second reading.
    pub supplied: Supplied,
    notes: BTreeMap<String, String>,
}

impl Recognised {
    /// Says at each file where its text comes from, or why there is none.
    pub fn mark(&self, incoming: &mut Incoming) {
        for file in &mut incoming.attachments {
            if let Some(note) = self.notes.get(&file.sha256)
                && !file.notes.contains(note)
            {
                file.notes.push(note.clone());
            }
        }
    }
}

/// Whether a file is a picture of text as far as can be told without opening it.
pub fn is_wanted(file: &Attachment) -> bool {
    let kind = file.content_type.as_str();
    let picture = PICTURES.contains(&kind) && file.size >= SMALLEST;
    let silent = file.text.is_none() && (picture || kind == "application/pdf");
    file.size <= LARGEST && (file.scanned_pages > 0 || silent)
}

/// What is noted at a file whose text is still to come.
const PROMISE: &str = "a picture; text in it is being recognised, which takes minutes: look again";

/// Notes at the files of a mail that was read which of them will be looked at.
pub fn promise(incoming: &mut Incoming) {
    for file in incoming.attachments.iter_mut().filter(|file| is_wanted(file)) {
        file.notes.push(PROMISE.to_owned());
    }
}

/// Whether something was promised of a mail.
pub fn is_promised(incoming: &Incoming) -> bool {
    incoming.attachments.iter().any(|file| is_awaited(&file.notes))
}

/// Whether the notes of a file say that its text is still to come.
pub fn is_awaited(notes: &[String]) -> bool {
    notes.iter().any(|note| note == PROMISE)
}

/// Says at each file of which something was promised why nothing came of it.
pub fn break_promise(incoming: &mut Incoming, why: &str) {
    for note in incoming.attachments.iter_mut().flat_map(|file| &mut file.notes) {
        if note == PROMISE {
            *note = unrecognised(why);
        }
    }
}

fn unrecognised(why: &str) -> String {
    format!("a picture; text in it was not recognised: {why}")
}

/// Whether these bytes are a document of pages, as far as its first ones tell.
fn has_pages(bytes: &[u8]) -> bool {
    bytes.get(..1024).unwrap_or(bytes).windows(5).any(|part| part == b"%PDF-")
}

/// What was recognised in one file.
struct Text {
    words: String,
    /// How many pages were looked at.
    pages: usize,
    /// Whether there was time for all.
    in_time: bool,
}

impl Recogniser {
    /// Looks for the programs; `cage` is our own, in which they run.
    pub fn find(cage: PathBuf) -> Self {
        Self::of(cage, find("tesseract"), find("pdftoppm"))
    }

    /// With these programs.
    pub fn of(cage: PathBuf, tesseract: Option<PathBuf>, pdftoppm: Option<PathBuf>) -> Self {
        Self { cage, tesseract, pdftoppm, packs: OnceLock::new(), patience: A_MAIL }
    }

    /// The same, with so much time for all files of one mail.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// What can be recognised here, in one line.
    pub fn in_words(&self) -> String {
        match (&self.tesseract, &self.pdftoppm) {
            (None, _) => "`tesseract` is not installed: text in pictures is not recognised".to_owned(),
            (Some(_), None) => {
                "`pdftoppm` is not installed: text is recognised in pictures, not in scanned PDFs".to_owned()
            }
            (Some(tesseract), Some(_)) => {
                format!("text in pictures is recognised in: {}", self.packs(tesseract).join(", "))
            }
        }
    }

    /// Looks at the pictures of a mail that was read; `files` has their bytes by SHA-256.
    pub fn look(&self, incoming: &Incoming, files: &BTreeMap<String, Vec<u8>>) -> Recognised {
        let mut recognised = Recognised::default();
        let until = Instant::now() + self.patience;
        for file in incoming.attachments.iter().filter(|file| is_wanted(file)) {
            let Some(bytes) = files.get(&file.sha256).filter(|_| recognised.notes.len() < FILES) else {
                continue;
            };
            if recognised.notes.contains_key(&file.sha256) {
                continue;
            }
            let language = incoming.language.as_deref();
            let note = match self.read(bytes, language, until) {
                Ok(Text { words, .. }) if words.is_empty() => {
                    "a picture in which no text was recognised".to_owned()
                }
                Ok(Text { words, pages, in_time }) => {
                    let all = file.text.iter().cloned().chain([words]).collect::<Vec<_>>().join("\n\n");
                    recognised.supplied.insert(file.sha256.clone(), all);
                    let cut = if !in_time || file.scanned_pages > PAGES {
                        format!(" (only its first {pages} pages)")
                    } else {
                        String::new()
                    };
                    format!("its text was recognised from a picture{cut} and may have errors")
                }
                Err(why) => unrecognised(&why),
            };
            recognised.notes.insert(file.sha256.clone(), note);
        }
        recognised
    }

    fn read(&self, bytes: &[u8], language: Option<&str>, until: Instant) -> Result<Text, String> {
        let tesseract = self.tesseract.as_deref().ok_or("`tesseract` is not installed")?;
        let now = Instant::now();
        if now >= until {
            return Err("the files before it took the time that there is for one mail".to_owned());
        }
        let until = until.min(now + A_FILE);
        let packs = self.languages(tesseract, language);
        let text = |picture: &[u8]| {
            let tool = self.tool(tesseract, until, MAX_ANALYSED as u64 * 4);
            let read = tool.run(&["stdin", "stdout", "-l", &packs], picture);
            read.map(|bytes| clean(&bytes)).map_err(|e| format!("`tesseract`: {e}"))
        };
        if !has_pages(bytes) {
            return text(bytes).map(|words| Text { words, pages: 1, in_time: true });
        }
        let pdftoppm = self.pdftoppm.as_deref().ok_or("`pdftoppm` is not installed")?;
        let mut pages: Vec<String> = Vec::new();
        for number in 1..=PAGES {
            let picture = match self.page(pdftoppm, until, number, bytes) {
                // Past the last page there is none.
                Ok(picture) if picture.is_empty() => break,
                Err(_) if number > 1 => break,
                Err(error) => return Err(format!("`pdftoppm`: {error}")),
                Ok(picture) => picture,
            };
            match text(&picture) {
                Ok(page) => pages.push(page),
                // What was recognised before is not lost.
                Err(why) if pages.is_empty() => return Err(why),
                Err(_) => break,
            }
        }
        let in_time = Instant::now() < until;
        Ok(Text { words: pages.join("\n\n").trim().to_owned(), pages: pages.len(), in_time })
    }

    /// One page as a grey picture.
    fn page(&self, pdftoppm: &Path, until: Instant, number: usize, pdf: &[u8]) -> Result<Vec<u8>, Error> {
        let number = number.to_string();
        let words = ["-q", "-gray", "-r", RESOLUTION, "-f", &number, "-l", &number, "-"];
        self.tool(pdftoppm, until, LARGEST_PAGE).run(&words, pdf)
    }

    fn tool<'a>(&'a self, path: &'a Path, until: Instant, largest: u64) -> Tool<'a> {
        Tool { cage: &self.cage, path, until, largest }
    }

    /// The packs to use: that of the mail's language, else a few of those that are there.
    fn languages(&self, tesseract: &Path, language: Option<&str>) -> String {
        let packs = self.packs(tesseract);
        let primary = language.and_then(|tag| tag.split('-').next()).unwrap_or_default();
        let named = PACKS.iter().find(|(tag, _)| *tag == primary).map(|(_, pack)| *pack);
        if let Some(pack) = named.filter(|pack| packs.iter().any(|p| p == pack)) {
            return pack.to_owned();
        }
        let known: Vec<&str> = packs
            .iter()
            .map(String::as_str)
            .filter(|pack| PACKS.iter().any(|(_, known)| known == pack))
            .take(AT_ONCE)
            .collect();
        if known.is_empty() { "eng".to_owned() } else { known.join("+") }
    }

    fn packs(&self, tesseract: &Path) -> &[String] {
        self.packs.get_or_init(|| {
            let tool = self.tool(tesseract, Instant::now() + A_FILE, 1 << 16);
            let said = tool.run(&["--list-langs"], b"").unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            said.lines().skip(1).map(|line| line.trim().to_owned()).filter(|line| line != "osd").collect()
        })
    }
}

/// A page ends with a form feed; rows of empty lines say nothing.
fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace('\u{c}', "\n");
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim().to_owned()
}
