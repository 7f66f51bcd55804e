//! `askance cage`: the child that reads mails with limits; the service starts it.

use crate::command::exit;
use crate::data::knowledge::knowledge;
use crate::service::cage;
use std::sync::Arc;

/// Reads mails until stdin ends.
pub fn run() -> u8 {
    let Ok(knowledge) = knowledge().map(Arc::new) else { return exit::DATA };
    let (mut from, mut to) = (std::io::stdin().lock(), std::io::stdout().lock());
    cage::serve(&mut from, &mut to, &knowledge).map_or(exit::IO, |()| exit::OK)
}
