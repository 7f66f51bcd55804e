//! The reader learns from what people settle: its model is what ships, and the letters they last decided on.
//!
//! Nothing is kept beside the letters themselves: what is erased, or settled otherwise, is unlearnt at the next turn.

use crate::data;
use crate::domain::incoming::model::counts::Counts;
use crate::domain::incoming::model::lessons::{Lesson, learn};
use crate::service::Context;
use crate::service::cage::Cage;
use crate::store::messages::decided::{self, Decided};
use crate::store::{self, Db};

/// How many decisions are learnt from: the latest, so that it takes seconds at most.
const MOST: u16 = 3_000;

/// Why nothing could be learnt.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The shipped model cannot be read.
    #[error(transparent)]
    Shipped(#[from] data::Error),
    /// Nobody can hear the letters.
    #[error(transparent)]
    Cage(#[from] crate::service::cage::Error),
}

/// What was learnt so far.
#[derive(Debug, Default)]
pub struct Learner {
    mark: Option<String>,
}

impl Learner {
    /// Learns anew if people decided something since the last time; from how many letters, or none if nothing is new.
    ///
    /// One letter after the other is fetched, and heard in the cage: what a stranger wrote is taken apart nowhere else.
    pub fn catch_up(&mut self, ctx: &Context, db: &Db, cage: &Cage) -> Result<Option<usize>, Error> {
        let latest = decided::latest(&mut *db.conn()?, MOST)?;
        if self.mark.as_ref() == Some(&latest.mark) || (self.mark.is_none() && latest.ids.is_empty()) {
            return Ok(None);
        }
        let (mut counts, mut letters) = (Counts::default(), 0);
        let mut school = cage.school(&ctx.library.knowledge);
        for id in latest.ids {
            let Some(lesson) = decided::one(&mut *db.conn()?, id)?.and_then(lesson) else { continue };
            letters += 1;
            match school.hear(&lesson) {
                Ok(sentences) => {
                    if let Err(error) = learn(&sentences, lesson.kind, &mut counts) {
                        tracing::warn!(%error, message = id, "nothing is learnt from a letter");
                    }
                }
                Err(error) if error.is_about_the_mail() => {
                    tracing::warn!(%error, message = id, "a letter cannot be heard and is not learnt from");
                }
                Err(error) => return Err(error.into()),
            }
        }
        cage.learn(&counts)?;
        self.mark = Some(latest.mark);
        Ok(Some(letters))
    }
}

fn lesson(decided: Decided) -> Option<Lesson> {
    Some(Lesson {
        kind: decided.kind.parse().ok()?,
        subject: decided.subject,
        body: decided.own_text,
        files: decided.files,
        sent_on: Some(decided.received_at.date()),
    })
}
