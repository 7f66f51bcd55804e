//! A scanned letter takes minutes to recognise: it is placed at once, read again later, and holds up nobody.

use crate::cage::pictures::{SENTENCES, mail, scanned_of};
use crate::story::matching::with_typo;
use crate::story::placing::erase;
use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::incoming::Incoming;
use askance::domain::incoming::proposal::Proposal;
use askance::domain::incoming::reading::Kind;
use askance::domain::publication::erasing::Reason;
use askance::domain::request::state::Outcome;
use askance::service::cage::Cage;
use askance::service::erasure::{self, Target, Wish};
use askance::service::intake::{self, Mail};
use askance::service::triage::{Settlement, assign, proposed_settlement, recognise_next, settle};
use askance::store::messages::{self, scans};
use askance::store::requests::RequestRow;
use askance::store::types::{MessageState, Role};
use askance::store::{Error, transaction};
use askance::worker::{self, Parts};
use chrono::TimeDelta;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn recognising() -> Cage {
    Cage::of(PathBuf::from(env!("CARGO_BIN_EXE_askance"))).recognising()
}

/// A covering mail with the letter itself as a scan.
fn scanned_letter(sentences: &[&str]) -> Vec<u8> {
    mail("application/pdf", "Bescheid.pdf", &scanned_of(1, sentences))
}

fn mail_of(site: &Site, id: i64) -> Incoming {
    serde_json::from_str(&site.message(id).reading).unwrap()
}

fn kind(site: &Site, id: i64) -> Option<String> {
    site.message(id).kind
}

fn notes(site: &Site, id: i64) -> String {
    mail_of(site, id).attachments[0].notes.join("\n")
}

fn recognises_next(site: &Site) -> bool {
    recognise_next(&site.ctx, &site.db, &site.cage).unwrap()
}

/// Another authority, with a request of its own that has left.
fn other_request(site: &Site, person: i64) -> RequestRow {
    let other =
        site.authority("Stadt Neuried", (AuthorityKind::Municipality, "de-nw-ifg", "de"), "neuried.example");
    site.sends(person, other)
}

/// A request whose answer came as a scan.
fn answered_by_scan(site: &mut Site) -> RequestRow {
    site.cage = recognising();
    let (activist, city) = (site.person("Mara Varga", Role::Activist), site.city());
    let request = site.sends(activist, city);
    site.receives(&scanned_letter(&SENTENCES), &request.reply_address);
    request
}

stories! {
    fn scan_is_placed_at_once_and_read_again_with_its_text(site: &mut Site) {
        let request = answered_by_scan(site);
        let placed = site.message(1);
        assert_eq!((placed.state, placed.request_id), (MessageState::Held, Some(request.id)));
        assert!(notes(site, 1).contains("is being recognised"), "{}", notes(site, 1));
        assert!(kind(site, 1).as_deref() != Some("refusal"), "nobody has seen its text yet");
        // What comes after it does not wait for it.
        let next = Reply::to(&request, "brandau.example").saying("Der Antrag wird abgelehnt.");
        site.receives(&next.raw(), &request.reply_address);
        assert_eq!(kind(site, 2).as_deref(), Some("refusal"));

        assert!(recognises_next(site));
        assert_eq!((kind(site, 1).as_deref(), site.message(1).state), (Some("refusal"), MessageState::Held));
        let file = mail_of(site, 1).attachments.remove(0);
        assert!(file.text.unwrap().contains("41-B/2026"));
        assert!(notes(site, 1).contains("was recognised from a picture") && !notes(site, 1).contains("is being"));
        let proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        assert_eq!((proposed.kind, proposed.outcome), (Kind::Refusal, Some(Outcome::Refused)));
        assert_eq!(site.kinds(request.id), ["filed", "sent"], "a person decides");
        assert!(!recognises_next(site), "once is enough");
        assert!(messages::find(&mut site.conn(), 3).unwrap().is_none());
    }

    fn scan_is_recognised_after_a_restart_in_the_midst_of_it(site: &mut Site) {
        answered_by_scan(site);
        // A worker takes it, and the power goes.
        let now = site.now();
        assert!(scans::take(&mut site.conn(), (now, now + TimeDelta::minutes(5))).unwrap().is_some());
        assert!(!recognises_next(site), "another worker may still be at it");
        site.ctx.clock.set(now + TimeDelta::minutes(6));
        assert!(recognises_next(site));
        assert_eq!(kind(site, 1).as_deref(), Some("refusal"));
    }

    fn r50_scan_that_is_erased_while_it_is_recognised_leaves_nothing_behind(site: &mut Site) {
        answered_by_scan(site);
        let keys = |site: &Site| site.ctx.blobs.keys().unwrap();
        let letter: std::collections::BTreeSet<String> = {
            let found = keys(site);
            let raw = site.message(1).blob_sha256;
            let file = mail_of(site, 1).attachments.remove(0).sha256;
            found.into_iter().filter(|key| *key != raw && *key != file).collect()
        };
        let wish = Wish { target: Target::Message(1), reason: "asked for it".to_owned(), class: Reason::AskedFor, person: None };
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| recognises_next(site));
            // It has its bytes in memory by then, and looks at the picture for a second at least.
            std::thread::sleep(Duration::from_millis(400));
            erasure::erase(&site.ctx, &site.db, &wish).unwrap();
            assert_eq!(keys(site), letter);
            assert!(reader.join().unwrap());
        });
        assert_eq!(keys(site), letter, "the file did not come back");
        assert!(!recognises_next(site));
    }

    fn scan_of_a_stranger_stays_proposed_where_its_address_was_mistyped(site: &mut Site) {
        site.cage = recognising();
        let (activist, city) = (site.person("Mara Varga", Role::Activist), site.city());
        let (right, slip) = (site.sends(activist, city), other_request(site, activist));
        let to = format!("{}, {}", right.reply_address, with_typo(&slip.reply_address));
        let raw = String::from_utf8(scanned_letter(&SENTENCES)).unwrap();
        let raw = raw.replace("poststelle@brandau.example", &format!("kanzlei@elsewhere.example\r\nTo: {to}"));
        site.receives(raw.as_bytes(), &right.reply_address);
        assert!(recognises_next(site));
        let copy = site.message(2);
        assert_eq!((copy.state, copy.request_id), (MessageState::Unmatched, None));
        let proposed: Proposal = serde_json::from_str(&copy.proposal).unwrap();
        assert_eq!(proposed.matches[0].request_id, slip.id);
        assert!(mail_of(site, 2).attachments[0].text.as_deref().unwrap().contains("abgelehnt"));
        assert_eq!(site.message(1).request_id, Some(right.id));
        assert!(messages::find(&mut site.conn(), 3).unwrap().is_none());
    }

    fn what_a_person_said_before_the_scan_was_read_stays(site: &mut Site) {
        let request = answered_by_scan(site);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let said = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        let told = Settlement {
            kind: Kind::NotHeld,
            outcome: Some(Outcome::NotHeld),
            publish: Some("We do not hold it.".to_owned()),
            ..said
        };
        settle(&site.ctx, &mut site.conn(), volunteer, &told).unwrap();
        let events = site.kinds(request.id);
        assert!(recognises_next(site));
        let after = site.message(1);
        assert_eq!((after.state, after.kind.as_deref()), (MessageState::Settled, Some("not_held")));
        assert_eq!(site.kinds(request.id), events);
        assert_eq!(messages::published(&mut site.conn(), 1).unwrap().text.as_deref(), Some("We do not hold it."));
        assert!(mail_of(site, 1).attachments[0].text.as_deref().unwrap().contains("abgelehnt"), "the file can be read");
    }

    fn where_a_person_filed_a_scan_it_stays(site: &mut Site) {
        let request = answered_by_scan(site);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let filed = other_request(site, request.person_id);
        assign(&site.ctx, &mut site.conn(), volunteer, 1, &filed.reference).unwrap();
        assert!(recognises_next(site));
        let after = site.message(1);
        assert_eq!((after.request_id, after.state), (Some(filed.id), MessageState::Held));
        assert_eq!(after.kind.as_deref(), Some("refusal"));
        let proposal: Proposal = serde_json::from_str(&after.proposal).unwrap();
        assert_eq!(proposal.ask.as_deref(), Some("A person filed it here: say what it is."));
    }

    fn scan_that_names_its_request_is_matched_once_it_is_read(site: &mut Site) {
        site.cage = recognising();
        let (activist, city) = (site.person("Mara Varga", Role::Activist), site.city());
        let request = site.sends(activist, city);
        let named = format!("Ihr Antrag {} vom September", request.reference);
        let raw = scanned_letter(&[&named, "Der Antrag wird abgelehnt."]);
        let raw = String::from_utf8(raw).unwrap().replace("poststelle@brandau.example", "scanner@elsewhere.example");
        site.receives(raw.as_bytes(), "info@post.askance.example");
        let matches = |site: &Site| -> Vec<i64> {
            let proposal: Proposal = serde_json::from_str(&site.message(1).proposal).unwrap();
            proposal.matches.iter().map(|found| found.request_id).collect()
        };
        assert_eq!((site.message(1).state, matches(site)), (MessageState::Unmatched, vec![]));
        assert!(recognises_next(site));
        assert_eq!(matches(site), [request.id]);
        assert_eq!(mail_of(site, 1).attachments.len(), 1);
        assert!(!recognises_next(site));
    }

    fn scan_whose_request_goes_away_while_it_is_ranked_is_placed_without_it(site: &mut Site) {
        site.cage = recognising();
        let (activist, city) = (site.person("Mara Varga", Role::Activist), site.city());
        let (other, request) = (other_request(site, activist), site.sends(activist, city));
        let scan = |of: &RequestRow, domain: &str| {
            let named = format!("Ihr Antrag {} vom September", of.reference);
            let raw = String::from_utf8(scanned_letter(&[&named, "Der Antrag wird abgelehnt."])).unwrap();
            let raw = raw.replace("14 Apr 2026", "14 Sep 2026").replace("Tue, ", "").replace("brandau.example", domain);
            site.receives(raw.as_bytes(), "info@post.askance.example");
        };
        scan(&other, "neuried.example");
        assert!(recognises_next(site));
        assert_eq!(site.message(1).request_id, Some(other.id), "its text says whose it is");
        scan(&request, "brandau.example");
        assert_eq!(site.message(2).state, MessageState::Unmatched);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| recognises_next(site));
            // It is taken; to recognise its picture takes longer than this.
            while scans::take(&mut site.conn(), (site.now(), site.now())).unwrap().is_some() {
                std::thread::sleep(Duration::from_millis(2));
            }
            transaction(&mut site.conn(), |conn| {
                erase(conn, request.id);
                // Long enough to recognise one page and to rank it; were it too short, there were no request at all.
                std::thread::sleep(Duration::from_secs(3));
                Ok::<(), Error>(())
            })
            .unwrap();
            assert!(reader.join().unwrap());
        });
        let placed = site.message(2);
        assert_eq!((placed.state, placed.request_id), (MessageState::Unmatched, None), "and not open again");
        assert!(mail_of(site, 2).attachments[0].text.as_deref().unwrap().contains("abgelehnt"));
        assert!(!recognises_next(site));
    }

    fn one_scan_to_two_requests_is_recognised_once_for_both(site: &mut Site) {
        site.cage = recognising();
        let (activist, city) = (site.person("Mara Varga", Role::Activist), site.city());
        let one = site.sends(activist, city);
        let two = other_request(site, activist);
        let to = format!("To: {}, {}\r\n", one.reply_address, two.reply_address);
        let raw = [to.as_bytes(), &scanned_letter(&SENTENCES)].concat();
        site.receives(&raw, &one.reply_address);
        assert_eq!([site.message(1).state, site.message(2).state], [MessageState::Held; 2]);
        assert!(recognises_next(site));
        assert_eq!([kind(site, 1), kind(site, 2)], [Some("refusal".to_owned()), Some("refusal".to_owned())]);
        assert!(!recognises_next(site));
    }

    fn scan_whose_text_ends_its_reader_says_so(site: &mut Site) {
        let request = answered_by_scan(site);
        site.cage = Cage::of(PathBuf::from("/bin/false"));
        assert!(recognises_next(site));
        let after = site.message(1);
        assert_eq!((after.state, after.request_id), (MessageState::Held, Some(request.id)));
        assert!(notes(site, 1).contains("was not recognised: the reading process died"), "{}", notes(site, 1));
        site.cage = recognising();
        assert!(!recognises_next(site), "in vain is not tried again");
    }

    fn lateness_is_marked_while_a_mail_holds_up_its_reader(site: &mut Site) {
        let (activist, city) = (site.person("Mara Varga", Role::Activist), site.city());
        let request = site.sends(activist, city);
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("child");
        std::fs::write(&program, "#!/bin/sh\nexec sleep 30\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let reply = Reply::to(&request, "brandau.example").saying("Der Antrag wird abgelehnt.").raw();
        let recipients = [request.reply_address.clone()];
        let mail = Mail { raw: &reply, recipients: &recipients, via: "lmtp", handed: None };
        intake::accept(site.ctx.door(), Some(&site.db), mail).unwrap();
        site.ctx.clock.set(site.now() + TimeDelta::days(60));
        let parts = Parts {
            context: Arc::clone(&site.ctx),
            db: site.db.clone(),
            cage: Arc::new(Cage::of(program)),
            transport: None,
        };
        let workers = worker::start(&parts).unwrap();
        let began = Instant::now();
        while !site.kinds(request.id).contains(&"overdue") && began.elapsed() < Duration::from_secs(15) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let marked = began.elapsed();
        assert_eq!(site.message(1).state, MessageState::Received, "its reader still hangs");
        workers.stop(Duration::ZERO);
        assert!(site.kinds(request.id).contains(&"overdue"), "not after {marked:?}");
    }

    fn worker_reads_a_scan_in_the_end(site: &mut Site) {
        answered_by_scan(site);
        let cage = Arc::new(recognising());
        let parts = Parts { context: Arc::clone(&site.ctx), db: site.db.clone(), cage, transport: None };
        let workers = worker::start(&parts).unwrap();
        let began = Instant::now();
        while kind(site, 1).as_deref() != Some("refusal") && began.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(50));
        }
        workers.stop(Duration::from_secs(10));
        assert_eq!(kind(site, 1).as_deref(), Some("refusal"));
    }
}
