//! One question put to a child, and what it says: a mail and its reading, a letter and its sentences.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::model::tokens::Token as Heard;
use crate::service::cage::frames::{Asked, Token, token};
use crate::service::cage::running::{Question, Running, Said};
use crate::service::cage::{Error, Keep, Mail, PATIENCE};
use std::process::Child;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long a child whose output ended may take to end itself, and one that answered to have read its question.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Sends a mail and waits for its reading and its files; a child that failed is ended here.
pub fn exchange(running: &mut Running, mail: Mail<'_>, keep: Keep<'_>) -> Result<Incoming, Error> {
    let supplied = serde_json::to_vec(mail.supplied).map_err(|e| Error::Garbled(e.to_string()))?;
    let frames = vec![Arc::clone(mail.raw), Arc::new(supplied)];
    put(running, (Asked::Reading, frames), |replies| replies.reading(mail.sha256, keep))
}

/// Sends a letter, a `Lesson` as JSON, and waits for its sentences; a child that failed is ended here.
pub fn hear_letter(running: &mut Running, lesson: Vec<u8>) -> Result<Vec<Vec<Heard>>, Error> {
    put(running, (Asked::Lesson, vec![Arc::new(lesson)]), |replies| match replies.next()? {
        Said::Lesson(_, sentences) => Ok(sentences),
        _ => Err(strange()),
    })
}

fn put<T>(
    running: &mut Running,
    (asked, frames): (Asked, Vec<Arc<Vec<u8>>>),
    hear: impl FnOnce(&mut Replies<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let token = token().map_err(Error::Start)?;
    running.ask(Question { token, asked, frames });
    let mut replies = Replies { token, from: &running.from, waited: Duration::ZERO };
    let heard = hear(&mut replies);
    running.worked += replies.waited;
    heard.and_then(|heard| complete(running).map(|()| heard)).map_err(|error| {
        let error = match error {
            Error::Died(_) => Error::Died(last_words(&mut running.child)),
            error => error,
        };
        // One that is gone already cannot be killed, and need not be; this frees its threads too.
        let _ = running.child.kill();
        error
    })
}

/// Whether the child read all of its question and said no more than it was asked. Who answers before is taken over,
/// and would hold up its writer; who says more answers for a mail that is still to come.
fn complete(running: &Running) -> Result<(), Error> {
    if !matches!(running.written.recv_timeout(LAST_WORDS), Ok(Ok(()))) {
        return Err(Error::Garbled("it was given before the mail was read to its end".to_owned()));
    }
    if running.said_more() {
        return Err(Error::Garbled("expected one answer, found more behind it".to_owned()));
    }
    Ok(())
}

/// What a child says, for as long as one mail may take.
struct Replies<'a> {
    token: Token,
    from: &'a Receiver<Said>,
    waited: Duration,
}

impl Replies<'_> {
    fn next(&mut self) -> Result<Said, Error> {
        let began = Instant::now();
        let said = self.from.recv_timeout(PATIENCE.saturating_sub(self.waited));
        self.waited += began.elapsed();
        match said {
            Ok(Said::Garbled(why)) => Err(Error::Garbled(why)),
            Ok(Said::Reading(token, _) | Said::Lesson(token, _)) if token != self.token => {
                Err(Error::Garbled("expected the answer to this question, found one to another".to_owned()))
            }
            Ok(said) => Ok(said),
            Err(RecvTimeoutError::Timeout) => Err(Error::TooLong),
            Err(RecvTimeoutError::Disconnected) => Err(Error::Died(String::new())),
        }
    }

    /// Takes a reading in, which must be of this mail, then each of its files, which must be the one that the reading
    /// speaks of.
    fn reading(&mut self, mail: &str, keep: Keep<'_>) -> Result<Incoming, Error> {
        let Said::Reading(_, incoming) = self.next()? else { return Err(strange()) };
        same("a mail", mail, &incoming.sha256)?;
        for file in &incoming.attachments {
            let Said::File(bytes) = self.next()? else { return Err(strange()) };
            same("a file", &file.sha256, &keep(file, &bytes)?)?;
        }
        Ok(*incoming)
    }
}

fn strange() -> Error {
    Error::Garbled("expected a reading and then its files, found another order".to_owned())
}

fn same(what: &str, expected: &str, found: &str) -> Result<(), Error> {
    if expected == found {
        return Ok(());
    }
    Err(Error::Garbled(format!("expected {what} with SHA-256 `{expected}`, found `{found}`")))
}

/// How a child ended whose output did.
fn last_words(child: &mut Child) -> String {
    let patience = Instant::now() + LAST_WORDS;
    while Instant::now() < patience {
        match child.try_wait() {
            Ok(Some(status)) => return status.to_string(),
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return error.to_string(),
        }
    }
    "its output ended, but it did not".to_owned()
}
