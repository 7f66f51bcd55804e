//! Mail is ranked before anything is written, placed once whoever else is at work, and nobody's slip is forgotten.

use crate::story::matching::{INFO, with_typo};
use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::incoming::proposal::Proposal;
use askance::service::intake::{self, Mail};
use askance::service::triage::{assign, read_next, set_aside};
use askance::store::messages::{self, MessageRow};
use askance::store::requests::RequestRow;
use askance::store::types::{MessageState, Role};
use askance::store::{Conn, Error, transaction};
use diesel::connection::SimpleConnection;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const REFUSAL: &str = "Sehr geehrte Frau Varga,\n\nIhr Antrag wird abgelehnt. Dem Informationszugang steht § 6 Satz 1 Buchst. a IFG NRW entgegen.";

/// Every message there is.
fn all(site: &Site) -> Vec<MessageRow> {
    // SQLite numbers on from the highest, PostgreSQL from where it was.
    (1..60).chain(10_301..10_310).filter_map(|id| messages::find(&mut site.conn(), id).unwrap()).collect()
}

fn proposal(row: &MessageRow) -> Proposal {
    serde_json::from_str(&row.proposal).unwrap()
}

/// Is safe, and not read yet.
fn waits(site: &Site, raw: &[u8], recipient: &str) {
    let recipients = [recipient.to_owned()];
    intake::accept(
        site.ctx.door(),
        Some(&site.db),
        Mail { raw, recipients: &recipients, via: "lmtp", handed: None },
    )
    .unwrap();
}

fn three_requests(site: &Site) -> Vec<RequestRow> {
    let activist = site.person("Mara Varga", Role::Activist);
    ["Amt Eins", "Amt Zwei", "Amt Drei"]
        .iter()
        .map(|name| site.authority(name, (AuthorityKind::Municipality, "de-nw-ifg", "de"), "brandau.example"))
        .map(|authority| site.sends(activist, authority))
        .collect()
}

/// A request of years ago, as the database takes it in.
fn old_request(id: i64, activist: i64, city: i64) -> String {
    format!(
        "INSERT INTO requests (id, reference, authority_id, person_id, form_key, bundle, language, title, signed_as, \
         regime, regime_version, reply_token_hash, reply_address, status, filed_at, last_event_at, events_count, folded) \
         VALUES ({id}, '2020-{id}', {city}, {activist}, 'old-{id}', 'x', 'de', 'x', 'x', 'de-nw-ifg', '1', 'hash-{id}', \
         'r-2020-{id}-aaaabbbbccccddddeeee@post.askance.example', 'sent', '2020-01-01 00:00:00', \
         '2020-01-01 00:00:00', 1, 'x');"
    )
}

/// So many requests with very long letters, and a mail that names them all.
pub(crate) fn slow_mail(site: &Site, (activist, city): (i64, i64), letters: i64) -> Vec<u8> {
    let word = |n: usize| format!("wort{n}");
    let long: Vec<String> = (0..30_000).map(word).collect();
    let long = long.join(" ");
    let mut sql = Vec::new();
    for n in 1..=letters {
        sql.push(format!(
            "{old} INSERT INTO outbox (request_id, letter, mail_message_id, blob_sha256, subject, body, envelope_from, \
             envelope_to, state, attempts, leave_after, next_attempt_at, created_at) VALUES ({id}, 'request', \
             'long-{n}@post.askance.example', 'x', 'x', '{n} {long}', 'x', 'x', 'accepted', 1, '2020-01-01 00:00:00', \
             '2020-01-01 00:00:00', '2020-01-01 00:00:00'); ",
            old = old_request(10_000 + n, activist, city),
            id = 10_000 + n
        ));
    }
    site.conn().batch_execute(&sql.concat()).unwrap();
    let named: Vec<String> = (1..=letters).map(|n| format!("2020-{}", 10_000 + n)).collect();
    let text = format!("{}\n\n{}", named.join(" "), long.get(..150_000).unwrap());
    let request = site.request("2020-10001");
    Reply::to(&request, "brandau.example").about("Viele Akten").addressed(INFO).saying(&text).raw()
}

/// Erases a request as the database sees it.
pub(crate) fn erase(conn: &mut Conn, request: i64) {
    for table in ["request_rights", "request_questions", "outbox", "events"] {
        conn.batch_execute(&match table {
            "outbox" => format!(
                "DELETE FROM outbox_attempts WHERE outbox_id IN (SELECT id FROM outbox WHERE request_id = {request}); \
                 DELETE FROM outbox WHERE request_id = {request}"
            ),
            table => format!("DELETE FROM {table} WHERE request_id = {request}"),
        })
        .unwrap();
    }
    conn.batch_execute(&format!("DELETE FROM requests WHERE id = {request}")).unwrap();
}

stories! {
    fn mail_that_is_slow_to_rank_keeps_nobody_from_writing(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        waits(site, &slow_mail(site, (activist, city), 60), INFO);
        let done = AtomicBool::new(false);
        let (took, waited) = std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let start = Instant::now();
                read_next(&site.ctx, &site.db, &site.cage, 10).unwrap();
                done.store(true, Ordering::SeqCst);
                start.elapsed()
            });
            let mut longest = Duration::ZERO;
            while !done.load(Ordering::SeqCst) {
                let start = Instant::now();
                // As the desk does when somebody says what the message is.
                transaction(&mut site.conn(), |conn| messages::locked(conn, 1).map(|_| ())).unwrap();
                longest = longest.max(start.elapsed());
                std::thread::sleep(Duration::from_millis(2));
            }
            (reader.join().unwrap(), longest)
        });
        site.works();
        assert!(proposal(&all(site)[0]).matches.len() > 3, "it was ranked");
        assert!(waited * 3 < took + Duration::from_millis(300), "waited {waited:?} of the {took:?} that it took");
    }

    fn request_that_goes_away_while_its_mail_is_ranked_leaves_the_mail_unmatched(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let request = site.sends(activist, site.city());
        let reply = Reply::to(&request, "brandau.example").about("Bescheid").saying(REFUSAL);
        waits(site, &reply.raw(), &request.reply_address);
        std::thread::scope(|scope| {
            transaction(&mut site.conn(), |conn| {
                erase(conn, request.id);
                scope.spawn(|| read_next(&site.ctx, &site.db, &site.cage, 10).unwrap());
                // Long enough to rank a small mail; were it too short, it would find no request from the start.
                std::thread::sleep(Duration::from_millis(800));
                Ok::<(), Error>(())
            })
            .unwrap();
        });
        site.works();
        let row = &all(site)[0];
        assert_eq!((row.request_id, row.state), (None, MessageState::Unmatched), "and not `could not be read`");
    }

    fn four_services_place_one_mail_to_three_requests_once_in_each(site: &mut Site) {
        let requests = three_requests(site);
        let to: Vec<&str> = requests.iter().map(|request| request.reply_address.as_str()).collect();
        for n in 0..6 {
            let mail = Reply::to(&requests[0], "brandau.example").with_id(&format!("{n}@brandau.example"));
            let mail = mail.about("Sammelbescheid").addressed(&to.join(",\r\n ")).saying(&format!("{REFUSAL} {n}"));
            waits(site, &mail.raw(), to[n % 3]);
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| while read_next(&site.ctx, &site.db, &site.cage, 100).unwrap() > 0 {});
            }
        });
        site.works();
        let found = all(site);
        assert_eq!(found.len(), 18, "{:?}", found.iter().map(|m| (m.id, m.request_id, m.state)).collect::<Vec<_>>());
        for request in &requests {
            let here = found.iter().filter(|m| m.request_id == Some(request.id) && m.state == MessageState::Held);
            assert_eq!(here.count(), 6);
        }
    }

    fn mistyped_address_beside_two_right_ones_is_put_before_a_person_there(site: &mut Site) {
        let requests = three_requests(site);
        let typo = with_typo(&requests[2].reply_address);
        let to = [requests[0].reply_address.clone(), requests[1].reply_address.clone(), typo];
        let mail = Reply::to(&requests[0], "brandau.example").about("Sammelbescheid").addressed(&to.join(",\r\n "));
        let raw = mail.saying(REFUSAL).raw();
        for recipient in &to {
            site.receives(&raw, recipient);
        }
        let found = all(site);
        let mut filed: Vec<Option<i64>> = found.iter().map(|m| m.request_id).collect();
        filed.sort_unstable();
        assert_eq!(filed, requests.iter().map(|request| Some(request.id)).collect::<Vec<_>>());
        assert!(found.iter().all(|m| m.state == MessageState::Held));
        let meant = found.iter().find(|m| m.request_id == Some(requests[2].id)).unwrap();
        let proposed = proposal(meant);
        assert_eq!(proposed.matches[0].request_id, requests[2].id);
        assert!(!proposed.matches[0].certain);
        assert!(proposed.ask.unwrap().contains("with a slip in the address: check that it belongs here."));
        assert_eq!(site.kinds(requests[2].id), ["filed", "sent"]);
    }

    fn mistyped_address_in_a_strangers_mail_is_only_proposed(site: &mut Site) {
        let requests = three_requests(site);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let typo = with_typo(&requests[2].reply_address);
        let to = [requests[0].reply_address.clone(), requests[1].reply_address.clone(), typo];
        let mail = |id: &str| {
            let mail = Reply::to(&requests[0], "kanzlei.example").about("Sammelbescheid").with_id(id);
            mail.addressed(&to.join(",\r\n ")).saying(&format!("{REFUSAL} {id}")).raw()
        };
        for recipient in &to {
            site.receives(&mail("1@kanzlei.example"), recipient);
        }
        let open = |site: &Site| -> Vec<MessageRow> { all(site).into_iter().filter(|m| m.request_id.is_none()).collect() };
        let found = open(site);
        assert_eq!((found.len(), found[0].state), (1, MessageState::Unmatched), "of three deliveries one");
        assert_eq!(proposal(&found[0]).matches[0].request_id, requests[2].id);
        assert!(proposal(&found[0]).matches.iter().all(|m| m.request_id == requests[2].id), "elsewhere it is already");
        assert_eq!(all(site).len(), 3);
        // Filed there by a person, it comes once more for another recipient and makes nothing new.
        assign(&site.ctx, &mut site.conn(), volunteer, found[0].id, &requests[2].reference).unwrap();
        site.receives(&mail("1@kanzlei.example"), &to[1].to_uppercase());
        assert_eq!((all(site).len(), open(site).len()), (3, 0));
        // Two such mails can both be set aside.
        site.receives(&mail("2@kanzlei.example"), &to[0]);
        let other = open(site);
        set_aside(&site.ctx, &mut site.conn(), volunteer, other[0].id, "spam").unwrap();
        assert_eq!(open(site)[0].state, MessageState::SetAside);
        site.receives(&mail("2@kanzlei.example"), &to[1]);
        assert_eq!(open(site).len(), 1, "what was set aside does not come back by itself");
    }

    fn mail_with_hundreds_of_numbers_and_with_nothing_a_database_takes_is_placed(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let request = site.sends(activist, site.city());
        let receipt = "Ihr Antrag ist eingegangen und wird unter dem Aktenzeichen 32-1024/2026 bearbeitet.";
        for n in 0..3 {
            let reply = Reply::to(&request, "brandau.example").about("Eingang").with_id(&format!("{n}@brandau.example"));
            site.receives(&reply.saying(&format!("Sehr geehrte Frau Varga, hiermit bestätige ich den Eingang. {receipt} ({n})")).raw(), &request.reply_address);
        }
        // The number of an office, given to a crowd of other requests: it tells nothing and hides no other number.
        let mut sql = Vec::new();
        for n in 1..=300 {
            let id = 10_000 + n;
            sql.push(format!(
                "{old} INSERT INTO messages (id, request_id, direction, state, content_key, scope, blob_sha256, size, recipient, \
                 received_at, to_addresses, subject, automatic, own_text, reading, proposal, told) VALUES ({id}, {id}, 'in', \
                 'settled', 'o-{n}', 'o-{n}', 'x', 1, 'x', '2020-01-01 00:00:00', '[]', '', 'none', '', 'null', 'null', {no}); \
                 INSERT INTO file_numbers (request_id, message_id, folded, written) VALUES ({id}, {id}, 'ifg12345', 'IFG 12345'); ",
                old = old_request(id, activist, request.authority_id),
                no = "FALSE",
            ));
        }
        site.conn().batch_execute(&sql.concat()).unwrap();
        let many: Vec<String> = (0..3_000).map(|n| format!("{n}/2020-X")).collect();
        let mail = Reply::to(&request, "elsewhere.example").about("IFG 12345, Az. 32-1024/2026").addressed(INFO);
        let mail = mail.with("In-Reply-To: <a\u{0}b@brandau.example>").with_id("z@elsewhere.example");
        site.receives(&mail.saying(&many.join(" ")).raw(), INFO);
        let row = all(site).into_iter().find(|row| row.request_id.is_none()).unwrap();
        assert_eq!(row.state, MessageState::Unmatched);
        assert_eq!(proposal(&row).matches.iter().map(|found| found.request_id).collect::<Vec<_>>(), [request.id]);
    }
}
