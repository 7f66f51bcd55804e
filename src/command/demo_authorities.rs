//! Simulated authorities for the demonstration: they take our letters by SMTP on loopback and answer by LMTP.
//!
//! Nothing here can reach another machine: letters to anybody who is not in the cast are refused, and answers go to
//! one loopback address.

mod cast;
mod pdf;
mod reply;
mod script;

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

pub use crate::command::demo_authorities::cast::{Behaviour, CAST, CastMember, cast};
use crate::command::demo_authorities::reply::{Letter, write};
use crate::command::demo_authorities::script::When;
use crate::mail::listener::{self, Envelope, Limits, Listener, Protocol, Stopper, Verdict};
use crate::mail::lmtp;

/// How often an answer is offered before it is given up, once a second.
const TRIES: u32 = 120;

/// Why the authorities cannot play.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Answers would leave this machine.
    #[error("expected a loopback address for simulated replies, found `{0}`")]
    NotLoopback(SocketAddr),
    /// No port for letters.
    #[error("the simulated authorities have no mail server")]
    Listen(#[from] listener::Error),
}

/// How quickly the authorities answer, counted from the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Until an acknowledgement, an automatic reply or a bounce.
    pub acknowledgement: Duration,
    /// Until the decision, the extension or the answer.
    pub decision: Duration,
}

impl Pace {
    /// For somebody who watches: two and six seconds.
    pub fn quick() -> Self {
        Self { acknowledgement: Duration::from_secs(2), decision: Duration::from_secs(6) }
    }
}

/// What time the authorities write on their letters.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The authorities at work; they stop when this is dropped.
pub struct SimulatedAuthorities {
    address: SocketAddr,
    stopper: Stopper,
    threads: Vec<JoinHandle<()>>,
}

/// One answer that waits for its hour.
struct Job {
    at: Instant,
    letter: Arc<Letter>,
    member: &'static CastMember,
    step: usize,
    tries: u32,
}

impl SimulatedAuthorities {
    /// Takes letters on a free loopback port and answers to the service's LMTP listener, which must be on loopback.
    pub fn start(service: SocketAddr, pace: Pace, now: Now) -> Result<Self, Error> {
        if !service.ip().is_loopback() {
            return Err(Error::NotLoopback(service));
        }
        let listener = Listener::bind("127.0.0.1:0", Protocol::Smtp, Limits::default())?;
        let address = listener.local_addr().ok_or_else(|| listener::Error::Address(String::new()))?;
        let stopper = listener.stopper();
        let (jobs, due) = channel();
        let jobs = Mutex::new(jobs);
        let take = std::thread::spawn(move || {
            listener.serve(&move |envelope: &Envelope, bytes: &[u8]| {
                envelope.recipients.iter().map(|recipient| accept(recipient, bytes, pace, &jobs)).collect()
            });
        });
        let answer = std::thread::spawn(move || answer_all(&due, service, &now));
        Ok(Self { address, stopper, threads: vec![take, answer] })
    }

    /// What `smtp_url` has to be: `smtp://127.0.0.1:port`.
    pub fn smtp_url(&self) -> String {
        format!("smtp://{}", self.address)
    }
}

impl Drop for SimulatedAuthorities {
    fn drop(&mut self) {
        self.stopper.stop();
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}

/// A letter for one of the cast is put down for each of its answers.
fn accept(recipient: &str, bytes: &[u8], pace: Pace, jobs: &Mutex<Sender<Job>>) -> Verdict {
    let Some(member) = cast().iter().find(|member| member.email.eq_ignore_ascii_case(recipient)) else {
        return Verdict::Refuse("no such authority in this demonstration, and nothing leaves it".to_owned());
    };
    let Some(letter) = Letter::read(bytes) else {
        return Verdict::Refuse("a letter with From, Message-ID and text was expected".to_owned());
    };
    let letter = Arc::new(letter);
    for (step, script) in member.behaviour.steps().iter().enumerate() {
        let wait = match script.when {
            When::Soon => pace.acknowledgement,
            When::Later => pace.decision,
        };
        let job = Job { at: Instant::now() + wait, letter: Arc::clone(&letter), member, step, tries: 0 };
        if jobs.lock().unwrap_or_else(PoisonError::into_inner).send(job).is_err() {
            return Verdict::TryLater("closing".to_owned());
        }
    }
    Verdict::Safe
}

/// What a member of the cast answers to a letter at given times, for a past that is told in one go: sender and
/// bytes of each answer in turn.
pub fn answers(member: &CastMember, letter: &[u8], times: &[DateTime<Utc>]) -> Vec<(String, Vec<u8>)> {
    let Some(letter) = Letter::read(letter) else { return Vec::new() };
    member
        .behaviour
        .steps()
        .iter()
        .zip(times)
        .enumerate()
        .map(|(number, (step, at))| write(&letter, member, (number, step), *at))
        .map(|mail| (mail.sender, mail.bytes))
        .collect()
}

/// Sends each answer when its time has come; ends when no more letters can come in.
fn answer_all(due: &Receiver<Job>, service: SocketAddr, now: &Now) {
    let mut waiting: Vec<Job> = Vec::new();
    loop {
        let next = waiting.iter().map(|job| job.at).min();
        let wait = next.map_or(Duration::from_secs(3600), |at| at.saturating_duration_since(Instant::now()));
        match due.recv_timeout(wait) {
            Ok(job) => waiting.push(job),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let instant = Instant::now();
        let (ready, later): (Vec<Job>, Vec<Job>) = waiting.into_iter().partition(|job| job.at <= instant);
        waiting = later;
        waiting.extend(ready.into_iter().filter_map(|job| answer(job, service, now)));
    }
}

/// Offers one answer; gives the job back when it has to be offered again.
fn answer(mut job: Job, service: SocketAddr, now: &Now) -> Option<Job> {
    let step = job.member.behaviour.steps().get(job.step)?;
    let mail = write(&job.letter, job.member, (job.step, step), now());
    let problem = match lmtp::deliver(service, &mail.sender, &[&job.letter.reply_to], &mail.bytes) {
        Ok(replies) if replies.iter().all(|reply| reply.starts_with('2')) => return None,
        Ok(replies) if replies.iter().any(|reply| reply.starts_with('5')) => {
            tracing::warn!(authority = job.member.name_en, "a simulated reply was refused");
            return None;
        }
        Ok(_) => "later".to_owned(),
        Err(error) => error.to_string(),
    };
    job.tries += 1;
    if job.tries >= TRIES {
        tracing::warn!(authority = job.member.name_en, problem, "a simulated reply was given up");
        return None;
    }
    job.at = Instant::now() + Duration::from_secs(1);
    Some(job)
}
