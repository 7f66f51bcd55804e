//! Notices to our own people: what happened to their requests, by mail, at least once and at most one mail an hour.

use crate::domain::incoming::loops::{NO_REPLY, NOTICE, is_no_reply};
use crate::domain::request::event::Event;
use crate::domain::request::notice::News;
use crate::mail::notice::{Notice, compose};
use crate::mail::transport::{Dispatch, Transport};
use crate::service::Context;
use crate::store::blobs::sha256;
use crate::store::notices::{self, Due, New};
use crate::store::{Conn, Db, Error, transaction};
use chrono::{DateTime, TimeDelta, Utc};
use std::fmt::Write;

/// Between two mails to the same person of the same request (R18).
const PAUSE: TimeDelta = TimeDelta::hours(1);
/// What happens within this time is told in one mail.
const TOGETHER: TimeDelta = TimeDelta::minutes(1);
/// What could not be told in this time is not told any more: the page of the request says it.
const GIVE_UP: TimeDelta = TimeDelta::days(5);
/// A worker that says nothing more has not sent it; then it is tried again. It may have: then it is told twice.
const LEASE: TimeDelta = TimeDelta::minutes(15);
/// The longest wait is four hours; what lies further ahead was put off by a clock that was wrong.
const FAR: TimeDelta = TimeDelta::hours(5);
/// So long before its last day a right is told of.
const SOON: TimeDelta = TimeDelta::days(3);
/// How many different things a mail names; of more it says how many.
const MOST_LINES: usize = 8;

/// Queues that somebody wrote to a request, within the caller's transaction.
pub fn reply_came(
    ctx: &Context,
    conn: &mut Conn,
    (request, message): (i64, i64),
    foreign: bool,
) -> Result<(), Error> {
    let news = if foreign { News::StrangerWrote } else { News::ReplyCame };
    let key = format!("reply:{message}:{request}");
    tell_requester(conn, (request, &key), news, ctx.clock.now())
}

fn tell_requester(
    conn: &mut Conn,
    (request, key): (i64, &str),
    news: News,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(person) = notices::whom(conn, request)? else { return Ok(()) };
    tell(conn, (person, Some(request), key), news, now)
}

fn tell(
    conn: &mut Conn,
    (person, request, key): (i64, Option<i64>, &str),
    news: News,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let new = New { key, person, request, subject: news.heading(), body: &news.sentence() };
    notices::queue(conn, &new, (now, now + TOGETHER)).map(drop)
}

/// Looks for what happened lately and nobody was told of. It is found by where things stand, so that whatever stopped an
/// earlier look, a later one makes up for it. What waits for too long is given up, so that without a mail server nothing
/// waits for ever.
pub fn gather(ctx: &Context, db: &Db) -> Result<(), Error> {
    let now = ctx.clock.now();
    let mut conn = db.conn()?;
    let conn = &mut *conn;
    notices::give_up_before(conn, (now - GIVE_UP, now))?;
    notices::bring_nearer(conn, (now, FAR))?;
    let kinds = ["sending_failed", "bounced", "overdue", "refused_by_silence"];
    for (id, request, event) in notices::untold(conn, &kinds, now - GIVE_UP)? {
        if let Some(news) = news_of(&event) {
            tell_requester(conn, (request, &format!("event:{id}")), news, now)?;
        }
    }
    for person in notices::staff(conn)? {
        for id in notices::untold_unknown(conn, person, now - GIVE_UP)? {
            tell(conn, (person, None, &format!("event:{id}:{person}")), News::Unknown, now)?;
        }
    }
    let today = now.date_naive();
    for (request, last_on) in notices::lapsing(conn, (today, today + SOON))? {
        let key = format!("right:{request}:{last_on}");
        tell_requester(conn, (request, &key), News::RightLapses { last_on }, now)?;
    }
    Ok(())
}

fn news_of(event: &Event) -> Option<News> {
    match event {
        Event::SendingFailed { .. } => Some(News::Undeliverable),
        Event::Bounced { permanent: true, .. } => Some(News::CameBack),
        Event::Overdue { due_on } => Some(News::Overdue { due_on: *due_on }),
        Event::RefusedBySilence { .. } => Some(News::RefusedBySilence),
        _ => None,
    }
}

/// Sends the next mail that is due; false = none is. It goes by itself and not through the outbox of letters: where
/// letters are paused, people are told all the same.
pub fn send_next(ctx: &Context, db: &Db, transport: &Transport) -> Result<bool, Error> {
    let now = ctx.clock.now();
    let due = transaction(&mut *db.conn()?, |conn| notices::claim(conn, (now, now + LEASE), PAUSE))?;
    let Some(due) = due else { return Ok(false) };
    let domain = &ctx.config.reply_domain;
    let dispatch = match mail(ctx, &due, now) {
        Ok(bytes) => transport.notify(domain, &due.email, &bytes),
        // There is nothing that another try could change.
        Err(why) => Dispatch::Refused { reply: why, about_recipient: true },
    };
    let mut conn = db.conn()?;
    match dispatch {
        // Where nobody knows, it may be told twice: that does no harm, and not to be told may.
        Dispatch::Accepted { .. } => notices::sent(&mut conn, &due.ids, ctx.clock.now())?,
        Dispatch::Refused { about_recipient: true, .. } => notices::give_up(&mut conn, &due.ids, now)?,
        // A refusal of us, of the null sender or of the text passes when somebody mends the cause.
        Dispatch::Deferred { .. } | Dispatch::Unknown { .. } | Dispatch::Refused { .. } => {
            notices::again_at(&mut conn, &due.ids, now + back_off(due.attempts))?;
        }
    }
    tracing::info!(notices = due.ids.len(), result = word(&dispatch), "notice tried");
    Ok(true)
}

fn word(dispatch: &Dispatch) -> &'static str {
    match dispatch {
        Dispatch::Accepted { .. } => "sent",
        Dispatch::Refused { about_recipient: true, .. } => "given up",
        Dispatch::Refused { .. } => "refused, tried again later",
        Dispatch::Deferred { .. } | Dispatch::Unknown { .. } => "tried again later",
    }
}

/// 5 minutes, doubled with each attempt, at most 4 hours.
fn back_off(attempts: i64) -> TimeDelta {
    let doublings = u32::try_from(attempts.clamp(0, 10)).unwrap_or(0);
    TimeDelta::minutes(i64::from(5_u32 << doublings).min(240))
}

/// The mail as bytes, or why there is none.
fn mail(ctx: &Context, due: &Due, now: DateTime<Utc>) -> Result<Vec<u8>, String> {
    let domain = &ctx.config.reply_domain;
    let (_, of) = due.email.rsplit_once('@').unwrap_or(("", ""));
    if of.eq_ignore_ascii_case(domain) || is_no_reply(&due.email, domain) {
        return Err("not sent: the address is one of our own".to_owned());
    }
    let hash = sha256(format!("{} {:?}", due.email, due.ids).as_bytes());
    let notice = Notice {
        from: format!("{NO_REPLY}@{domain}"),
        to: due.email.clone(),
        subject: subject(due),
        body: body(ctx, due),
        message_id: format!("{NOTICE}{}@{domain}", hash.get(..32).unwrap_or(&hash)),
        date: now,
    };
    let bytes = compose(&notice).map_err(|error| error.to_string())?;
    // A notice is told once, so it goes without a signature rather than not at all.
    Ok(ctx.signed(bytes.clone()).unwrap_or_else(|error| {
        tracing::error!(%error, "a notice could not be signed and goes without a signature");
        bytes
    }))
}

fn subject(due: &Due) -> String {
    let folded = folded(due);
    let what = match folded.as_slice() {
        [(heading, _, 1)] => (*heading).to_owned(),
        [(heading, _, times)] => format!("{heading} ({times} times)"),
        more => format!("{} things happened", more.iter().map(|(.., times)| times).sum::<usize>()),
    };
    match &due.request {
        Some((reference, _)) => format!("Request {reference}: {what}"),
        None => what,
    }
}

fn body(ctx: &Context, due: &Due) -> String {
    let mut out = String::new();
    if let Some((reference, authority)) = &due.request {
        let _ = writeln!(out, "Your request {reference} to {authority}:\n");
    }
    let folded = folded(due);
    for (heading, sentence, times) in folded.iter().take(MOST_LINES) {
        let times = if *times > 1 { format!(" ({times} times)") } else { String::new() };
        let _ = writeln!(out, "{heading}{times}. {sentence}\n");
    }
    if folded.len() > MOST_LINES {
        let _ = writeln!(out, "And {} more things.\n", folded.len() - MOST_LINES);
    }
    let page = match &due.request {
        Some((reference, _)) => format!("/desk/requests/{reference}"),
        None => "/desk".to_owned(),
    };
    let _ = writeln!(out, "{}{page}\n", ctx.config.public_url);
    let _ = writeln!(
        out,
        "The service sends this by itself, at most once an hour for a request. You can switch it off at the desk, \
         under “My calendar”. Please do not answer: nobody expects mail at this address."
    );
    out
}

/// What is told, alike things once with their number, in the order in which they first happened.
fn folded(due: &Due) -> Vec<(&str, &str, usize)> {
    let mut folded: Vec<(&str, &str, usize)> = Vec::new();
    for (heading, sentence) in &due.told {
        match folded.iter_mut().find(|(known, said, _)| known == heading && said == sentence) {
            Some((.., times)) => *times += 1,
            None => folded.push((heading, sentence, 1)),
        }
    }
    folded
}

/// Whether a person is told.
pub fn wanted(conn: &mut Conn, person: i64) -> Result<bool, Error> {
    notices::wanted(conn, person)
}

/// Has a person told or not.
pub fn want(conn: &mut Conn, person: i64, wanted: bool) -> Result<(), Error> {
    notices::want(conn, person, wanted)
}
