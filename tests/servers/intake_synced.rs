//! R2: before a mail is acknowledged, its file and its folder are synced, and so is what says for whom it is. Read off
//! the system calls of the real program.

use crate::support::house::Program;
use crate::support::mail::Reply;
use crate::support::{Backend, Site};
use askance::mail::lmtp;
use askance::store::blobs::sha256;
use askance::store::types::Role;
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

const CALLS: &str = "trace=openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,sendto,exit_group";

/// strace, which writes to this file; strings whole, descriptors with their paths.
fn strace(log: &str) -> Vec<&str> {
    vec!["strace", "-f", "-y", "-s", "5000", "-e", CALLS, "-o", log]
}

/// One system call that ended well: when it began and ended (as lines), by which thread, what it was.
#[derive(Debug)]
struct Call {
    began: usize,
    ended: usize,
    thread: u32,
    what: String,
}

impl Call {
    fn is(&self, name: &str, of: &str) -> bool {
        self.what.starts_with(name) && self.what.contains(of)
    }
}

/// Reads what strace wrote; a call that another thread interrupted in the listing is put together again.
fn calls(log: &str) -> Vec<Call> {
    let mut cut: BTreeMap<u32, (usize, String)> = BTreeMap::new();
    let mut calls = Vec::new();
    for (line, text) in log.lines().enumerate() {
        let Some((thread, text)) = text.split_once(' ') else { continue };
        let (thread, text): (u32, _) = (thread.parse().unwrap(), text.trim_start());
        if let Some(start) = text.strip_suffix(" <unfinished ...>") {
            cut.insert(thread, (line, start.to_owned()));
            continue;
        }
        let (began, what) = match text.split_once(" resumed>").filter(|_| text.starts_with("<... ")) {
            Some((_, rest)) => {
                let Some((began, start)) = cut.remove(&thread) else { continue };
                (began, start + rest)
            }
            None => (line, text.to_owned()),
        };
        if !what.contains(") = -1 ") {
            calls.push(Call { began, ended: line, thread, what });
        }
    }
    calls
}

/// Whether all of a mail was safe before this acknowledgement; else what is missing. The order that is asked for:
/// file synced, renamed, folder synced; then either the row (written to the WAL with the hash in it, WAL synced), or
/// the note (file synced, renamed, folder synced).
fn proof(calls: &[Call], raw: &[u8], ack: &Call) -> Result<&'static str, String> {
    let key = sha256(raw);
    let after = |from: usize, test: &dyn Fn(&Call) -> bool| {
        calls.iter().find(|call| call.began >= from && call.ended < ack.began && test(call))
    };
    let stored = |name: &str, from: usize, thread: Option<u32>| -> Result<usize, String> {
        let mine = |call: &Call| thread.is_none_or(|thread| call.thread == thread);
        let renamed =
            after(from, &|call| mine(call) && call.what.starts_with("rename") && call.what.contains(name))
                .ok_or(format!("no rename to {name}"))?;
        let old = renamed.what.split('"').nth(1).unwrap();
        let new = renamed.what.split('"').nth(3).unwrap();
        let synced = calls.iter().any(|call| {
            call.ended < renamed.began
                && (call.is("fsync", &format!("<{old}>")) || call.is("fdatasync", &format!("<{old}>")))
        });
        if !synced {
            return Err(format!("{name} was renamed before it was synced"));
        }
        let folder = std::path::Path::new(new).parent().unwrap().display().to_string();
        after(renamed.ended + 1, &|call| call.is("fsync", &format!("<{folder}>")))
            .map(|call| call.ended)
            .ok_or(format!("the folder of {name} was not synced before the acknowledgement"))
    };
    let safe = stored(&key, 0, None)?;
    let row = after(safe + 1, &|call| call.is("pwrite64", "askance.db-wal") && call.what.contains(&key));
    if let Some(row) = row {
        let synced = after(row.ended + 1, &|call| {
            call.is("fsync", "askance.db-wal") || call.is("fdatasync", "askance.db-wal")
        });
        return synced.map(|_| "row").ok_or(format!("the row of {key} was not synced"));
    }
    stored("/spool/", safe + 1, Some(ack.thread)).map(|_| "note")
}

/// The service under strace; both end with it.
struct Traced(Child);

impl Drop for Traced {
    fn drop(&mut self) {
        // strace itself blocks the signal and ends when the service has ended.
        let _ = Command::new("kill").args(["-TERM", "--", &format!("-{}", self.0.id())]).status();
        let _ = self.0.wait();
    }
}

const INSTALL: &str = "this test needs strace (`apt-get install -y strace`) and a system that lets it trace its own \
                       children (in a container: --cap-add=SYS_PTRACE, or a seccomp profile that has ptrace)";

fn reads(log: &std::path::Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    assert!(!text.is_empty(), "strace saw nothing: {INSTALL}");
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn r02_both_syncs_come_before_every_acknowledgement() {
    let tried = Command::new("strace").args(["-e", "trace=exit_group", "-o", "/dev/null", "true"]).output();
    assert!(tried.is_ok_and(|tried| tried.status.success()), "{INSTALL}");
    let site = Site::new(Backend::Sqlite);
    let person = site.person("Mara Varga", Role::Activist);
    let request = site.sends(person, site.city());
    let folder = tempfile::tempdir().unwrap();
    let mail = |way: &str, n: usize| {
        let id = format!("{way}-{n}@brandau.example");
        Reply::to(&request, "brandau.example").with_id(&id).saying(&format!("Stand {n}, {way}.")).raw()
    };
    let to = request.reply_address.as_str();
    let program = Program::over(&site);
    let (log, mut proved) = (folder.path().join("serve"), BTreeMap::<(&str, &str), usize>::new());

    // By LMTP: four senders at once, then while the database is locked.
    let before = strace(log.to_str().unwrap());
    let mut serve = program.command(&before, &["serve", "--only", "worker"]);
    serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let traced = Traced(serve.process_group(0).spawn().unwrap());
    program.wait_for_door();
    let hand_over = |raw: &[u8]| {
        let replies = lmtp::deliver(program.lmtp, "", &[to], raw).unwrap();
        assert_eq!(replies, ["250 2.0.0 safe"]);
    };
    std::thread::scope(|scope| {
        for way in ["a", "b", "c", "d"] {
            scope.spawn(move || (0..6).for_each(|n| hand_over(&mail(way, n))));
        }
    });
    let mut lock = site.conn();
    let says = |conn: &mut askance::store::Conn, sql: &str| match conn {
        askance::store::AnyConn::Sqlite(c) => {
            diesel::connection::SimpleConnection::batch_execute(c, sql).unwrap();
        }
        askance::store::AnyConn::Postgres(_) => unreachable!(),
    };
    says(&mut lock, "BEGIN EXCLUSIVE");
    (0..4).for_each(|n| hand_over(&mail("locked", n)));
    says(&mut lock, "ROLLBACK");
    drop(traced);
    let listed = calls(&reads(&log));
    // One sender's mails are acknowledged one after the other; which acknowledgement is whose is told by the order.
    for way in ["a", "b", "c", "d", "locked"] {
        for n in 0..if way == "locked" { 4 } else { 6 } {
            let raw = mail(way, n);
            let renamed = listed
                .iter()
                .find(|call| call.what.starts_with("rename") && call.what.contains(&sha256(&raw)));
            let thread = renamed.unwrap_or_else(|| panic!("{way} {n} was not stored")).thread;
            // Each delivery is a session, and each session a thread of its own.
            let ack =
                listed.iter().find(|call| call.thread == thread && call.what.contains("\"250 2.0.0 safe"));
            let how = proof(&listed, &raw, ack.expect("an acknowledgement"))
                .unwrap_or_else(|why| panic!("{way} {n}: {why}"));
            *proved.entry(("lmtp", how)).or_default() += 1;
        }
    }

    let piped = pipe_proofs(&program, to, folder.path(), &|n| mail("pipe", n));
    *proved.entry(("pipe", "note")).or_default() += piped;
    println!("r02 acknowledgements preceded by every sync: {proved:?}, 32 of 32");
    assert_eq!(proved.values().sum::<usize>(), 32);
    assert_eq!((proved[&("pipe", "note")], proved[&("lmtp", "note")]), (4, 4));
}

/// By the pipe: a process a mail, and exit code 0 is the acknowledgement. How many had their note synced.
fn pipe_proofs(
    program: &Program,
    to: &str,
    folder: &std::path::Path,
    mail: &dyn Fn(usize) -> Vec<u8>,
) -> usize {
    let proved = (0..4).filter(|n| {
        let (log, raw) = (folder.join(format!("receive-{n}")), mail(*n));
        let before = strace(log.to_str().unwrap());
        let mut receive = program.command(&before, &["receive", &format!("--recipient={to}")]);
        let mut child = receive.stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), &raw).unwrap();
        assert!(child.wait().unwrap().success());
        let listed = calls(&reads(&log));
        let ack = listed.iter().find(|call| call.is("exit_group", "(0)")).expect("exit code 0");
        proof(&listed, &raw, ack).unwrap_or_else(|why| panic!("pipe {n}: {why}")) == "note"
    });
    proved.count()
}

#[test]
fn r02_the_check_itself_finds_a_sync_that_is_missing_or_late() {
    let raw = b"Subject: x\r\n\r\ny\r\n";
    let key = sha256(raw);
    let right = [
        "7 fsync(5</b/tmp/q>) = 0".to_owned(),
        format!("7 rename(\"/b/tmp/q\", \"/b/{}/{key}\") = 0", &key[..2]),
        format!("7 fsync(5</b/{}> <unfinished ...>", &key[..2]),
        "9 pwrite64(4</b/x>, \"z\", 1, 0) = 1".to_owned(),
        "7 <... fsync resumed>) = 0".to_owned(),
        format!("8 pwrite64(4</d/askance.db-wal>, \"..{key}..\", 4096, 0) = 4096"),
        "8 fdatasync(4</d/askance.db-wal>) = 0".to_owned(),
        "7 sendto(6<socket:[1]>, \"250 2.0.0 safe\\r\\n\", 16, MSG_NOSIGNAL, NULL, 0) = 16".to_owned(),
    ];
    let judged = |lines: &[String]| {
        let listed = calls(&lines.join("\n"));
        let ack = listed.iter().find(|call| call.what.contains("250 2.0.0 safe")).unwrap();
        proof(&listed, raw, ack)
    };
    assert_eq!(judged(&right), Ok("row"));
    for missing in [0, 1, 6] {
        let mut lines = right.to_vec();
        lines[missing] = "9 fsync(4</somewhere/else>) = 0".to_owned();
        assert!(judged(&lines).is_err(), "without {}", right[missing]);
        // Late is as bad.
        lines.push(right[missing].clone());
        assert!(judged(&lines).is_err(), "late: {}", right[missing]);
    }
    let mut lines = right.to_vec();
    lines[4] = "7 <... fsync resumed>) = -1 EIO (Input/output error)".to_owned();
    assert!(judged(&lines).is_err(), "a sync that failed is none");
}
