//! R1: an accepted mail survives kill -9 of the whole process group, whichever way it came.

use crate::support::house::{Dice, Group, Program, asked, until};
use crate::support::mail::Reply;
use crate::support::{Backend, Site};
use askance::mail::lmtp;
use askance::store::requests::RequestRow;
use askance::store::schema::{arrivals, messages};
use askance::store::types::{MessageState, Role};
use askance::store::{AnyConn, blobs::sha256};
use diesel::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// Requests that are answered, each by a feeder of its own.
const THREADS: usize = 4;

/// What the feeders and the one who kills share.
struct Stage {
    program: Program,
    requests: Vec<RequestRow>,
    /// The group that runs now.
    group: AtomicU32,
    /// Mails of each thread that may be fed by now.
    released: Mutex<usize>,
    more: Condvar,
    done: AtomicUsize,
    tries: AtomicUsize,
    failed: AtomicBool,
}

/// A mail of which the sender was told that it is safe.
struct Acked {
    thread: usize,
    number: usize,
    sha256: String,
    bytes: Vec<u8>,
}

impl Stage {
    fn mail(&self, (thread, number, attempt): (usize, usize, usize)) -> Vec<u8> {
        Reply::to(&self.requests[thread], "brandau.example")
            .about(&format!("Zwischenstand {number:05}"))
            .with_id(&format!("{thread}-{number}@brandau.example"))
            // What comes again has come another way.
            .with(&format!("Received: from feeder by us; attempt {attempt}"))
            .saying(&format!("Wir haben die Akte Nummer {number} noch nicht gefunden."))
            .raw()
    }

    /// Hands over one mail after the other; each until it is acknowledged, by LMTP and by the pipe in turn.
    fn feeds(&self, thread: usize, mails: usize) -> Vec<Acked> {
        let mut acked = Vec::new();
        for number in 0..mails {
            self.waits_for(number);
            for attempt in 0.. {
                if self.failed.load(Ordering::SeqCst) {
                    return acked;
                }
                let bytes = self.mail((thread, number, attempt));
                self.tries.fetch_add(1, Ordering::SeqCst);
                if self.hands_over(thread, (number + attempt) % 2 == 0, &bytes) {
                    acked.push(Acked { thread, number, sha256: sha256(&bytes), bytes });
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            self.done.fetch_add(1, Ordering::SeqCst);
        }
        acked
    }

    fn hands_over(&self, thread: usize, by_pipe: bool, bytes: &[u8]) -> bool {
        let to = &self.requests[thread].reply_address;
        if by_pipe {
            return self.program.receives(self.group.load(Ordering::SeqCst), to, bytes);
        }
        let replies = lmtp::deliver(self.program.lmtp, "amt@brandau.example", &[to], bytes);
        replies.is_ok_and(|replies| replies.len() == 1 && replies[0].starts_with("250 "))
    }

    fn waits_for(&self, number: usize) {
        let mut released = self.released.lock().unwrap();
        while *released <= number && !self.failed.load(Ordering::SeqCst) {
            released = self.more.wait_timeout(released, Duration::from_millis(100)).unwrap().0;
        }
    }

    fn releases(&self, mails: usize) {
        *self.released.lock().unwrap() = mails;
        self.more.notify_all();
    }

    /// Starts it anew; how long until it takes mail.
    fn starts(&self) -> (Group, Duration) {
        let began = Instant::now();
        let group = self.program.starts(&["--only", "worker"]);
        self.group.store(group.number(), Ordering::SeqCst);
        self.program.wait_for_door();
        (group, began.elapsed())
    }
}

/// What the kills were like.
#[derive(Default)]
struct Weather {
    kills: u64,
    in_the_start: u64,
    slowest_start: Duration,
}

/// Kills at a uniformly random 0–400 ms after mail is taken; one time in eight at such a point of the start.
fn storm(stage: &Stage, dice: &mut Dice, (kills, mails): (u64, usize)) -> Weather {
    let mut weather = Weather::default();
    for kill in 0..kills {
        let after = Duration::from_millis(dice.below(401));
        let group = if dice.below(8) == 0 {
            weather.in_the_start += 1;
            let group = stage.program.starts(&["--only", "worker"]);
            stage.group.store(group.number(), Ordering::SeqCst);
            group
        } else {
            let (group, took) = stage.starts();
            weather.slowest_start = weather.slowest_start.max(took);
            group
        };
        stage.releases(mails * usize::try_from(kill + 1).unwrap() / usize::try_from(kills).unwrap());
        std::thread::sleep(after);
        group.dies();
        weather.kills += 1;
    }
    weather
}

/// Ends the feeders, too, where the test fails.
struct Curtain<'a>(&'a Stage);

impl Drop for Curtain<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.failed.store(true, Ordering::SeqCst);
        }
    }
}

#[test]
fn r01_accepted_mail_survives_kill_9_by_lmtp_and_by_pipe() {
    let (kills, mails) = (asked("ASKANCE_KILLS", 25), usize::try_from(asked("ASKANCE_MAILS", 300)).unwrap());
    let mut dice = Dice::new();
    let seed = dice.0;
    let site = Site::new(Backend::Sqlite);
    site.ctx.clock.set(askance::clock::Clock::System.now());
    let person = site.person("Mara Varga", Role::Activist);
    let city = |n: usize| {
        let kind = (askance::domain::authority::AuthorityKind::Municipality, "de-nw-ifg", "de");
        site.authority(&format!("Stadt {n}"), kind, "brandau.example")
    };
    let stage = Stage {
        program: Program::over(&site),
        requests: (0..THREADS).map(|n| site.sends(person, city(n))).collect(),
        group: AtomicU32::new(0),
        released: Mutex::new(0),
        more: Condvar::new(),
        done: AtomicUsize::new(0),
        tries: AtomicUsize::new(0),
        failed: AtomicBool::new(false),
    };
    let each = mails.div_ceil(THREADS);
    let began = Instant::now();
    let (weather, acked, alive) = std::thread::scope(|scope| {
        let stage = &stage;
        let feeders: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || stage.feeds(thread, each))).collect();
        let _curtain = Curtain(stage);
        let weather = storm(stage, &mut dice, (kills, each));
        let (group, _) = stage.starts();
        stage.releases(each);
        let acked: Vec<Acked> = feeders.into_iter().flat_map(|feeder| feeder.join().unwrap()).collect();
        (weather, acked, group)
    });
    until("all is read", Duration::from_secs(600), || {
        let waiting: i64 = messages::table
            .filter(messages::state.eq(MessageState::Received))
            .count()
            .get_result(&mut *site.conn())
            .ok()?;
        (waiting == 0 && site.ctx.blobs.spooled().unwrap().is_empty()).then_some(())
    });
    alive.dies();
    let (lost, twice, disorder) = verdict(&site, &stage, &acked);
    println!(
        "r01 kills {} ({} in the start) mails {} tries {} of which cut or refused {} lost {lost} twice {twice} \
         threads in wrong order {disorder} slowest start {:?} took {:?} seed {seed}",
        weather.kills,
        weather.in_the_start,
        acked.len(),
        stage.tries.load(Ordering::SeqCst),
        stage.tries.load(Ordering::SeqCst) - acked.len(),
        weather.slowest_start,
        began.elapsed()
    );
    assert_eq!(acked.len(), each * THREADS);
    assert_eq!((lost, twice, disorder), (0, 0, 0), "seed {seed}\n{}", stage.program.log());
}

/// Acknowledged mails that are not whole, mails shown twice, threads in another order than they were fed.
fn verdict(site: &Site, stage: &Stage, acked: &[Acked]) -> (usize, usize, usize) {
    let mut conn = site.conn();
    let rows: Vec<(i64, Option<i64>, String)> = messages::table
        .order((messages::received_at.asc(), messages::id.asc()))
        .select((messages::id, messages::request_id, messages::subject))
        .load(&mut *conn)
        .unwrap();
    let came: Vec<(String, i64)> =
        arrivals::table.select((arrivals::blob_sha256, arrivals::message_id)).load(&mut *conn).unwrap();
    let came: BTreeMap<String, i64> = came.into_iter().collect();
    let shown: BTreeMap<i64, (Option<i64>, &str)> =
        rows.iter().map(|(id, request, subject)| (*id, (*request, subject.as_str()))).collect();
    let right = |mail: &&Acked| {
        let of = (Some(stage.requests[mail.thread].id), format!("Zwischenstand {:05}", mail.number));
        let message = came.get(&mail.sha256).and_then(|id| shown.get(id));
        let kept = site.ctx.blobs.get(&mail.sha256).is_ok_and(|bytes| bytes == mail.bytes);
        kept && message == Some(&(of.0, of.1.as_str()))
    };
    let lost = acked.iter().filter(|mail| !right(mail)).count();
    let (mut twice, mut disorder) = (0, 0);
    for request in &stage.requests {
        let thread: Vec<&str> =
            rows.iter().filter(|row| row.1 == Some(request.id)).map(|row| row.2.as_str()).collect();
        let mut once = thread.clone();
        once.sort_unstable();
        disorder += usize::from(once != thread);
        once.dedup();
        twice += thread.len() - once.len();
    }
    let strays = rows.iter().filter(|row| row.1.is_none()).count();
    (lost, twice + strays, disorder)
}

#[test]
fn r01_the_check_itself_finds_what_is_lost_twice_or_out_of_order() {
    let site = Site::new(Backend::Sqlite);
    let person = site.person("Mara Varga", Role::Activist);
    let requests = vec![site.sends(person, site.city())];
    let stage = Stage {
        program: Program::over(&site),
        requests,
        group: AtomicU32::new(0),
        released: Mutex::new(0),
        more: Condvar::new(),
        done: AtomicUsize::new(0),
        tries: AtomicUsize::new(0),
        failed: AtomicBool::new(false),
    };
    let mut acked = Vec::new();
    for number in 0..3 {
        let bytes = stage.mail((0, number, 0));
        site.receives(&bytes, &stage.requests[0].reply_address);
        site.ctx.clock.set(site.now() + chrono::TimeDelta::seconds(1));
        acked.push(Acked { thread: 0, number, sha256: sha256(&bytes), bytes });
    }
    assert_eq!(verdict(&site, &stage, &acked), (0, 0, 0));
    let says = |sql: &str| match &mut *site.conn() {
        AnyConn::Sqlite(c) => diesel::connection::SimpleConnection::batch_execute(c, sql).unwrap(),
        AnyConn::Postgres(_) => unreachable!(),
    };
    says("UPDATE messages SET received_at = '2020-01-01 00:00:00' WHERE subject LIKE '%00002'");
    assert_eq!(verdict(&site, &stage, &acked), (0, 0, 1));
    says("UPDATE messages SET subject = 'Zwischenstand 00000' WHERE subject LIKE '%00001'");
    assert_eq!(verdict(&site, &stage, &acked), (1, 1, 1));
    std::fs::remove_file(site.ctx.config.blob_dir.join(&acked[0].sha256[..2]).join(&acked[0].sha256))
        .unwrap();
    assert_eq!(verdict(&site, &stage, &acked).0, 2);
}
