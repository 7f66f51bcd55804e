//! Text in pictures: recognised by the real `tesseract` and `pdftoppm`, in their own cage, and marked as such.

use crate::cage::real;
use askance::service::cage::Cage;
use askance::service::cage::recognition::Recogniser;
use askance::service::cage::tool::{Error, Tool};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const SENTENCES: [&str; 4] = [
    "Ihr Antrag auf Informationszugang wird abgelehnt.",
    "Aktenzeichen 41-B/2026 der Landespolizeidirektion",
    "Die Herausgabe der Unterlagen wird verweigert,",
    "weil Belange der Sicherheit entgegenstehen.",
];

/// A PDF of these objects, the first being its catalogue.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", out.len()).unwrap();
        out.extend(format!("{} 0 obj\n", number + 1).into_bytes());
        out.extend([object.as_slice(), b"\nendobj\n"].concat());
    }
    let (at, size) = (out.len(), objects.len() + 1);
    out.extend(
        format!("{table}trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n").into_bytes(),
    );
    out
}

fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("<< /Length {} {dictionary} >>\nstream\n", bytes.len());
    [head.as_bytes(), bytes, b"\nendstream"].concat()
}

/// A catalogue with so many pages, all of which show object 5 by what object 4 says.
fn pages(count: usize, resources: &str, content: &[u8], shown: Vec<u8>) -> Vec<u8> {
    let kids: Vec<String> =
        [3].into_iter().chain(6..5 + count).map(|number| format!("{number} 0 R")).collect();
    let page = format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 400] /Contents 4 0 R /Resources << {resources} >> >>"
    );
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Kids [{}] /Count {count} >>", kids.join(" ")).into_bytes(),
        page.clone().into_bytes(),
        stream("", content),
        shown,
    ];
    objects.extend((1..count).map(|_| page.clone().into_bytes()));
    pdf(&objects)
}

/// A letter as its writer printed it.
fn printed(sentences: &[&str]) -> Vec<u8> {
    let lines: Vec<String> = sentences.iter().map(|line| format!("({line}) Tj T*")).collect();
    let page = format!("BT /F1 16 Tf 30 TL 50 330 Td {} ET", lines.join(" "));
    let font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec();
    pages(1, "/Font << /F1 5 0 R >>", page.as_bytes(), font)
}

/// A picture of a letter, as a scanner makes one.
fn picture(format: &str) -> Vec<u8> {
    picture_of(format, &SENTENCES)
}

fn picture_of(format: &str, sentences: &[&str]) -> Vec<u8> {
    let mut child = Command::new("pdftoppm")
        .args([format, "-gray", "-r", "150", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("apt-get install poppler-utils");
    child.stdin.take().unwrap().write_all(&printed(sentences)).unwrap();
    child.wait_with_output().unwrap().stdout
}

/// The picture as the only thing on each page.
fn scanned(count: usize) -> Vec<u8> {
    scanned_of(count, &SENTENCES)
}

/// The same with other sentences.
pub(crate) fn scanned_of(count: usize, sentences: &[&str]) -> Vec<u8> {
    let dictionary = "/Type /XObject /Subtype /Image /Width 1240 /Height 834 /ColorSpace /DeviceRGB \
                      /BitsPerComponent 8 /Filter /DCTDecode";
    let image = stream(dictionary, &picture_of("-jpeg", sentences));
    pages(count, "/XObject << /I 5 0 R >>", b"q 595 0 0 400 0 0 cm /I Do Q", image)
}

pub(crate) fn mail(content_type: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
    let coded = data_encoding::BASE64_MIME.encode(bytes);
    format!(
        "From: poststelle@brandau.example\r\nSubject: Ihr Antrag\r\nDate: Tue, 14 Apr 2026 09:12:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSehr geehrte Frau Varga,\r\nbitte beachten Sie das Schreiben in der Anlage.\r\n\
         --b\r\nContent-Type: {content_type}; name={name}\r\nContent-Disposition: attachment; filename={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}\r\n--b--\r\n"
    )
    .into_bytes()
}

fn with(tesseract: Option<&str>, pdftoppm: Option<&str>) -> Cage {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_askance"));
    real().recognising_with(Recogniser::of(
        program,
        tesseract.map(PathBuf::from),
        pdftoppm.map(PathBuf::from),
    ))
}

fn notes(cage: &Cage, raw: &[u8]) -> String {
    cage.read(raw).unwrap().attachments[0].notes.join("\n")
}

#[test]
fn a_scanned_letter_is_recognised_and_says_so() {
    let cage = real().recognising();
    let files =
        [("application/pdf", "Bescheid.pdf", scanned(1)), ("image/png", "Bescheid.png", picture("-png"))];
    for (content_type, name, bytes) in files {
        let raw = mail(content_type, name, &bytes);
        let bare = &real().read(&raw).unwrap().attachments[0];
        assert_eq!((bare.text.as_deref(), bare.text_chars), (None, 0), "{name} has no text of its own");
        let incoming = cage.read(&raw).unwrap();
        let file = &incoming.attachments[0];
        let text = file.text.clone().unwrap_or_default();
        assert!(text.contains("wird abgelehnt") && text.contains("41-B/2026"), "{text} {:?}", file.notes);
        let marked =
            file.notes.iter().any(|note| note.contains("recognised from a picture and may have errors"));
        assert!(marked, "{name}: {:?}", file.notes);
        assert_eq!(
            (incoming.reading.kind.to_string().as_str(), file.size),
            ("refusal", bytes.len()),
            "{name}"
        );
        assert_eq!(incoming.reading.evidence[0].place, format!("attachment:{name}"));
    }
}

#[test]
fn every_page_is_looked_at() {
    let incoming = real().recognising().read(&mail("application/pdf", "a.pdf", &scanned(3))).unwrap();
    let text = incoming.attachments[0].text.clone().unwrap();
    assert_eq!(text.matches("Informationszugang").count(), 3, "{text}");
}

#[test]
fn what_is_missing_here_is_said_at_the_file() {
    let pdf = mail("application/pdf", "a.pdf", &scanned(1));
    let png = mail("image/png", "a.png", &picture("-png"));
    let neither = with(None, None);
    assert!(notes(&neither, &pdf).contains("`tesseract` is not installed"));
    assert!(notes(&neither, &png).contains("`tesseract` is not installed"));
    let half = with(Some("/usr/bin/tesseract"), None);
    assert!(notes(&half, &pdf).contains("`pdftoppm` is not installed"));
    assert!(notes(&half, &png).contains("was recognised from a picture"));
    assert!(neither.recognises().unwrap().contains("not installed"));
    assert!(real().recognising().recognises().unwrap().contains("deu"));
}

#[test]
fn a_file_that_is_no_picture_and_a_tool_that_fails_cost_only_the_text() {
    let cage = real().recognising();
    let garbage = mail("image/png", "a.png", &vec![7; 50_000]);
    let torn = mail("application/pdf", "a.pdf", &scanned(1)[..2000]);
    for raw in [&garbage, &torn] {
        let incoming = cage.read(raw).unwrap();
        let file = &incoming.attachments[0];
        assert_eq!((incoming.subject.as_str(), file.text.as_deref()), ("Ihr Antrag", None));
        assert!(file.notes.join("\n").contains("a picture"), "{:?}", file.notes);
    }
    let png = mail("image/png", "a.png", &picture("-png"));
    for (tool, told) in [("/bin/false", "exit status: 1"), ("/nowhere/tesseract", "exit status: 74")] {
        let found = notes(&with(Some(tool), None), &png);
        assert!(
            found.contains(&format!("text in it was not recognised: `tesseract`: it ended with {told}")),
            "{found}"
        );
    }
}

fn tool(path: &str, words: &[&str], input: &[u8], seconds: u64) -> Result<Vec<u8>, Error> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let cage = Path::new(env!("CARGO_BIN_EXE_askance"));
    Tool { cage, path: Path::new(path), until, largest: 1 << 20 }.run(words, input)
}

#[test]
fn a_tool_is_bounded_in_time_and_in_what_it_says() {
    let input = vec![b'a'; 1 << 20];
    assert_eq!(tool("/bin/cat", &[], &input, 20).unwrap(), input);
    assert!(matches!(tool("/usr/bin/yes", &[], b"", 20), Err(Error::TooMuch(_))));
    assert!(matches!(tool("/bin/sleep", &["60"], &input, 1), Err(Error::TooLong)));
    // It closes its output and stays.
    assert!(matches!(
        tool("/bin/sh", &["-c", "exec >&-; while :; do :; done"], b"", 1),
        Err(Error::Ended(_))
    ));
}

/// What a tool that was taken over by a picture can do: a shell stands for it.
#[test]
fn a_tool_can_write_no_file_and_start_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, b"ours").unwrap();
    let told = |script: &str| {
        tool("/bin/sh", &["-c", script], b"", 20)
            .map(|said| String::from_utf8(said).unwrap())
            .map_err(|error| error.to_string())
    };
    assert_eq!(told("echo fine"), Ok("fine\n".to_owned()));
    assert_eq!(
        told("read line < /usr/lib/os-release; echo read"),
        Ok("read\n".to_owned()),
        "what is installed"
    );
    for private in ["/etc/passwd", "/etc/hostname", "/opt", "/var/log", "/proc/self/environ", "/root"] {
        assert!(told(&format!("read line < {private} && echo read")).is_err(), "{private}");
    }
    let secret = path.display();
    assert!(told(&format!("read line < '{secret}' && echo \"$line\"")).is_err());
    assert!(told(&format!("echo x > '{secret}'")).is_err());
    assert!(told(&format!("echo x > '{}'", folder.path().join("new").display())).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"ours");
    assert!(!folder.path().join("new").exists());
    // A second process, and a signal to another.
    assert!(told("/bin/true; echo done").unwrap_err().contains("signal: 31"));
    assert!(told("kill -9 1; echo done").unwrap_err().contains("signal: 31"));
}

/// What it can do to another process by calls that a shell has no word for: what `kill` sends is no more than these.
#[cfg(target_arch = "x86_64")]
#[test]
fn a_tool_can_do_nothing_to_another_process() {
    let perl = |script: &str| {
        let said = tool("/usr/bin/perl", &["-e", &format!("{script}; print 'done';")], b"", 20);
        said.map(|said| String::from_utf8(said).unwrap()).map_err(|error| error.to_string())
    };
    let ours = std::process::id();
    assert_eq!(perl("1"), Ok("done".to_owned()));
    for (name, call) in [
        ("tgkill", format!("syscall(234, {ours}, {ours}, 0)")),
        ("tkill", format!("syscall(200, {ours}, 0)")),
        ("rt_sigqueueinfo", format!("my $i = \"\\0\" x 128; syscall(129, {ours}, 0, $i)")),
        ("rt_tgsigqueueinfo", format!("my $i = \"\\0\" x 128; syscall(297, {ours}, {ours}, 0, $i)")),
        ("pidfd_open", format!("syscall(434, {ours}, 0)")),
        ("pidfd_send_signal", "syscall(424, 0, 0, 0, 0)".to_owned()),
        ("prlimit64", format!("my $l = \"\\0\" x 16; syscall(302, {ours}, 7, 0, $l)")),
        ("sched_setaffinity", format!("my $m = \"\\1\" . \"\\0\" x 127; syscall(203, {ours}, 128, $m)")),
        ("setpriority", format!("setpriority(0, {ours}, 5)")),
        ("fcntl", format!("syscall(72, 1, 8, {ours})")),
        ("fcntl for any signal", "syscall(72, 1, 10, 9)".to_owned()),
    ] {
        let told = perl(&call);
        assert!(matches!(&told, Err(why) if why.contains("signal: 31")), "{name}: {told:?}");
    }
    // To itself it may: that is how a program ends that finds itself in disorder.
    let itself = perl("syscall(234, $$ + 0, $$ + 0, 6)");
    assert!(matches!(&itself, Err(why) if why.contains("signal: 6")), "{itself:?}");
    assert_eq!(perl("my $l = \"\\0\" x 16; syscall(302, $$ + 0, 7, 0, $l)"), Ok("done".to_owned()));
}

#[test]
fn the_files_of_one_mail_share_one_time() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_askance"));
    let found = Recogniser::find(program).within(Duration::from_secs(4));
    let files: Vec<Vec<u8>> = (1..=4).map(|number| scanned_of(20, &[&format!("Anlage {number}")])).collect();
    let mut parts = String::new();
    for (number, bytes) in files.iter().enumerate() {
        let coded = data_encoding::BASE64_MIME.encode(bytes);
        write!(
            parts,
            "--b\r\nContent-Type: application/pdf; name={number}.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}\r\n"
        )
        .unwrap();
    }
    let raw = format!(
        "From: a@brandau.example\r\nSubject: Anlagen\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n"
    );
    let began = Instant::now();
    let incoming = real().recognising_with(found).read(raw.as_bytes()).unwrap();
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    let notes: Vec<String> = incoming.attachments.iter().map(|file| file.notes.join(" ")).collect();
    assert_eq!(notes.len(), 4);
    // On a machine with much else to do not even one page may be done in that time.
    let cut = ["only its first ", "it took too long"].iter().any(|words| notes[0].contains(words));
    assert!(cut, "{notes:?}");
    assert!(notes[3].contains("the files before it took the time"), "{notes:?}");
}
