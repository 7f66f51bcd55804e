//! Where letters are heard that people settled: a child that knows what ships and nothing that was learnt.

use crate::domain::incoming::Knowledge;
use crate::domain::incoming::model::lessons::Lesson;
use crate::domain::incoming::model::tokens::Token;
use crate::service::cage::exchange::hear_letter;
use crate::service::cage::running::{Running, start};
use crate::service::cage::{Cage, Error};
use std::path::Path;
use std::sync::Arc;

/// Hears letters one by one; its child ends with it.
#[derive(Debug)]
pub struct School<'a> {
    cage: &'a Cage,
    shipped: &'a Knowledge,
    running: Option<Running>,
}

impl Cage {
    /// A school over this cage. What ships is taught to each child as it starts; a cage that is none needs it here.
    pub fn school<'a>(&'a self, shipped: &'a Knowledge) -> School<'a> {
        School { cage: self, shipped, running: None }
    }
}

impl School<'_> {
    /// The sentences of a letter that carry its step. A letter over which a child fails costs only itself: what came
    /// before it may have spoilt the child, so it gets a fresh one.
    pub fn hear(&mut self, lesson: &Lesson) -> Result<Vec<Vec<Token>>, Error> {
        let Cage::Process { program, .. } = self.cage else { return Ok(lesson.sentences(self.shipped)) };
        let bytes = serde_json::to_vec(lesson).map_err(|error| Error::Garbled(error.to_string()))?;
        if let Some(waiting) = self.running.take().filter(|running| !running.is_worn())
            && let Ok(heard) = self.hear_in(waiting, bytes.clone())
        {
            return Ok(heard);
        }
        let fresh = fresh(program)?;
        self.hear_in(fresh, bytes)
    }

    fn hear_in(&mut self, mut running: Running, lesson: Vec<u8>) -> Result<Vec<Vec<Token>>, Error> {
        let heard = hear_letter(&mut running, lesson)?;
        running.read += 1;
        self.running = Some(running);
        Ok(heard)
    }
}

fn fresh(program: &Path) -> Result<Running, Error> {
    start(program, &Arc::default()).map_err(Error::Start)
}
