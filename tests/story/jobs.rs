//! Deadlines that nobody can bend, by a mail or by a clock (R48), and jobs that run once, however many run them (R49).

use crate::servers::smtp_sink::{Act, Script, SmtpSink, Stage};
use crate::support::{Backend, Site, day, stories};
use askance::domain::authority::AuthorityKind;
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::{deadlines, delivery};
use askance::store::Db;
use askance::store::requests::{self, RequestRow};
use askance::store::types::Role;
use chrono::{DateTime, TimeDelta, Utc};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Small, seeded and printed with what it did.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let clock = askance::clock::Clock::System.now().timestamp_micros();
        Self(number("ASKANCE_SEED", clock.unsigned_abs()))
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn times(site: &Site, request: i64, kind: &str) -> usize {
    site.kinds(request).iter().filter(|known| **known == kind).count()
}

/// Mails that lie about when they were written and by which way they came.
fn liars(request: &RequestRow) -> Vec<Vec<u8>> {
    let dates = [
        "Thu, 01 Jan 1970 00:00:00 +0000",
        "Fri, 31 Dec 2099 23:59:59 +1400",
        "Tue, 30 Jun 2026 23:59:60 +0000",
        "Mon, 07 Sep 1826 10:00:00 -1200",
        "yesterday",
        "((((((((((((((((((",
        "",
    ];
    let letter = |n: usize, head: String| {
        format!(
            "{head}From: Amt <foi@brandau.example>\r\nTo: {}\r\nSubject: Ihr Antrag\r\n\
             Message-ID: <lie-{n}@brandau.example>\r\n\r\nIhr Antrag ist eingegangen. Lauf {n}.\r\n",
            request.reply_address
        )
        .into_bytes()
    };
    let mut all: Vec<Vec<u8>> =
        dates.iter().enumerate().map(|(n, date)| letter(n, format!("Date: {date}\r\n"))).collect();
    all.push(letter(
        20,
        "Received: from a.example by b.example; Thu, 1 Jan 1970 00:00:00 +0000\r\nDate: Mon, 07 Sep 2026 10:00:00 +0000\r\n"
            .to_owned(),
    ));
    all.push(letter(
        21,
        "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nDate: Fri, 31 Dec 2099 23:59:59 +0000\r\n".to_owned(),
    ));
    all
}

stories! {
    fn r48_no_date_of_a_mail_moves_a_deadline(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(person, city);
        let before = site.request(&request.reference);
        let lies = liars(&request);
        for (n, raw) in lies.iter().enumerate() {
            let arrived = site.now();
            site.receives(raw, &request.reply_address);
            let message = site.message(i64::try_from(n).unwrap() + 1);
            assert_eq!(message.received_at, askance::store::at(arrived), "lie {n}: it came when it came");
            let now = site.request(&request.reference);
            assert_eq!((now.due_on, now.received_on), (before.due_on, before.received_on), "lie {n}");
        }
        site.days_pass(29);
        assert_eq!(times(site, request.id, "overdue"), 0, "never early");
        site.days_pass(3);
        assert_eq!(times(site, request.id, "overdue"), 1);
        println!("R48: {} lies, 0 deadlines moved", lies.len());
    }

    fn r48_a_clock_that_jumps_marks_nothing_early_and_nothing_twice(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(person, city);
        let due = request.due_on.unwrap();
        let mut dice = Dice::new();
        let (seed, n) = (dice.0, number("ASKANCE_JUMPS", 60));
        // Midnight after the last day, where the law holds: Berlin.
        let late_from = (due + chrono::Days::new(1)).and_hms_opt(0, 0, 0).unwrap().and_local_timezone(chrono_tz::Europe::Berlin).unwrap().to_utc();
        let mut furthest: DateTime<Utc> = site.now();
        for _ in 0..n {
            let hours = [-24, -1, 1, 24, 25, 36, -12][usize::try_from(dice.below(7)).unwrap()];
            let near = late_from - TimeDelta::hours(36) + TimeDelta::minutes(i64::try_from(dice.below(72 * 60)).unwrap());
            let to = if dice.below(2) == 0 { site.now() + TimeDelta::hours(hours) } else { near };
            site.ctx.clock.set(to);
            furthest = furthest.max(to);
            site.works();
            let overdue = times(site, request.id, "overdue");
            assert_eq!(overdue, usize::from(furthest >= late_from), "seed {seed}: at {to}, furthest {furthest}");
            assert_eq!(site.sent.lock().unwrap().len(), 1, "seed {seed}: a letter left again");
        }
        println!("R48: {n} jumps, seed {seed}: 0 early, 0 twice");
    }

    fn r48_a_letter_leaves_once_however_the_clock_jumps(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        // Put off while the clock is a day ahead, and one that is filed then: both leave soon after it is right again.
        let deferred = site.files(person, city);
        site.ctx.clock.set(site.now() + TimeDelta::hours(25));
        let sink = SmtpSink::start(Script::friendly().at(Stage::Rcpt, Act::say("450 4.2.0 later")));
        let later = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap());
        assert!(delivery::send_next(&site.ctx, &site.db, &later, "worker").unwrap());
        let ahead = site.authority("Stadt Waldau", (AuthorityKind::Municipality, "de-nw-ifg", "de"), "waldau.example");
        let ahead = site.files(person, ahead);
        site.ctx.clock.set(site.now() - TimeDelta::hours(25));
        site.works();
        site.works();
        assert_eq!((times(site, site.request(&deferred.reference).id, "sent"), site.sent.lock().unwrap().len()), (1, 1));
        site.ctx.clock.set(site.now() + TimeDelta::minutes(9));
        site.works();
        assert_eq!(site.sent.lock().unwrap().len(), 1, "it can be taken back for as long as any");
        site.ctx.clock.set(site.now() + TimeDelta::minutes(2));
        site.works();
        assert_eq!((times(site, site.request(&ahead.reference).id, "sent"), site.sent.lock().unwrap().len()), (1, 2));
        println!("R48: a letter that was put off, and one that was filed, by a clock 25 h ahead left within 11 minutes");
        site.sent.lock().unwrap().clear();
        let city = site.authority("Stadt Neustadt", (AuthorityKind::Municipality, "de-nw-ifg", "de"), "neustadt.example");
        let filed = site.files(person, city);
        for hours in [-24, 1, -48, 24, -1, 26, 1, -24, 48] {
            site.ctx.clock.set(site.now() + TimeDelta::hours(hours));
            site.works();
            let left = site.now() >= filed.leaves_at || !site.sent.lock().unwrap().is_empty();
            assert_eq!(site.sent.lock().unwrap().len(), usize::from(left), "{}", site.now());
        }
        let request = site.request(&filed.reference);
        delivery::expire_leases(&site.ctx, &site.db).unwrap();
        assert_eq!((times(site, request.id, "sent"), site.sent.lock().unwrap().len()), (1, 1));
    }

    fn r48_the_day_on_which_clocks_change_ends_at_midnight_of_the_law(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        // Berlin leaves summer time on 25 October 2026; filed so that the last day lies behind it.
        site.ctx.clock.set("2026-09-25T10:00:00Z".parse().unwrap());
        let city = site.city();
        let request = site.sends(person, city);
        let due = request.due_on.unwrap();
        assert!(due > day("2026-10-25"), "{due}");
        let midnight = (due + chrono::Days::new(1)).and_hms_opt(0, 0, 0).unwrap().and_utc() - TimeDelta::hours(1);
        site.ctx.clock.set(midnight - TimeDelta::seconds(1));
        site.works();
        assert_eq!(times(site, request.id, "overdue"), 0, "a second too early");
        site.ctx.clock.set(midnight);
        site.works();
        assert_eq!(times(site, request.id, "overdue"), 1);
    }

    fn r49_three_schedulers_at_once_mark_each_day_once(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let requests = many(site, person, 12);
        for days in [29, 7, 7] {
            // Nothing ran for days; then all at the same time, several times.
            site.ctx.clock.set(site.now() + TimeDelta::days(days));
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    let (ctx, url) = (site.ctx.clone(), site.ctx.config.database_url.clone());
                    scope.spawn(move || {
                        let db = Db::open(&url, 1).unwrap();
                        for _ in 0..3 {
                            deadlines::tick(&ctx, &db).unwrap();
                        }
                    });
                }
            });
        }
        all_once(site, &requests);
    }
}

fn many(site: &Site, person: i64, n: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for n in 0..n {
        let kind = (askance::domain::authority::AuthorityKind::Municipality, "de-nw-ifg", "de");
        let authority = site.authority(&format!("Stadt {n}"), kind, &format!("stadt{n}.example"));
        ids.push(site.sends(person, authority).id);
    }
    ids
}

fn all_once(site: &Site, requests: &[i64]) {
    let counts: Vec<usize> = requests.iter().map(|id| times(site, *id, "overdue")).collect();
    assert_eq!(counts, vec![1; requests.len()], "each once: none skipped, none twice");
    for id in requests {
        let state = requests::state(&mut site.conn(), *id).unwrap().unwrap();
        let since = state.overdue_since.unwrap();
        assert_eq!(Some(since), state.due_on, "the law's day, however late it was recorded");
    }
}

/// A worker of its own over the story's database; it is killed when it is dropped.
struct Worker(Child);

impl Worker {
    fn start(site: &Site, folder: &std::path::Path, now: &str) -> Self {
        let config = &site.ctx.config;
        let mut command = Command::new(env!("CARGO_BIN_EXE_askance"));
        command.args(["serve", "--only", "worker"]).env_clear().current_dir(folder);
        command
            .env("ASKANCE_DATABASE_URL", &config.database_url)
            .env("ASKANCE_CLOCK", format!("fixed:{now}"));
        command.env("ASKANCE_BLOB_URL", format!("file://{}", config.blob_dir.display()));
        command.env("ASKANCE_SECRET_KEY", "uMZoBVgWtr5B0Qm1C2VhlxwnG4ZZr0yF0c1KkCmlqPA=");
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Three workers over one database after a sleep of a week, killed at random points and started again.
fn killed_schedulers(backend: Backend) {
    let site = Site::on(backend);
    let person = site.person("Mara Varga", Role::Activist);
    let requests = many(&site, person, 8);
    let mut dice = Dice::new();
    let (seed, kills) = (dice.0, number("ASKANCE_SCHEDULER_KILLS", 2));
    let due = site.request("2026-0001").due_on.unwrap();
    let now = format!("{}T10:00:00Z", due + chrono::Days::new(7));
    let folder = tempfile::tempdir().unwrap();
    let mut workers: Vec<Worker> = (0..3).map(|_| Worker::start(&site, folder.path(), &now)).collect();
    for _ in 0..kills {
        std::thread::sleep(Duration::from_millis(dice.below(1500)));
        let one = usize::try_from(dice.below(3)).unwrap();
        workers[one] = Worker::start(&site, folder.path(), &now);
    }
    let patience = Instant::now() + Duration::from_secs(60);
    while requests.iter().any(|id| times(&site, *id, "overdue") == 0) {
        assert!(Instant::now() < patience, "seed {seed}: a day was skipped");
        std::thread::sleep(Duration::from_millis(100));
    }
    // One more look by each that lives.
    std::thread::sleep(Duration::from_millis(700));
    drop(workers);
    all_once(&site, &requests);
    println!(
        "R49: {kills} kills of 3 schedulers, {} requests, seed {seed}: 0 doubles, 0 skipped",
        requests.len()
    );
}

#[test]
fn r49_killed_schedulers_mark_each_day_once_on_sqlite() {
    killed_schedulers(Backend::Sqlite);
}

#[test]
fn r49_killed_schedulers_mark_each_day_once_on_postgres() {
    killed_schedulers(Backend::Postgres);
}
