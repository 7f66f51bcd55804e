//! R7 and R8: a disk that is full, a database that is locked or gone. Each mail is kept whole or left with its sender,
//! and all heals without hands.

use super::busy_sink::BusySink;
use crate::support::house::{Dice, Program, asked, until};
use crate::support::mail::Reply;
use crate::support::{Backend, Site, filing_of, postgres};
use askance::clock::Clock;
use askance::mail::lmtp;
use askance::service::filing::{self, Filing};
use askance::store::blobs::sha256;
use askance::store::desk;
use askance::store::requests::RequestRow;
use askance::store::schema::messages;
use askance::store::types::{MessageState, OutboxState, Role};
use askance::store::{AnyConn, Conn};
use diesel::prelude::*;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A small file system in memory; it is gone when this is dropped.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn new(megabytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        let said =
            mounted.map(|done| (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned()));
        assert!(
            said.as_ref().is_ok_and(|(done, _)| *done),
            "this test fills a small tmpfs, and must be root and allowed to mount one (in a container: \
             --cap-add=SYS_ADMIN): {said:?}"
        );
        Self { folder }
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }

    /// Fills it up, but for so many octets.
    fn fill(&self, but: u64) {
        let mut file = std::fs::File::create(self.filler()).unwrap();
        let chunk = [0_u8; 4096];
        while file.write_all(&chunk).is_ok() {}
        let len = file.metadata().unwrap().len();
        file.set_len(len.saturating_sub(but)).unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

/// Status and `Retry-After` of a page, and how long it took.
fn page(program: &Program, path: &str) -> Option<(u16, Option<String>, Duration)> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    let began = Instant::now();
    let answer = agent.get(format!("http://{}{path}", program.web)).call().ok()?;
    let later = answer.headers().get("Retry-After").map(|value| value.to_str().unwrap().to_owned());
    Some((answer.status().as_u16(), later, began.elapsed()))
}

fn is_well(program: &Program) -> Option<()> {
    page(program, "/healthz").filter(|(status, ..)| *status == 200).map(|_| ())
}

fn is_ill(program: &Program) -> Option<()> {
    page(program, "/healthz").filter(|(status, ..)| *status == 503).map(|_| ())
}

fn mail(request: &RequestRow, n: usize) -> Vec<u8> {
    let id = format!("{n}@brandau.example");
    let filling = "Wir suchen noch. ".repeat(n % 7 * 300);
    Reply::to(request, "brandau.example").with_id(&id).saying(&format!("Stand {n}.\n{filling}")).raw()
}

fn request(site: &Site) -> RequestRow {
    let person = site.person("Mara Varga", Role::Activist);
    site.sends(person, site.city())
}

/// All of these mails are messages of the request, each once and whole, and all blobs are what their names say.
fn all_there(site: &Site, request: &RequestRow, mails: &[Vec<u8>]) {
    let found = || -> Option<Vec<String>> {
        messages::table
            .filter(messages::request_id.eq(request.id))
            .filter(messages::state.ne(MessageState::Received))
            .select(messages::blob_sha256)
            .load(&mut *site.db.conn().ok()?)
            .ok()
    };
    let mut kept = until("all mails are read", Duration::from_secs(90), || {
        found().filter(|kept| kept.len() >= mails.len())
    });
    let mut sent: Vec<String> = mails.iter().map(|raw| sha256(raw)).collect();
    kept.sort();
    sent.sort();
    assert_eq!(kept, sent, "each once");
    for raw in mails {
        assert_eq!(&site.ctx.blobs.get(&sha256(raw)).unwrap(), raw);
    }
    for folder in std::fs::read_dir(&site.ctx.config.blob_dir).unwrap() {
        let folder = folder.unwrap().path();
        if folder.file_name().is_some_and(|name| name.len() == 2) {
            for blob in std::fs::read_dir(folder).unwrap() {
                let path = blob.unwrap().path();
                let bytes = std::fs::read(&path).unwrap();
                assert_eq!(sha256(&bytes), path.file_name().unwrap().to_string_lossy(), "a truncated file");
            }
        }
    }
}

fn lmtp(program: &Program, request: &RequestRow, raw: &[u8]) -> String {
    lmtp::deliver(program.lmtp, "", &[&request.reply_address], raw).unwrap().remove(0)
}

/// Letters that are filed while the disk fills up, and the mail server that counts them.
struct Letters {
    sink: BusySink,
    person: i64,
    city: i64,
    /// Filed, and said to be so.
    filed: usize,
    refused: usize,
    /// Forms of which an error was said: whoever sent them presses again.
    again: Vec<Filing>,
}

impl Letters {
    /// By the machine's clock, and without time to take one back.
    fn of(site: &mut Site, request: &RequestRow, seed: u64) -> Self {
        let ctx = Arc::get_mut(&mut site.ctx).unwrap();
        (ctx.clock, ctx.config.undo) = (Clock::System, Duration::ZERO);
        let (person, city) = (request.person_id, request.authority_id);
        Self { sink: BusySink::start(seed, 30), person, city, filed: 0, refused: 0, again: Vec::new() }
    }

    fn file(&mut self, site: &Site, letters: usize) {
        for _ in 0..letters {
            assert!(self.files_one(site), "there is room");
        }
    }

    /// What is refused may be filed all the same, because a disk that fails at the end of a commit says nothing for sure.
    fn try_to_file(&mut self, site: &Site) {
        for _ in 0..2 {
            if !self.files_one(site) {
                self.refused += 1;
            }
        }
    }

    fn files_one(&mut self, site: &Site) -> bool {
        let mut form = filing_of(&[self.city], &format!("form-{}-{}", self.filed, self.refused));
        // Another letter each time: the same one would be asked about.
        form.signed_as = format!("Mara Varga\nKlarblick {}", self.filed + self.refused);
        let filed = filing::file(&site.ctx, &mut site.conn(), self.person, &form).is_ok();
        self.filed += usize::from(filed);
        if !filed {
            self.again.push(form);
        }
        filed
    }

    /// The same form once more, now that there is room: it files once, whatever the first press did.
    fn presses_again(&mut self, site: &Site) {
        for form in std::mem::take(&mut self.again) {
            filing::file(&site.ctx, &mut site.conn(), self.person, &form).unwrap();
            self.filed += 1;
        }
    }

    /// Each letter left once, or is listed as unknown; the figures.
    fn ended(&self, site: &Site) -> String {
        let count = |state| {
            let counts = desk::letters::counts(&mut site.conn()).unwrap();
            usize::try_from(counts.get(&state).copied().unwrap_or(0)).unwrap()
        };
        until("every letter ended", Duration::from_secs(90), || {
            // The one of before was sent to memory.
            let ended = count(OutboxState::Accepted) + count(OutboxState::Unknown);
            (ended == self.filed + 1).then_some(())
        });
        let whole = self.sink.whole();
        assert!(whole.values().all(|times| *times == 1), "twice: {whole:?}");
        let unknown = count(OutboxState::Unknown);
        let (arrived, filed) = (whole.len(), self.filed);
        assert!(
            arrived <= filed && arrived + unknown >= filed,
            "{filed} filed, {arrived} arrived, {unknown} unknown"
        );
        format!("letters {} refused when filed {} lost 0 twice 0 unknown {unknown}", self.filed, self.refused)
    }
}

#[test]
fn r07_full_disk_loses_nothing_and_heals_when_there_is_room() {
    let (fills, mut dice) = (usize::try_from(asked("ASKANCE_FILLS", 5)).unwrap(), Dice::new());
    let seed = dice.0;
    let each = usize::try_from(asked("ASKANCE_MAILS", 60)).unwrap().div_ceil(fills);
    let letters_each = usize::try_from(asked("ASKANCE_LETTERS", 20)).unwrap().div_ceil(fills);
    let disk = SmallDisk::new(64);
    let mut site = Site::within(tempfile::tempdir_in(disk.folder.path()).unwrap(), Backend::Sqlite);
    let request = request(&site);
    let mut letters = Letters::of(&mut site, &request, seed);
    // What the program says must not want room on the disk that is full.
    let program = Program::over(&site)
        .logging_to(Path::new("/dev/null"))
        .with("ASKANCE_SMTP_URL", &format!("smtp://{}", letters.sink.addr))
        .with("ASKANCE_LETTERS_PER_MINUTE", "0");
    let service = program.opens(&[]);
    until("it is well", Duration::from_secs(60), || is_well(&program));
    let (mut sent, mut refused, mut slowest) = (Vec::new(), 0, Duration::ZERO);
    for fill in 0..fills {
        // Every second time a little room is left, so that it ends in the midst of a mail or of a commit.
        let but = if fill % 2 == 0 { 0 } else { dice.below(150_000) };
        // Some letters are on their way when it fills up, some wait, and some are filed while there is no room.
        letters.file(&site, letters_each);
        if fill % 2 == 1 {
            std::thread::sleep(Duration::from_millis(dice.below(600)));
        }
        disk.fill(but);
        letters.try_to_file(&site);
        let mut waiting = Vec::new();
        for n in 0..each {
            let raw = mail(&request, fill * each + n);
            let taken = if n % 3 == 0 {
                program.receives(service.number(), &request.reply_address, &raw)
            } else {
                let said = lmtp(&program, &request, &raw);
                assert!(["250 ", "451 ", "452 "].iter().any(|code| said.starts_with(code)), "{said}");
                said.starts_with("250 ")
            };
            refused += usize::from(!taken);
            if taken { sent.push(raw) } else { waiting.push(raw) }
        }
        if but == 0 {
            until("it says that it is not well", Duration::from_secs(60), || is_ill(&program));
        }
        disk.free();
        let freed = Instant::now();
        until("it is well again", Duration::from_secs(60), || is_well(&program));
        letters.presses_again(&site);
        for raw in waiting {
            until("the sender comes again", Duration::from_secs(60), || {
                lmtp(&program, &request, &raw).starts_with("250 ").then_some(())
            });
            sent.push(raw);
        }
        slowest = slowest.max(freed.elapsed());
    }
    assert!(refused > 0, "the disk was never full");
    all_there(&site, &request, &sent);
    let letters = letters.ended(&site);
    println!(
        "r07 fills {fills} mails {} sent back {refused} lost 0 twice 0 {letters} slowest recovery {slowest:?} seed {seed}",
        sent.len()
    );
    drop(service);
    drop(site);
}

fn says(conn: &mut Conn, sql: &str) {
    match conn {
        AnyConn::Sqlite(c) => diesel::connection::SimpleConnection::batch_execute(c, sql).unwrap(),
        AnyConn::Postgres(c) => diesel::connection::SimpleConnection::batch_execute(c, sql).unwrap(),
    }
}

#[test]
fn r08_locked_database_stops_no_mail() {
    let site = Site::new(Backend::Sqlite);
    let request = request(&site);
    let program = Program::over(&site);
    let _service = program.opens(&[]);
    until("it is well", Duration::from_secs(60), || is_well(&program));
    let mut lock = site.conn();
    says(&mut lock, "BEGIN EXCLUSIVE");
    let (began, mut mails) = (Instant::now(), Vec::new());
    let locked = Duration::from_secs(asked("ASKANCE_LOCKED_SECONDS", 6));
    while began.elapsed() < locked {
        let raw = mail(&request, mails.len());
        assert_eq!(lmtp(&program, &request, &raw), "250 2.0.0 safe");
        mails.push(raw);
        std::thread::sleep(Duration::from_millis(100));
    }
    let (status, _, took) = page(&program, "/requests").unwrap();
    assert!(status == 200 && took < Duration::from_secs(10), "who reads waits for nobody: {status} {took:?}");
    says(&mut lock, "ROLLBACK");
    drop(lock);
    let freed = Instant::now();
    all_there(&site, &request, &mails);
    println!("r08 locked for {locked:?}: mails {} lost 0 healed after {:?}", mails.len(), freed.elapsed());
}

#[test]
fn r08_database_that_is_gone_stops_no_mail_and_pages_say_so() {
    let site = Site::new(Backend::Postgres);
    let request = request(&site);
    let program = Program::over(&site);
    let _service = program.opens(&[]);
    until("it is well", Duration::from_secs(60), || is_well(&program));
    let name = site.ctx.config.database_url.rsplit('/').next().unwrap().to_owned();
    postgres::says(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    postgres::says(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    ));
    let mails: Vec<Vec<u8>> = (0..20).map(|n| mail(&request, n)).collect();
    for raw in &mails {
        assert_eq!(lmtp(&program, &request, raw), "250 2.0.0 safe");
    }
    for path in ["/requests", "/healthz", "/requests?q=Brandau"] {
        let (status, later, took) = page(&program, path).unwrap();
        assert!(took < Duration::from_secs(10), "{path}: {took:?}");
        assert_eq!(status, 503, "{path}");
        assert_eq!(later.is_some(), path != "/healthz", "{path}");
    }
    postgres::says(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    let back = Instant::now();
    until("it is well again", Duration::from_secs(30), || is_well(&program));
    all_there(&site, &request, &mails);
    println!("r08 gone: mails {} lost 0 healed after {:?}", mails.len(), back.elapsed());
}

/// Makes each write into these files fail as on a file system that has become read-only, until it is dropped.
struct ReadOnly(std::process::Child);

impl ReadOnly {
    fn files(process: u32, files: &[PathBuf]) -> Self {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-q", "-o", "/dev/null", "-e", "trace=write,pwrite64,ftruncate,fallocate"]);
        strace.args([
            "-e",
            "inject=write,pwrite64,ftruncate,fallocate:error=EROFS",
            "-p",
            &process.to_string(),
        ]);
        for file in files {
            strace.arg("-P").arg(file);
        }
        let child = strace.stderr(std::process::Stdio::null()).spawn();
        let mut held = Self(child.expect("this test needs `strace`: `apt-get install -y strace`"));
        until("strace holds the service", Duration::from_secs(20), || {
            assert!(held.0.try_wait().unwrap().is_none(), "strace may not hold another process here");
            let tasks: Vec<_> =
                std::fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten().collect();
            let is_held = |task: &std::fs::DirEntry| {
                let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
                !status.contains("TracerPid:\t0")
            };
            tasks.iter().all(is_held).then_some(())
        });
        held
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

#[test]
fn r08_read_only_file_of_the_database_stops_no_mail() {
    let site = Site::new(Backend::Sqlite);
    let request = request(&site);
    let program = Program::over(&site);
    let service = program.opens(&[]);
    until("it is well", Duration::from_secs(60), || is_well(&program));
    let path = site.ctx.config.database_url.strip_prefix("sqlite://").unwrap();
    let files = ["", "-wal"].map(|end| PathBuf::from(format!("{path}{end}")));
    let held = ReadOnly::files(service.number(), &files);
    let mails: Vec<Vec<u8>> = (0..12).map(|n| mail(&request, n)).collect();
    for raw in &mails {
        assert_eq!(lmtp(&program, &request, raw), "250 2.0.0 safe");
    }
    assert_eq!(site.ctx.blobs.spooled().unwrap().len(), mails.len(), "no row could be written");
    for path in ["/requests", "/healthz"] {
        let (status, later, took) = page(&program, path).unwrap();
        assert!(took < Duration::from_secs(10), "{path}: {took:?}");
        assert!(
            status == 200 || (status == 503 && (later.is_some() || path == "/healthz")),
            "{path}: {status}"
        );
    }
    drop(held);
    let back = Instant::now();
    all_there(&site, &request, &mails);
    assert!(back.elapsed() < Duration::from_secs(30));
    println!("r08 read-only file: mails {} lost 0 all read after {:?}", mails.len(), back.elapsed());
}

#[test]
fn r08_read_only_postgres_stops_no_mail_and_heals() {
    let site = Site::new(Backend::Postgres);
    let request = request(&site);
    let program = Program::over(&site);
    let _service = program.opens(&[]);
    until("it is well", Duration::from_secs(60), || is_well(&program));
    let name = site.ctx.config.database_url.rsplit('/').next().unwrap().to_owned();
    let all_begin_anew =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    postgres::says(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    postgres::says(&all_begin_anew);
    let mails: Vec<Vec<u8>> = (0..12).map(|n| mail(&request, n)).collect();
    for raw in &mails {
        assert_eq!(lmtp(&program, &request, raw), "250 2.0.0 safe");
    }
    assert_eq!(site.ctx.blobs.spooled().unwrap().len(), mails.len(), "no row could be written");
    until("it says that it is not well", Duration::from_secs(60), || is_ill(&program));
    let (status, later, took) = page(&program, "/requests").unwrap();
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(status == 200 || (status == 503 && later.is_some()), "{status}");
    // Sessions that began meanwhile stay read-only, and nobody ends them.
    postgres::says(&format!("ALTER DATABASE {name} RESET default_transaction_read_only"));
    let back = Instant::now();
    until("it is well again", Duration::from_secs(30), || is_well(&program));
    all_there(&site, &request, &mails);
    assert!(back.elapsed() < Duration::from_secs(30));
    println!("r08 read-only server: mails {} lost 0 healed after {:?}", mails.len(), back.elapsed());
}
