//! One mail handed to a child, and what it says of it.

use crate::domain::incoming::Incoming;
use crate::service::cage::frames::frame_out;
use crate::service::cage::running::{Running, Said};
use crate::service::cage::{Error, Keep, Mail, PATIENCE};
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long a child whose output ended may take to end itself.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Sends a mail and waits for its reading and its files. Sending has a thread of its own, because a child that does
/// not read would hold the sender for ever; a child that failed is ended here, which frees that thread too.
pub fn exchange(running: &mut Running, mail: Mail<'_>, keep: Keep<'_>) -> Result<Incoming, Error> {
    let Running { child, to, from, worked, .. } = running;
    let supplied = serde_json::to_vec(mail.supplied).map_err(|e| Error::Garbled(e.to_string()))?;
    std::thread::scope(|scope| {
        // A child that died shows here as a broken pipe; what it died of is asked below.
        scope.spawn(move || frame_out(to, mail.raw).and_then(|()| frame_out(to, &supplied)));
        let mut replies = Replies { from, waited: Duration::ZERO };
        let heard = hear(&mut replies, keep);
        *worked += replies.waited;
        heard.map_err(|error| {
            let error = match error {
                Error::Died(_) => Error::Died(last_words(child)),
                error => error,
            };
            // One that is gone already cannot be killed, and need not be.
            let _ = child.kill();
            error
        })
    })
}

/// What a child says, for as long as one mail may take.
struct Replies<'a> {
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
            Ok(said) => Ok(said),
            Err(RecvTimeoutError::Timeout) => Err(Error::TooLong),
            Err(RecvTimeoutError::Disconnected) => Err(Error::Died(String::new())),
        }
    }
}

/// Takes a reading in, then each of its files, which must be the one that the reading speaks of.
fn hear(replies: &mut Replies<'_>, keep: Keep<'_>) -> Result<Incoming, Error> {
    let strange = || Error::Garbled("expected a reading and then its files, found another order".to_owned());
    let Said::Reading(incoming) = replies.next()? else { return Err(strange()) };
    for file in &incoming.attachments {
        let Said::File(bytes) = replies.next()? else { return Err(strange()) };
        let found = keep(file, &bytes)?;
        if found != file.sha256 {
            let expected = &file.sha256;
            return Err(Error::Garbled(format!(
                "expected a file with SHA-256 `{expected}`, found `{found}`"
            )));
        }
    }
    Ok(*incoming)
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
