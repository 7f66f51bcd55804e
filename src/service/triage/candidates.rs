//! The requests that a mail may belong to, found by index and put before the ranking.

use crate::domain::incoming::matching::domains::Known;
use crate::domain::incoming::matching::reply::{slip, variants};
use crate::domain::incoming::matching::{Addressed, Candidate, Clues, Match, Ours, rank};
use crate::domain::reference::ReplyToken;
use crate::store::matching::{self, Found, Letter};
use crate::store::requests::former::{self, Former};
use crate::store::{Conn, Error};
use std::collections::BTreeSet;

/// How many addresses of one mail are searched for a slip of the pen; each costs some 1,400 hashes.
const MOST_SLIPS: usize = 5;
/// How many requests are compared with one mail.
const MOST_CANDIDATES: usize = 120;

/// The requests that a mail may belong to.
pub(super) struct Ranked {
    /// Best first.
    pub matches: Vec<Match>,
    /// Those whose reply address it was sent to with a slip, with what stands before the `@` there.
    pub mistyped: Vec<(i64, String)>,
    /// Addresses that were given up, to which it was sent.
    pub former: Vec<Former>,
}

/// Ranks the requests that a mail may belong to. It only reads and may take its time over a mail that was made to be
/// slow: nobody calls it within a transaction that writes.
pub(super) fn ranked(conn: &mut Conn, clues: &Clues) -> Result<Ranked, Error> {
    let mut search = Search { ids: Vec::new(), seen: BTreeSet::new() };
    let tokens = hashes(&clues.reply_tokens);
    let in_text = hashes(&clues.text_tokens);
    search.add(matching::by_tokens(conn, &tokens)?);
    let former = former::by_tokens(conn, &tokens)?;
    search.add(former.iter().map(|former| former.request_id));
    search.add(matching::by_tokens(conn, &in_text)?);
    search.add(matching::by_letters(conn, &clues.message_ids)?);
    let replies = matching::by_replies(conn, &clues.message_ids)?;
    search.add(replies.iter().map(|(request, _)| *request));
    search.add(matching::by_references(conn, &clues.references)?);
    let near = near(conn, clues, &tokens)?;
    search.add(matching::by_tokens(conn, &near)?);
    let numbers = matching::by_file_numbers(conn, &clues.numbers)?;
    search.add(numbers.iter().map(|(request, ..)| *request));
    for address in clues.from_address.iter().chain(clues.undelivered.iter().take(3)) {
        for authority in matching::authorities_at(conn, address)? {
            search.add(matching::latest_of(conn, authority)?);
        }
    }
    let found = matching::found(conn, &search.ids)?;
    let letters = matching::letters(conn, &search.ids)?;
    let authorities: Vec<i64> =
        found.iter().map(|found| found.authority_id).collect::<BTreeSet<_>>().into_iter().collect();
    let known = matching::known_of(conn, &authorities)?;
    let facts = Facts { clues, tokens, in_text, letters, replies, numbers, known };
    let candidates: Vec<Candidate> = found.iter().map(|found| facts.candidate(found)).collect();
    let mistyped = found.iter().filter_map(|found| Some((found.id, facts.mistyped(found)?))).collect();
    Ok(Ranked { matches: rank(clues, &candidates), mistyped, former })
}

/// How an authority is known to write, for a message that a person files.
pub(super) fn known(conn: &mut Conn, authority: i64) -> Result<Vec<Known>, Error> {
    Ok(matching::known_of(conn, &[authority])?.into_iter().map(|(_, known)| known).collect())
}

struct Search {
    ids: Vec<i64>,
    seen: BTreeSet<i64>,
}

impl Search {
    /// The stronger a clue, the earlier its requests come; what is too much is left out at the weak end.
    fn add(&mut self, ids: impl IntoIterator<Item = i64>) {
        for id in ids {
            if self.ids.len() < MOST_CANDIDATES && self.seen.insert(id) {
                self.ids.push(id);
            }
        }
    }
}

fn hashes(tokens: &[String]) -> Vec<String> {
    tokens.iter().map(|token| ReplyToken::hash_of(token)).collect()
}

/// Hashes of all tokens that are one slip away from an address of ours that is nobody's. It answers nobody: what it
/// finds is shown to people at the desk, so it opens no door to guessing (R15).
fn near(conn: &mut Conn, clues: &Clues, tokens: &[String]) -> Result<Vec<String>, Error> {
    let right = matching::by_tokens(conn, tokens)?;
    let known = matching::found(conn, &right)?;
    let is_known = |local: &&String| {
        known.iter().any(|found| {
            found
                .reply_address
                .split('@')
                .next()
                .is_some_and(|right| local.starts_with(&right.to_lowercase()))
        })
    };
    let unknown = clues.local_parts.iter().filter(|local| !is_known(local));
    Ok(unknown.take(MOST_SLIPS).flat_map(|local| hashes(&variants(local))).collect())
}

/// What was looked up for all candidates together.
struct Facts<'a> {
    clues: &'a Clues,
    tokens: Vec<String>,
    in_text: Vec<String>,
    letters: Vec<Letter>,
    replies: Vec<(i64, String)>,
    numbers: Vec<(i64, String, String)>,
    known: Vec<(i64, Known)>,
}

impl Facts<'_> {
    fn candidate(&self, found: &Found) -> Candidate {
        let of = |request: i64| request == found.id;
        Candidate {
            request_id: found.id,
            reference: found.reference.clone(),
            addressed: self.addressed(found),
            in_text: self.in_text.contains(&found.token_hash),
            letters: self.letters.iter().filter(|letter| of(letter.request_id)).map(ours).collect(),
            reply_ids: self
                .replies
                .iter()
                .filter(|(request, _)| of(*request))
                .map(|(_, id)| id.clone())
                .collect(),
            file_numbers: self
                .numbers
                .iter()
                .filter(|(request, ..)| of(*request))
                .map(|(_, folded, written)| (folded.clone(), written.clone()))
                .collect(),
            known: self
                .known
                .iter()
                .filter(|(authority, _)| *authority == found.authority_id)
                .map(|(_, known)| known.clone())
                .collect(),
            sent_at: found.sent_at.map(|at| at.and_utc()),
            open: found.status.is_open(),
        }
    }

    fn addressed(&self, found: &Found) -> Addressed {
        if let Some(place) = self.tokens.iter().position(|hash| *hash == found.token_hash) {
            return Addressed::Exactly(place);
        }
        let slip = self.clues.local_parts.iter().find_map(|local| slip(local, &found.reply_address));
        slip.map_or(Addressed::Not, Addressed::Nearly)
    }

    /// The address that was meant to be that of the request.
    fn mistyped(&self, found: &Found) -> Option<String> {
        let Addressed::Nearly(_) = self.addressed(found) else { return None };
        self.clues.local_parts.iter().find(|local| slip(local, &found.reply_address).is_some()).cloned()
    }
}

fn ours(letter: &Letter) -> Ours {
    Ours {
        message_id: letter.message_id.clone(),
        address: letter.address.to_lowercase(),
        subject: letter.subject.clone(),
        body: letter.body.clone(),
    }
}
