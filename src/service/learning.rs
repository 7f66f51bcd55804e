//! The reader learns from what people settle: its model is what ships, and the letters they last decided on.
//!
//! Nothing is kept beside the letters themselves: what is erased, or settled otherwise, is unlearnt at the next turn.

use crate::data;
use crate::domain::incoming::Knowledge;
use crate::domain::incoming::model::counts::Counts;
use crate::domain::incoming::model::lessons::learn;
use crate::domain::incoming::reading::{Kind, Letter};
use crate::service::Context;
use crate::service::cage::Cage;
use crate::store::messages::decided::{self, Decided, Mark};
use crate::store::{self, Db};

/// How many decisions are learnt from: the latest, so that it takes seconds at most.
const MOST: i64 = 3_000;

/// Why nothing could be learnt.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The shipped model cannot be read.
    #[error(transparent)]
    Shipped(#[from] data::Error),
}

/// What was learnt so far.
#[derive(Debug, Default)]
pub struct Learner {
    mark: Mark,
}

impl Learner {
    /// Learns anew if people decided something since the last time; from how many letters, or none if nothing is new.
    pub fn catch_up(&mut self, ctx: &Context, db: &Db, cage: &Cage) -> Result<Option<usize>, Error> {
        let mark = decided::mark(&mut *db.conn()?)?;
        if mark == self.mark {
            return Ok(None);
        }
        let letters = decided::latest(&mut *db.conn()?, MOST)?;
        let counts = taught(&letters, &ctx.library.knowledge);
        cage.learn(&counts)?;
        self.mark = mark;
        Ok(Some(letters.len()))
    }
}

fn taught(letters: &[Decided], knowledge: &Knowledge) -> Counts {
    let mut counts = Counts::default();
    for decided in letters {
        let Ok(kind) = decided.kind.parse::<Kind>() else { continue };
        let attachments: Vec<(&str, &str)> =
            decided.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let letter = Letter {
            subject: &decided.subject,
            body: &decided.own_text,
            attachments: &attachments,
            sent_on: Some(decided.received_at.date()),
        };
        learn(&letter, kind, knowledge, &mut counts);
    }
    counts
}
