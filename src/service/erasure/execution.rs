//! Doing what a tombstone says, in one transaction, at the first time and again.

use crate::domain::incoming::known_again;
use crate::domain::letter::Signature;
use crate::domain::publication::erasing::Reason;
use crate::service::Context;
use crate::service::erasure::words::{
    Names, event_without_names, event_without_words, shares_a_line, words_without_names,
};
use crate::service::erasure::{Error, Extent};
use crate::store::audit::{self, Act};
use crate::store::erasure::{self, Redacted, Tombstone};
use crate::store::{Conn, blobs};
use std::collections::BTreeSet;

/// What went so far.
#[derive(Default)]
struct Gone {
    extent: Extent,
    redacted: Vec<Redacted>,
    keys: BTreeSet<String>,
}

/// Erases what a tombstone names, within the caller's transaction, and writes down that it was; the bytes that may go
/// after the commit.
pub(super) fn execute(
    ctx: &Context,
    conn: &mut Conn,
    (stone, action): (&Tombstone, &str),
) -> Result<(Extent, BTreeSet<String>), Error> {
    let mut gone = Gone { keys: stone.blobs.iter().cloned().collect(), ..Gone::default() };
    match stone.kind.as_str() {
        "person" => person(ctx, conn, (stone, &mut gone))?,
        "attachment" => attachment(ctx, conn, (stone, &mut gone))?,
        _ => message(ctx, conn, (stone, &mut gone))?,
    }
    // Whatever of it is not here any more, or was never here.
    for fingerprint in &stone.mails {
        erasure::know_again(conn, (fingerprint, None), stone.erased_at)?;
    }
    erasure::insert(conn, stone)?;
    gone.extent.events = gone.redacted.len();
    let act = Act {
        at: ctx.clock.now(),
        person: stone.person.filter(|_| action == "erase"),
        action,
        subject: stone.subject.clone(),
        body: serde_json::json!({
            "mark": stone.mark,
            "reason": stone.reason,
            "class": stone.class,
            "messages": gone.extent.messages,
            "attachments": gone.extent.attachments,
            "letters": gone.extent.letters,
            "redacted": gone.redacted,
        }),
    };
    audit::append(conn, &act)?;
    Ok((gone.extent, gone.keys))
}

/// Writes down by what these mails are known if they come again. Mail that went because its time was over may come
/// again: nobody asked that it never be read.
fn know_again(ctx: &Context, conn: &mut Conn, (stone, ids): (&Tombstone, &[i64])) -> Result<(), Error> {
    if stone.class == Reason::TimeIsUp {
        return Ok(());
    }
    for (message, fingerprint) in fingerprints(ctx, conn, ids)? {
        erasure::know_again(conn, (&fingerprint, Some(message)), stone.erased_at)?;
    }
    Ok(())
}

/// By what mails are known again, each with its message: by their bytes, however they came, and by their content.
pub(super) fn fingerprints(ctx: &Context, conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, String)>, Error> {
    let key = ctx.config.secret.bytes();
    let mut found = Vec::new();
    for (message, content) in erasure::contents(conn, ids)? {
        let (_, raw) = erasure::same_mail(conn, &[message], &[])?;
        found.extend(raw.iter().map(|sha256| (message, known_again::of_bytes(key, sha256))));
        // Before it is read a mail has no content key, and an erased one none any more.
        if !content.starts_with("raw:") && !content.starts_with("erased:") {
            found.push((message, known_again::of_content(key, &content)));
        }
    }
    Ok(found)
}

/// The messages of a tombstone that are there: the same number and time, or the same bytes from before the erasure.
fn messages(
    conn: &mut Conn,
    stone: &Tombstone,
    keys: &[String],
) -> Result<(Vec<i64>, BTreeSet<String>), Error> {
    let mut known = Vec::new();
    for (id, received_at) in &stone.rows {
        known.extend(
            erasure::message(conn, *id)?.filter(|row| row.received_at == *received_at).map(|row| row.id),
        );
    }
    let (ids, keys) = erasure::same_mail(conn, &known, keys)?;
    let mut before = Vec::new();
    for id in ids {
        // A mail that came again since is another one: nobody said that it is to go.
        let old = erasure::message(conn, id)?.is_some_and(|row| row.received_at.and_utc() <= stone.erased_at);
        before.extend(old.then_some(id));
    }
    Ok((before, keys))
}

fn message(ctx: &Context, conn: &mut Conn, (stone, gone): (&Tombstone, &mut Gone)) -> Result<(), Error> {
    let (ids, keys) = messages(conn, stone, &stone.blobs)?;
    let files = erasure::attachments_of(conn, &ids)?;
    gone.extent.messages = ids.len();
    gone.extent.attachments = files.len();
    know_again(ctx, conn, (stone, &ids))?;
    gone.keys.extend(keys.into_iter().chain(files.into_iter().map(|(_, _, key, _)| key)));
    erasure::empty(conn, &ids, stone)?;
    gone.redacted = erasure::redact_events(conn, (&ids, &[]), event_without_words)?;
    Ok(())
}

fn attachment(ctx: &Context, conn: &mut Conn, (stone, gone): (&Tombstone, &mut Gone)) -> Result<(), Error> {
    let Some(key) = stone.blobs.first() else { return Ok(()) };
    let mut ids = Vec::new();
    for id in erasure::with_attachment(conn, key)? {
        let row = erasure::message(conn, id)?;
        ids.extend(row.filter(|row| row.received_at.and_utc() <= stone.erased_at).map(|row| row.id));
    }
    let (same, keys) = erasure::same_mail(conn, &ids, &[])?;
    know_again(ctx, conn, (stone, &same))?;
    gone.keys.extend(keys);
    for (message, position, sha256, content) in erasure::attachments_of(conn, &ids)? {
        if sha256 != *key {
            continue;
        }
        erasure::empty_attachment(conn, (message, position), stone)?;
        gone.extent.attachments += 1;
        // What was quoted from it to everyone, or taken for the text of the mail, goes with it.
        if let (Some(content), Some(mut row)) = (content, erasure::message(conn, message)?) {
            row.published_text = row.published_text.filter(|text| !shares_a_line(text, &content));
            if shares_a_line(&row.own_text, &content) {
                row.own_text.clear();
            }
            erasure::rewrite(conn, &row)?;
        }
    }
    gone.extent.messages = same.len();
    // The raw mail holds the bytes of the file, and what was read of it quotes its text.
    erasure::strip(conn, &same)?;
    gone.redacted = erasure::redact_events(conn, (&same, &[]), event_without_words)?;
    Ok(())
}

fn person(ctx: &Context, conn: &mut Conn, (stone, gone): (&Tombstone, &mut Gone)) -> Result<(), Error> {
    let Some((id, added)) = stone.rows.first() else { return Ok(()) };
    let Some((email, name, _)) = erasure::person(conn, *id)?.filter(|(.., at)| at == added) else {
        return Ok(());
    };
    let requests = erasure::requests_of(conn, *id)?;
    let signed = requests.iter().map(|(_, signed_as)| Signature::parse(signed_as).person);
    let names = Names::of(std::iter::once(name).chain(signed), &email);
    let requests: Vec<i64> = requests.iter().map(|(id, _)| *id).collect();
    let letters = erasure::letters_of(conn, &requests)?;
    gone.extent.letters = letters.len();
    gone.keys.extend(letters.into_iter().map(|(.., key)| key));
    erasure::empty_letters(conn, &requests)?;
    let ids = erasure::messages_of(conn, &requests)?;
    let (same, keys) = erasure::same_mail(conn, &ids, &[])?;
    know_again(ctx, conn, (stone, &same))?;
    gone.keys.extend(keys);
    gone.extent.messages = same.len();
    for (message, position, key, content) in erasure::attachments_of(conn, &same)? {
        if content.as_ref().is_some_and(|content| names.are_in(content)) {
            erasure::empty_attachment(conn, (message, position), stone)?;
            gone.extent.attachments += 1;
            gone.keys.insert(key);
        }
    }
    for id in &same {
        if let Some(mut row) = erasure::message(conn, *id)? {
            row.subject = names.struck(&row.subject);
            row.own_text = names.struck(&row.own_text);
            row.published_text = row.published_text.map(|text| names.struck(&text));
            row.published_subject = row.published_subject.map(|text| names.struck(&text));
            erasure::rewrite(conn, &row)?;
        }
    }
    erasure::forget_addresses(conn, &same, |text| names.are_in(text))?;
    erasure::rename_attachments(conn, &same, |text| words_without_names(text, &names))?;
    erasure::strip(conn, &same)?;
    let change = |body: &str| event_without_names(body, &names);
    gone.redacted = erasure::redact_events(conn, (&[], &requests), change)?;
    let account = blobs::sha256(email.as_bytes());
    erasure::empty_person(conn, (*id, &account), &requests)?;
    Ok(())
}
