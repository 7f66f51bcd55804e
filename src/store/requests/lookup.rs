//! Which requests something concerns: a mail, a second letter with the same questions.

use crate::domain::request::state::Status;
use crate::store::schema::{outbox, requests};
use crate::store::{Conn, Error};
use diesel::prelude::*;

/// What a mail may belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The request.
    pub id: i64,
    /// Public reference.
    pub reference: String,
    /// Who was asked.
    pub authority_id: i64,
    /// SHA-256 of its reply token.
    pub token_hash: String,
    /// Message-IDs of our letters to it.
    pub letters: Vec<String>,
    /// Where those letters went, lower case.
    pub addresses: Vec<String>,
}

/// Requests that any of the clues of a mail points at.
pub fn candidates(
    conn: &mut Conn,
    token_hashes: &[String],
    message_ids: &[String],
    references: &[String],
) -> Result<Vec<Found>, Error> {
    let by_letter: Vec<i64> = outbox::table
        .filter(outbox::mail_message_id.eq_any(message_ids.to_vec()))
        .select(outbox::request_id)
        .load(conn)?;
    let rows: Vec<(i64, String, i64, String)> = requests::table
        .filter(
            requests::reply_token_hash
                .eq_any(token_hashes.to_vec())
                .or(requests::reference.eq_any(references.to_vec()))
                .or(requests::id.eq_any(by_letter)),
        )
        .order(requests::id.asc())
        .limit(50)
        .select((requests::id, requests::reference, requests::authority_id, requests::reply_token_hash))
        .load(conn)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let letters: Vec<(i64, String, String)> = outbox::table
        .filter(outbox::request_id.eq_any(ids))
        .select((outbox::request_id, outbox::mail_message_id, outbox::envelope_to))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, reference, authority_id, token_hash)| Found {
            id,
            reference,
            authority_id,
            token_hash,
            letters: letters
                .iter()
                .filter(|(of, ..)| *of == id)
                .map(|(_, letter, _)| letter.clone())
                .collect(),
            addresses: letters
                .iter()
                .filter(|(of, ..)| *of == id)
                .map(|(.., to)| to.to_lowercase())
                .collect(),
        })
        .collect())
}

/// Open requests with the same bundle at some authorities, as (authority, reference).
pub fn open_with_bundle(
    conn: &mut Conn,
    authorities: &[i64],
    bundle: &str,
) -> Result<Vec<(i64, String)>, Error> {
    let open: Vec<Status> =
        Status::ALL.iter().copied().filter(|s| s.is_open() || *s == Status::Filed).collect();
    Ok(requests::table
        .filter(requests::authority_id.eq_any(authorities.to_vec()))
        .filter(requests::bundle.eq(bundle))
        .filter(requests::status.eq_any(open))
        .order(requests::id.desc())
        .select((requests::authority_id, requests::reference))
        .load(conn)?)
}
