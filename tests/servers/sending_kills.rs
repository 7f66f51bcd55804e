//! Workers that are killed or stopped in mid-send, as real processes (R3, R4): no letter is lost, none is sent twice.
//!
//! `ASKANCE_KILLS`, `ASKANCE_LETTERS` and `ASKANCE_SINK_SLOW` (milliseconds at each stage) say how much is tried,
//! `ASKANCE_SEED` repeats a run, `ASKANCE_STOP_SECONDS` has a stopped worker sleep through its lease.

use super::busy_sink::{BusySink, Dice, Doubt};
use crate::support::{LIBRARY, config, filing_of, postgres};
use askance::clock::Clock;
use askance::config::Config;
use askance::domain::authority::AuthorityKind;
use askance::service::{Context, filing};
use askance::store::authorities::{self, NewAuthority};
use askance::store::blobs::Blobs;
use askance::store::people::{self, NewPerson};
use askance::store::types::{OutboxState, Role};
use askance::store::{AnyConn, Conn, Db, desk, outbox, switches, transaction};
use diesel::connection::SimpleConnection;
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

fn seed() -> u64 {
    number("ASKANCE_SEED", u64::try_from(Clock::System.now().timestamp_micros()).unwrap())
}

/// A worker in a process group of its own; it ends with the test.
struct Worker(Child);

impl Worker {
    fn signal(&self, signal: &str) {
        signal_group(self.0.id(), signal);
    }

    fn killed(mut self) {
        self.signal("-KILL");
        self.0.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.0.try_wait().unwrap().is_none() {
            self.signal("-KILL");
            let _ = self.0.wait();
        }
    }
}

fn signal_group(leader: u32, signal: &str) {
    let sent =
        Command::new("kill").args([signal, "--", &format!("-{leader}")]).stderr(Stdio::null()).status();
    assert!(sent.is_ok());
}

/// A database with letters that may leave, and the settings of the workers that send them.
struct Outbox {
    folder: tempfile::TempDir,
    settings: Vec<(&'static str, String)>,
    db: Db,
    letters: usize,
    sink: BusySink,
}

impl Outbox {
    fn new(database: &str, letters: usize, sink: BusySink) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = format!("sqlite://{}", folder.path().join("askance.db").display());
        let settings = vec![
            ("database_url", if database.is_empty() { sqlite } else { database.to_owned() }),
            ("blob_url", format!("file://{}", folder.path().join("blobs").display())),
            ("reply_domain", "post.askance.example".to_owned()),
            ("smtp_url", format!("smtp://{}", sink.addr)),
            ("secret_key", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".to_owned()),
        ];
        let config = Config { undo: Duration::ZERO, clock: Clock::System, ..config(&folder, &settings[0].1) };
        let db = Db::open(&config.database_url, 2).unwrap();
        db.migrate().unwrap();
        let context = Context {
            clock: Clock::System,
            blobs: Blobs::open(&config.blob_dir).unwrap(),
            config,
            library: Arc::clone(&LIBRARY),
            days_off: askance::service::days_off::Calendars::default(),
            pulse: askance::service::health::Pulse::default(),
        };
        let outbox = Self { folder, settings, db, letters, sink };
        outbox.fill(&context);
        outbox
    }

    /// As many letters as asked for, in forms of 20.
    fn fill(&self, context: &Context) {
        let now = context.clock.now();
        let conn = &mut *self.db.conn().unwrap();
        let new = NewPerson {
            email: "mara@askance.example",
            name: "Mara Varga",
            role: Role::Activist,
            password_hash: "",
        };
        let mara = people::add(conn, &new, now).unwrap();
        let cities: Vec<i64> = (0..20)
            .map(|n| {
                let city = NewAuthority {
                    slug: format!("stadt-{n}"),
                    name: format!("Stadt {n}"),
                    name_en: None,
                    language: "de".to_owned(),
                    kind: AuthorityKind::Municipality,
                    country: "DE".to_owned(),
                    place: "Brandau".to_owned(),
                    regime: Some("de-nw-ifg".to_owned()),
                    subdivision: None,
                    regime_reason: None,
                    website: None,
                    source: "test".to_owned(),
                    email: Some(format!("foi@n{n}.example").parse().unwrap()),
                    identifiers: Vec::new(),
                };
                authorities::insert(conn, &city, now).unwrap()
            })
            .collect();
        let mut left = self.letters;
        while left > 0 {
            let some = &cities[..left.min(20)];
            // Each round is signed otherwise: the same letter again would be asked about.
            let mut filing = filing_of(some, &format!("form-{left}"));
            filing.signed_as = format!("Mara Varga\nKlarblick {left}");
            filing::file(context, conn, mara, &filing).unwrap();
            left -= some.len();
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_askance"));
        command.args(words).env_clear().current_dir(self.folder.path());
        for (key, value) in &self.settings {
            command.env(format!("ASKANCE_{}", key.to_uppercase()), value);
        }
        command
    }

    fn worker(&self) -> Worker {
        let mut command = self.command(&["serve", "--only", "worker"]);
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        Worker(command.spawn().unwrap())
    }

    /// Several, who begin at the same time: the first would be done before the last has started.
    fn crew(&self, workers: usize) -> Vec<Worker> {
        let conn = &mut *self.db.conn().unwrap();
        let set = |conn: &mut Conn| {
            switches::set(conn, switches::OUTBOX_PAUSED, "a test", None, Clock::System.now())
        };
        transaction(conn, set).unwrap();
        let logs: Vec<_> = (0..workers).map(|_| tempfile::NamedTempFile::new().unwrap()).collect();
        let begin = |log: &tempfile::NamedTempFile| {
            let mut command = self.command(&["serve", "--only", "worker"]);
            command.process_group(0).stdout(Stdio::null()).stderr(log.reopen().unwrap());
            Worker(command.spawn().unwrap())
        };
        let crew = logs.iter().map(begin).collect();
        let serves =
            |log: &tempfile::NamedTempFile| std::fs::read_to_string(log.path()).unwrap().contains("serving");
        let told = || {
            let said = logs.iter().map(|log| std::fs::read_to_string(log.path()).unwrap());
            said.collect::<Vec<_>>().join("\n")
        };
        self.wait_until_or("all have started", || logs.iter().all(serves), told);
        transaction(conn, |conn| switches::clear(conn, switches::OUTBOX_PAUSED)).unwrap();
        crew
    }

    fn counts(&self) -> BTreeMap<OutboxState, i64> {
        desk::letters::counts(&mut self.db.conn().unwrap()).unwrap()
    }

    fn count(&self, state: OutboxState) -> usize {
        usize::try_from(self.counts().get(&state).copied().unwrap_or(0)).unwrap()
    }

    fn ended(&self) -> bool {
        self.count(OutboxState::Accepted) + self.count(OutboxState::Unknown) == self.letters
    }

    fn wait_until(&self, what: &str, there: impl FnMut() -> bool) {
        self.wait_until_or(what, there, String::new);
    }

    /// The same; what is told where it never comes about.
    fn wait_until_or(&self, what: &str, mut there: impl FnMut() -> bool, told: impl Fn() -> String) {
        let patience = Instant::now() + Duration::from_secs(120 + self.letters as u64);
        while !there() {
            assert!(Instant::now() < patience, "waited until {what}: {:?} {}", self.counts(), told());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Each letter is where §4 says, none was seen twice, and every unknown one is on the desk's list and the console's.
    fn holds(&self) -> usize {
        let whole = self.sink.whole();
        let twice: Vec<_> = whole.iter().filter(|(_, times)| **times != 1).collect();
        assert!(twice.is_empty(), "seen twice: {twice:?}");
        let conn = &mut *self.db.conn().unwrap();
        let (mut found, mut unknown) = (0, 0);
        for id in 1.. {
            let Some(letter) = outbox::find(conn, id).unwrap() else { break };
            found += 1;
            match letter.state {
                OutboxState::Accepted => {
                    assert!(whole.contains_key(&letter.mail_message_id), "letter {id} was never taken");
                    assert!(letter.server_reply.is_some(), "letter {id} has no proof of dispatch");
                }
                OutboxState::Unknown => unknown += 1,
                other => panic!("letter {id} is {other}"),
            }
        }
        assert_eq!(found, self.letters, "letters are missing");
        let mut listed = 0_usize;
        loop {
            let page =
                desk::letters::in_states(conn, &[OutboxState::Unknown], i64::try_from(listed).unwrap())
                    .unwrap();
            if page.is_empty() {
                break;
            }
            listed += page.len();
        }
        let told = self.command(&["outbox", "list", "--json"]).output().unwrap();
        let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
        let at_console = told["letters"].as_array().unwrap().iter().filter(|row| row["state"] == "unknown");
        assert_eq!((listed, at_console.count()), (unknown, unknown), "an unknown letter is not listed");
        unknown
    }
}

/// Kills workers until there were enough kills or no letter is left; how many, and how many of them in doubt for sure.
fn kills(outbox: &Outbox, dice: &Dice, (wanted, slow): (u64, u64)) -> (u64, u64) {
    let (mut done, mut in_doubt, first) = (0, 0, dice.up_to(3));
    while done < wanted && !outbox.ended() {
        let worker = outbox.worker();
        let (pid, before) = (worker.0.id(), outbox.sink.connections());
        // Two of five are aimed, between the first octet of the body and the end of its record: each point in its turn,
        // so that of few kills some are in doubt too.
        let aimed = matches!(done % 5, 1 | 3);
        let at = Doubt::ALL[usize::try_from((first + done / 5 * 2 + done % 5 / 2) % 4).unwrap()];
        if aimed {
            outbox.sink.strike_at(at, move || signal_group(pid, "-KILL"));
            let mut child = worker;
            outbox.wait_until("the aimed kill", || child.0.try_wait().unwrap().is_some() || outbox.ended());
            if outbox.sink.forget_strike() {
                return (done, in_doubt);
            }
            in_doubt += u64::from(at != Doubt::AfterReply);
        } else {
            // Some before the first letter, most while letters leave.
            if dice.up_to(9) > 0 {
                outbox.wait_until("it sends", || outbox.sink.connections() > before || outbox.ended());
            }
            std::thread::sleep(Duration::from_millis(dice.up_to(8 * slow)));
            worker.killed();
        }
        done += 1;
    }
    (done, in_doubt)
}

fn survives_kills(database: &str, (wanted, letters): (u64, u64)) {
    let (seed, slow) = (seed(), number("ASKANCE_SINK_SLOW", 5));
    let dice = Dice::new(seed);
    let outbox = Outbox::new(database, usize::try_from(letters).unwrap(), BusySink::start(seed, slow));
    let began = Instant::now();
    let (done, in_doubt) = kills(&outbox, &dice, (wanted, slow));
    let restarted = Instant::now();
    let _last = outbox.worker();
    outbox.wait_until("every letter ended", || outbox.ended());
    let unknown = outbox.holds();
    println!(
        "R3: {done} kills ({in_doubt} in doubt for sure) over {letters} letters: 0 missing, 0 twice, {unknown} unknown, all \
         listed; {:.0} s, the last {:.0} s after the last restart; seed {seed}",
        began.elapsed().as_secs_f64(),
        restarted.elapsed().as_secs_f64(),
    );
    assert_eq!(done, wanted, "more letters are needed for so many kills");
    assert!(in_doubt * 10 >= done, "{in_doubt} of {done} kills were in doubt");
    assert!(unknown as u64 <= done, "{unknown} unknown letters after {done} kills");
}

#[test]
fn r03_letters_survive_kill_9_of_their_worker_and_none_is_sent_twice_on_sqlite() {
    survives_kills("", (number("ASKANCE_KILLS", 12), number("ASKANCE_LETTERS", 70)));
}

#[test]
fn r03_letters_survive_kill_9_of_their_worker_and_none_is_sent_twice_on_postgres() {
    // The same protocol over the other database: fewer, where nobody says how many.
    survives_kills(&postgres::fresh_database(), (number("ASKANCE_KILLS", 4), number("ASKANCE_LETTERS", 24)));
}

/// Stops a worker in an instant in which it holds a letter in this state; the letter's number.
fn stopped_while(outbox: &Outbox, victim: &Worker, state: OutboxState) -> (i64, String) {
    let mark = format!("/{}/", victim.0.id());
    let mut caught = None;
    outbox.wait_until("a worker is stopped in mid-send", || {
        victim.signal("-STOP");
        std::thread::sleep(Duration::from_millis(5));
        caught = held_by(outbox, &mark, state);
        if caught.is_none() {
            victim.signal("-CONT");
            std::thread::sleep(Duration::from_millis(3));
        }
        caught.is_some()
    });
    caught.unwrap()
}

/// None also where it was stopped with a lock in its hands: then nobody else can write that letter, which is another
/// promise (R8).
fn held_by(outbox: &Outbox, mark: &str, state: OutboxState) -> Option<(i64, String)> {
    let conn = &mut *outbox.db.conn().unwrap();
    match conn {
        AnyConn::Sqlite(c) => c.batch_execute("PRAGMA busy_timeout = 300").unwrap(),
        AnyConn::Postgres(c) => c.batch_execute("SET lock_timeout = '300ms'").unwrap(),
    }
    let held = transaction(conn, |conn| {
        let held = outbox::held_in(conn, state)?.into_iter().find(|(_, holder)| holder.contains(mark));
        let Some((id, holder)) = held else { return Ok(None) };
        let touch = format!("UPDATE outbox SET attempts = attempts WHERE id = {id}");
        match conn {
            AnyConn::Sqlite(c) => c.batch_execute(&touch),
            AnyConn::Postgres(c) => c.batch_execute(&touch),
        }
        .map_err(askance::store::Error::from)?;
        Ok::<_, askance::store::Error>(Some((id, holder)))
    });
    held.ok().flatten()
}

fn one_acts(database: &str, workers: usize, letters: u64) {
    let (seed, slow) = (seed(), number("ASKANCE_SINK_SLOW", 20));
    let outbox = Outbox::new(database, usize::try_from(letters).unwrap(), BusySink::start(seed, slow));
    let mut crew = outbox.crew(workers);
    let mut sending = vec![false; workers];
    outbox.wait_until("each of them sends", || {
        let holders = outbox::holders(&mut outbox.db.conn().unwrap()).unwrap();
        for (does, worker) in sending.iter_mut().zip(&crew) {
            *does |= holders.iter().any(|holder| holder.contains(&format!("/{}/", worker.0.id())));
        }
        sending.iter().all(|does| *does)
    });
    let mut stopped = Vec::new();
    for (victim, state) in crew.iter().zip([OutboxState::Claimed, OutboxState::InDoubt]).take(workers - 1) {
        stopped.push((victim, stopped_while(&outbox, victim, state)));
    }
    match number("ASKANCE_STOP_SECONDS", 0) {
        // What time would do, done at once.
        0 => {
            for (_, (_, holder)) in &stopped {
                let conn = &mut *outbox.db.conn().unwrap();
                outbox::end_holds(conn, holder, Clock::System.now()).unwrap();
            }
        }
        seconds => std::thread::sleep(Duration::from_secs(seconds)),
    }
    let conn = &mut *outbox.db.conn().unwrap();
    outbox.wait_until("the others did all they could", || outbox.ended());
    let held: Vec<_> =
        stopped.iter().map(|(_, (id, _))| outbox::find(conn, *id).unwrap().unwrap().state).collect();
    assert_eq!(held[0], OutboxState::Accepted, "what was not marked is sent by another");
    assert!(held.get(1).is_none_or(|state| *state == OutboxState::Unknown), "{held:?}");
    let stopped_count = stopped.len();
    for (victim, _) in stopped {
        victim.signal("-CONT");
    }
    // It wakes up in mid-send, hears the server's reply and says so, or finds that it holds nothing any more.
    std::thread::sleep(Duration::from_secs(2));
    for worker in &mut crew {
        assert!(worker.0.try_wait().unwrap().is_none(), "a worker ended");
    }
    let unknown = outbox.holds();
    println!(
        "R4: {workers} workers, {letters} letters, {stopped_count} stopped in mid-send beyond the lease and continued: 0 twice, {unknown} \
         unknown; seed {seed}"
    );
}

#[test]
fn r04_of_four_workers_on_one_postgres_only_one_sends_a_letter_though_two_are_stopped_in_mid_send() {
    one_acts(&postgres::fresh_database(), 4, number("ASKANCE_LETTERS", 80));
}

#[test]
fn r04_of_two_workers_on_one_sqlite_only_one_sends_a_letter_though_the_other_is_stopped_in_mid_send() {
    one_acts("", 2, number("ASKANCE_LETTERS", 60));
}
