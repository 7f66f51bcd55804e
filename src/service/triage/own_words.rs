//! What a reply says itself, once it is known whose it is: without bare copies of the letters that we wrote there.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::reread::without_letters;
use crate::service::Context;
use crate::service::triage::plan::{evidence, storable};
use crate::store::messages::Reread;
use crate::store::{Conn, Error, matching};

/// The mail without copies of our letters in these requests, read anew from what remains; none where it has none.
///
/// This runs outside the cage: the cage knows no letters and holds no database, and what works here is our own bounded
/// code on plain text that the cage took out of the bytes. No parser of anybody's format sees it again.
pub(super) fn of(
    ctx: &Context,
    conn: &mut Conn,
    (incoming, requests): (&Incoming, &[i64]),
) -> Result<Option<Incoming>, Error> {
    let letters = matching::letters(conn, requests)?;
    let texts: Vec<&str> = letters.iter().map(|letter| letter.body.as_str()).collect();
    if texts.is_empty() || incoming.text.is_empty() {
        return Ok(None);
    }
    let mut own = incoming.clone();
    Ok(without_letters(&mut own, &texts, &ctx.library.knowledge).then_some(own))
}

/// The same for a message that a person files under a request: what is kept of it is what remains. To read takes time,
/// so that it is done before anything is written.
pub(super) fn filed(
    ctx: &Context,
    conn: &mut Conn,
    request: i64,
    reading: &str,
) -> Result<Option<Reread>, Error> {
    let Ok(incoming) = serde_json::from_str::<Incoming>(reading) else { return Ok(None) };
    let Some(own) = of(ctx, conn, (&incoming, &[request]))? else { return Ok(None) };
    Ok(Some(reread(&own)?))
}

/// What is kept of a message that was read anew.
pub(super) fn reread(own: &Incoming) -> Result<Reread, Error> {
    Ok(Reread {
        language: own.language.clone(),
        kind: Some(own.reading.kind.as_str().to_owned()),
        confidence: Some(own.reading.confidence),
        own_text: storable(&own.text),
        quoted_text: own.quoted.as_deref().map(storable),
        reading: serde_json::to_string(own)?,
        evidence: Some(evidence(own)),
    })
}
