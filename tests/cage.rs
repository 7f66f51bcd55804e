//! The child that reads mails: it reads as this process would, and however it ends, it costs one mail its reading.

mod answers;
mod deeds;
pub(crate) mod pictures;

use crate::support::mail::Reply;
use crate::support::{LIBRARY, Site, stories};
use askance::domain::incoming::{Attachment, Incoming, Knowledge, understand};
use askance::service::cage::{Cage, Error};
use askance::store::blobs::Blobs;
use askance::store::messages;
use askance::store::types::{MessageState, Role};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const MAIL: &[u8] =
    b"From: poststelle@brandau.example\r\nSubject: Ihr Antrag\r\n\r\nDer Antrag wird abgelehnt.\r\n";

fn real() -> Cage {
    Cage::of(PathBuf::from(env!("CARGO_BIN_EXE_askance")))
}

/// A cage whose child is a shell that does this instead of reading.
fn bent(folder: &Path, script: &str) -> Cage {
    let program = folder.join("child");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    Cage::of(program)
}

/// The process that runs this program, its name being of this test alone.
fn process_of(program: &Path) -> Option<PathBuf> {
    let called = [program.to_str().unwrap().as_bytes(), b"\0cage\0"].concat();
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    processes
        .into_iter()
        .find(|process| std::fs::read(process.join("cmdline")).is_ok_and(|words| words == called))
}

/// What a shell does first that stands for a child: it takes in what it is taught, then repeats the head of what it is
/// asked.
const ECHO: &str = "head -c 8 >/dev/null; head -c 17";

/// A child that answers the first mail with these bytes, whatever it is.
fn answering(folder: &Path, reply: &[u8]) -> Cage {
    std::fs::write(folder.join("reply"), reply).unwrap();
    bent(folder, &format!("{ECHO}; cat '{}'; exec cat >/dev/null", folder.join("reply").display()))
}

/// A reading as a child sends it, without the bytes of its files.
fn reading(incoming: &Incoming) -> Vec<u8> {
    let json = serde_json::to_vec(incoming).unwrap();
    [&(json.len() as u64).to_be_bytes()[..], &json].concat()
}

/// A mail with two files, the second of which holds every octet.
fn mail_with_files() -> (Vec<u8>, [Vec<u8>; 2]) {
    let files = [b"Ort;Zahl\r\n".to_vec(), (0..=255).cycle().take(100_000).collect()];
    let coded = |bytes: &[u8]| {
        let text = data_encoding::BASE64_MIME.encode(bytes);
        format!("Content-Transfer-Encoding: base64\r\n\r\n{text}")
    };
    let raw = format!(
        "From: poststelle@brandau.example\r\nSubject: Ihr Antrag\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nDer Antrag wird abgelehnt.\r\n\
         --b\r\nContent-Type: text/csv; name=Orte.csv\r\n{}\r\n--b\r\nContent-Type: application/octet-stream; name=all.bin\r\n{}\r\n--b--\r\n",
        coded(&files[0]),
        coded(&files[1])
    );
    (raw.into_bytes(), files)
}

fn mails(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(mails(&path));
        } else if path.extension().is_some_and(|ending| ending == "eml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_mail_is_read_in_the_cage_as_outside() {
    let knowledge = LIBRARY.knowledge.clone();
    let cage = real();
    let corpus = mails(Path::new("tests/corpus"));
    assert!(corpus.len() > 20, "only {} mails found", corpus.len());
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path()).unwrap();
    let mut files = 0;
    for path in corpus {
        let raw = std::fs::read(&path).unwrap();
        let incoming = cage.read_kept(&blobs, &blobs.put(&raw).unwrap(), &mut BTreeSet::new()).unwrap();
        for file in &incoming.attachments {
            assert_eq!(blobs.get(&file.sha256).unwrap().len(), file.size, "{}", path.display());
            files += 1;
        }
        let inside = serde_json::to_value(incoming).unwrap();
        assert_eq!(inside, serde_json::to_value(understand(&raw, &knowledge)).unwrap(), "{}", path.display());
    }
    assert!(files > 5, "only {files} files found");
    let mut random = 1_u64;
    let rubbish: Vec<u8> = std::iter::repeat_with(|| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        random.to_be_bytes()[0]
    })
    .take(300_000)
    .collect();
    assert_eq!(cage.read(&rubbish).unwrap().sha256, understand(&rubbish, &knowledge).sha256);
    assert_eq!(cage.read(b"").unwrap().sha256, understand(b"", &knowledge).sha256);
}

#[test]
fn the_child_is_held_to_its_limits_and_knows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("reader");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_askance"), &program).unwrap();
    let cage = Cage::of(program.clone());
    cage.read(MAIL).unwrap();
    let process = process_of(&program).unwrap();
    let limits = std::fs::read_to_string(process.join("limits")).unwrap();
    for (name, value) in [
        ("Max address space", "1073741824"),
        ("Max cpu time", "60"),
        ("Max file size", "0"),
        ("Max core file size", "0"),
    ] {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let found: Vec<&str> = line.split_whitespace().take(2).collect();
        assert_eq!(found, [value, value], "{name}");
    }
    assert!(std::fs::read(process.join("environ")).unwrap().is_empty());
    drop(cage);
    assert_eq!(process_of(&program), None, "the child ends with its cage");
}

#[test]
fn a_child_that_was_killed_while_it_waited_costs_no_mail_its_reading() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("reader");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_askance"), &program).unwrap();
    let cage = Cage::of(program.clone());
    cage.read(MAIL).unwrap();
    let process = process_of(&program).unwrap();
    let number = process.file_name().unwrap();
    assert!(std::process::Command::new("kill").arg("-9").arg(number).status().unwrap().success());
    let ended = || std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| stat.contains(") Z "));
    let patience = Instant::now() + Duration::from_secs(20);
    while !ended() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(cage.read(MAIL).unwrap().subject, "Ihr Antrag");
}

#[test]
fn a_mail_that_needs_too_much_memory_kills_only_the_child() {
    let cage = real();
    // Larger than any mail that is let in: the child may hold 1 GiB in all and has to copy this more than once.
    let mut raw = b"Subject: large\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n".to_vec();
    raw.resize(250 << 20, b'a');
    match cage.read(&raw) {
        Err(Error::Died(why)) => assert!(why.contains("signal"), "{why}"),
        Ok(incoming) => assert_eq!(incoming.subject, "large"),
        Err(other) => panic!("{other}"),
    }
    assert_eq!(cage.read(MAIL).unwrap().subject, "Ihr Antrag");
}

#[test]
fn every_end_of_a_child_is_told() {
    let large = vec![b'a'; 1 << 20];
    for (script, told) in [
        ("exit 3", "died over this mail: exit status: 3"),
        ("head -c 8 >/dev/null; kill -9 $$", "died over this mail: signal: 9"),
        // Its output ends, and it stays.
        ("exec >&-; exec sleep 600", "its output ended, but it did not"),
        ("ECHO; printf '\\377\\377\\377\\377\\377\\377\\377\\377'; exec sleep 600", "its output ended"),
        // Half a reading.
        ("ECHO; printf '\\0\\0\\0\\0\\0\\0\\0\\011{\"'; exit 0", "died over this mail: exit status: 0"),
        ("ECHO; printf '\\0\\0\\0\\0\\0\\0\\0\\003abc'; exec cat >/dev/null", "cannot be understood"),
        ("ECHO; printf '\\0\\0\\0\\0\\0\\0\\0\\002{}'; exec cat >/dev/null", "cannot be understood"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for raw in [MAIL, &large] {
            let found = bent(folder.path(), &script.replace("ECHO", ECHO)).read(raw).unwrap_err();
            assert!(found.is_about_the_mail(), "{found}");
            let found = found.to_string();
            assert!(found.contains(told), "`{script}`: expected `{told}`, found `{found}`");
        }
    }
    let missing = Cage::of(PathBuf::from("/nowhere/askance")).read(MAIL).unwrap_err();
    assert!(matches!(missing, Error::Start(_)) && !missing.is_about_the_mail(), "{missing}");
}

#[test]
fn files_come_out_of_the_cage_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path()).unwrap();
    let (raw, files) = mail_with_files();
    let key = blobs.put(&raw).unwrap();
    let cage = real();
    // One child reads several mails: each ends where the next begins.
    for _ in 0..3 {
        let incoming = cage.read_kept(&blobs, &key, &mut BTreeSet::new()).unwrap();
        let kept: Vec<Vec<u8>> =
            incoming.attachments.iter().map(|file| blobs.get(&file.sha256).unwrap()).collect();
        assert_eq!(kept, files);
        assert_eq!(cage.read(MAIL).unwrap().subject, "Ihr Antrag");
    }
    let here = Cage::here(Knowledge::default());
    let elsewhere = Blobs::open(&folder.path().join("elsewhere")).unwrap();
    let read = here.read_kept(&elsewhere, &elsewhere.put(&raw).unwrap(), &mut BTreeSet::new()).unwrap();
    assert_eq!(elsewhere.get(&read.attachments[1].sha256).unwrap(), files[1]);
}

#[test]
fn a_child_cannot_pass_off_other_bytes_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (raw, files) = mail_with_files();
    let honest = understand(&raw, &Knowledge::default());
    let bytes = files.concat();
    let all = [reading(&honest), bytes.clone()].concat();
    assert_eq!(answering(folder.path(), &all).read(&raw).unwrap().attachments, honest.attachments);

    let mut other = all;
    *other.last_mut().unwrap() ^= 1;
    let told = answering(folder.path(), &other).read(&raw).unwrap_err();
    assert!(told.is_about_the_mail() && told.to_string().contains("expected a file with SHA-256"), "{told}");

    for size in [300 << 20, usize::MAX] {
        let mut greedy = honest.clone();
        greedy.attachments[0].size = size;
        let told = answering(folder.path(), &reading(&greedy)).read(&raw).unwrap_err();
        assert!(told.is_about_the_mail() && told.to_string().contains("expected files of at most"), "{told}");
    }
    let mut many = honest.clone();
    many.attachments = vec![Attachment { size: 200 << 20, ..honest.attachments[0].clone() }; 6];
    let told = answering(folder.path(), &reading(&many)).read(&raw).unwrap_err();
    assert!(told.to_string().contains("in all `1258291200`"), "{told}");

    // It ends in the midst of a file.
    std::fs::write(folder.path().join("reply"), [reading(&honest), bytes[..50].to_vec()].concat()).unwrap();
    let script = format!("{ECHO}; cat '{}'; exit 3", folder.path().join("reply").display());
    let told = bent(folder.path(), &script).read(&raw).unwrap_err();
    assert!(told.to_string().contains("died over this mail: exit status: 3"), "{told}");
}

#[test]
fn a_mail_whose_files_cannot_be_stored_now_is_read_later() {
    let folder = tempfile::tempdir().unwrap();
    let (raw, _) = mail_with_files();
    let blobs = Blobs::open(folder.path()).unwrap();
    let key = blobs.put(&raw).unwrap();
    // Where the file would be kept lies something else: the disk refuses it.
    let sha256 = understand(&raw, &Knowledge::default()).attachments[0].sha256.clone();
    let shelf = folder.path().join(&sha256[..2]);
    std::fs::write(&shelf, b"no folder").unwrap();
    let cage = real();
    let told = cage.read_kept(&blobs, &key, &mut BTreeSet::new()).unwrap_err();
    assert!(!told.is_about_the_mail(), "the mail waits for its disk: {told}");
    std::fs::remove_file(&shelf).unwrap();
    assert_eq!(cage.read_kept(&blobs, &key, &mut BTreeSet::new()).unwrap().attachments[0].sha256, sha256);
    assert!(blobs.get(&sha256).is_ok());
}

#[test]
fn a_child_that_is_killed_once_over_a_mail_costs_it_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (once, program) = (folder.path().join("once"), env!("CARGO_BIN_EXE_askance"));
    let once = once.display();
    // As by the kernel when another process wants all memory.
    let script =
        format!("[ -e '{once}' ] && exec '{program}' cage\n: > '{once}'; head -c 8 >/dev/null; kill -9 $$");
    assert_eq!(bent(folder.path(), &script).read(MAIL).unwrap().subject, "Ihr Antrag");
}

#[test]
fn a_signal_from_the_terminal_does_not_reach_the_child() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("reader");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_askance"), &program).unwrap();
    let cage = Cage::of(program.clone());
    cage.read(MAIL).unwrap();
    let process = process_of(&program).unwrap();
    let stat = std::fs::read_to_string(process.join("stat")).unwrap();
    let group = stat.rsplit(") ").next().unwrap().split_whitespace().nth(2).unwrap();
    assert_eq!(Some(group), process.file_name().unwrap().to_str(), "a group of its own");
}

#[test]
fn bytes_that_cannot_be_had_now_are_no_fault_of_the_mail() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path()).unwrap();
    let key = blobs.put(MAIL).unwrap();
    let cage = Cage::here(Knowledge::default());
    assert_eq!(cage.read_kept(&blobs, &key, &mut BTreeSet::new()).unwrap().subject, "Ihr Antrag");
    let path = folder.path().join(&key[..2]).join(&key);
    std::fs::rename(&path, folder.path().join("elsewhere")).unwrap();
    // Not there, as when a network folder is not mounted; then not readable as a file.
    assert!(!cage.read_kept(&blobs, &key, &mut BTreeSet::new()).unwrap_err().is_about_the_mail());
    std::fs::create_dir(&path).unwrap();
    assert!(!cage.read_kept(&blobs, &key, &mut BTreeSet::new()).unwrap_err().is_about_the_mail());
    std::fs::remove_dir(&path).unwrap();
    std::fs::write(&path, b"other bytes").unwrap();
    assert!(
        cage.read_kept(&blobs, &key, &mut BTreeSet::new()).unwrap_err().is_about_the_mail(),
        "no later try brings them back"
    );
}

#[test]
fn a_child_that_never_answers_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    // It reads nothing either: more than a pipe holds would block the sender.
    let cage = bent(folder.path(), "exec sleep 600");
    let began = Instant::now();
    let found = cage.read(&vec![b'a'; 1 << 20]).unwrap_err();
    assert!(matches!(found, Error::TooLong), "{found}");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
}

stories! {
    fn mail_that_kills_its_reader_is_kept_and_shown(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let reply = Reply::to(&request, "brandau.example");
        let deadly = reply.clone().saying("Der Antrag wird abgelehnt.").raw();
        site.cage = Cage::of(PathBuf::from("/bin/false"));
        site.receives(&deadly, &request.reply_address);
        let kept = messages::find(&mut site.conn(), 1).unwrap().unwrap();
        assert_eq!(kept.state, MessageState::Unreadable);
        assert_eq!(site.ctx.blobs.get(&kept.blob_sha256).unwrap(), deadly);
        // The envelope alone says whose it is.
        assert_eq!(kept.request_id, Some(request.id));

        site.cage = real();
        site.receives(&reply.with_id("next@brandau.example").saying("Der Antrag wird abgelehnt, leider.").raw(), &request.reply_address);
        let next = messages::find(&mut site.conn(), 2).unwrap().unwrap();
        assert_eq!((next.state, next.request_id), (MessageState::Held, Some(request.id)));
    }
}
