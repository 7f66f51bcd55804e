//! Blobs in an object store: nothing is lost while it is away, nothing wrong is shown, and what is erased is gone there.

use crate::keeping::erasure::{PLANTED, published};
use crate::keeping::house::{House, until};
use crate::support::bucket::{ACCESS_KEY, Mood, ObjectStore, SECRET_KEY};
use crate::support::house::Program;
use crate::support::mail::Reply;
use crate::support::{Backend, Site, stories};
use askance::domain::publication::erasing::Reason;
use askance::mail::lmtp;
use askance::service::erasure::{self, Target, Wish};
use askance::service::intake::{self, Mail};
use askance::service::{Context, backup};
use askance::store::blobs::{Blobs, sha256};
use askance::store::erasure::{self as traces, Tombstone};
use askance::store::messages;
use askance::store::requests::RequestRow;
use askance::store::types::Role;
use rocket::http::Status;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The program over a site whose blobs are in a bucket.
fn program(site: &Site, store: &ObjectStore) -> Program {
    Program::over(site)
        .with("ASKANCE_BLOB_URL", &store.url("askance"))
        .with("ASKANCE_SPOOL_DIR", &site.ctx.config.blob_dir.display().to_string())
        .with("ASKANCE_S3_ACCESS_KEY", ACCESS_KEY)
        .with("ASKANCE_S3_SECRET_KEY", SECRET_KEY)
}

fn does(program: &Program, words: &[&str]) -> String {
    let done = program.command(&[], words).output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(done.status.success(), "{words:?}: {said}");
    assert!(!said.contains(SECRET_KEY), "{said}");
    said
}

fn mail(request: &RequestRow, n: usize) -> Vec<u8> {
    let reply = Reply::to(request, "brandau.example").with_id(&format!("{n}@brandau.example"));
    reply.saying(&format!("Wir suchen noch, zum Mal {n}.")).raw()
}

/// What `/healthz` says is wrong; nothing = all is well.
fn health(program: &Program) -> String {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.get(format!("http://{}/healthz", program.web)).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    if answer.status() == 503 { text } else { String::new() }
}

fn is_read(site: &Site, raw: &[u8]) -> Option<()> {
    let key = sha256(raw);
    let row = (1..20)
        .find_map(|id| messages::find(&mut site.conn(), id).unwrap().filter(|row| row.blob_sha256 == key));
    row.filter(|row| row.state != askance::store::types::MessageState::Received).map(drop)
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story from the first mail to the restored houses")]
fn r53_mail_goes_to_a_bucket_survives_its_absence_and_comes_back_from_a_backup() {
    let (site, store) = (Site::new(Backend::Sqlite), ObjectStore::start());
    let person = site.person("Mara Varga", Role::Activist);
    let request = site.sends(person, site.city());
    let program = program(&site, &store);
    let told = does(&program, &["check"]);
    assert!(told.contains("ok     blobs: written, read, listed and removed in http://127.0.0.1:"), "{told}");
    let service = program.opens(&[]);
    let hands_in = |raw: &[u8]| {
        let said = lmtp::deliver(program.lmtp, "", &[&request.reply_address], raw).unwrap().remove(0);
        assert_eq!(said, "250 2.0.0 safe");
    };
    let mails: Vec<Vec<u8>> = (0..6).map(|n| mail(&request, n)).collect();
    hands_in(&mails[0]);
    until("the mail is read", || is_read(&site, &mails[0]));
    assert!(store.has(&sha256(&mails[0])));
    until("nothing is left on this disk", || site.ctx.blobs.keys().unwrap().is_empty().then_some(()));
    assert_eq!(site.ctx.blobs.spooled().unwrap(), Vec::new());

    // While it is away mail comes in all the same, and it is said.
    store.is(Mood::Away);
    let away = Instant::now();
    for raw in &mails[1..5] {
        hands_in(raw);
    }
    until("it is said", || health(&program).contains("blobs_away").then_some(()));
    assert!(away.elapsed() < Duration::from_secs(60));
    assert_eq!(site.ctx.blobs.spooled().unwrap().len(), 4, "the spool keeps what is not carried yet");
    let failed = program.command(&[], &["check"]).output().unwrap();
    assert!(String::from_utf8_lossy(&failed.stdout).contains("WRONG  blobs: http://127.0.0.1:"));
    store.is(Mood::Busy);
    let back = Instant::now();
    for raw in &mails[1..5] {
        until("the mail is read", || is_read(&site, raw));
        assert!(store.has(&sha256(raw)));
    }
    until("it is well again", || health(&program).is_empty().then_some(()));
    println!("r53 bucket away for {:?}: 4 mails, 0 lost, all read {:?} later", back - away, back.elapsed());
    store.is(Mood::Well);
    hands_in(&mails[5]);
    until("the mail is read", || is_read(&site, &mails[5]));
    assert_eq!(store.refused(), Vec::<String>::new());

    // To a folder, erased, and back into another bucket and into a folder.
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display().to_string();
    assert!(does(&program, &["backup", &place]).contains(" 0 notes of mail"));
    does(&program, &["backup", "--verify", &place]);
    let erased = sha256(&mails[2]);
    let id = (1..20).find(|id| {
        messages::find(&mut site.conn(), *id).unwrap().is_some_and(|row| row.blob_sha256 == erased)
    });
    let id = id.unwrap().to_string();
    assert!(store.holds("zum Mal 2"));
    does(&program, &["erase", "--message", &id, "--reason", "asked for it", "--yes"]);
    assert!(!store.has(&erased) && !store.holds("zum Mal 2"), "gone from the bucket");
    assert_eq!(store.names("askance/tombstones/").len(), 1, "what was erased is known to all machines");
    let log = program.log();
    assert!(log.contains("the store of blobs does not answer") && log.contains("answers again"), "{log}");
    assert!(!log.contains(SECRET_KEY) && !log.contains(ACCESS_KEY), "{log}");
    drop(service);

    for to_a_bucket in [true, false] {
        let mut bare = House::new(Backend::Sqlite);
        if to_a_bucket {
            bare.operator = bare
                .operator
                .with("ASKANCE_BLOB_URL", &store.url("second"))
                .with("ASKANCE_S3_ACCESS_KEY", ACCESS_KEY)
                .with("ASKANCE_S3_SECRET_KEY", SECRET_KEY);
        }
        assert!(bare.does(&["restore", &place]).contains(" 0 notes of mail"));
        for raw in &mails {
            let key = sha256(raw);
            let there = if to_a_bucket {
                store.names("second/").iter().any(|name| name.ends_with(&key))
            } else {
                bare.blobs().get(&key).is_ok_and(|bytes| bytes == *raw)
            };
            assert!(there, "{}", String::from_utf8_lossy(raw));
        }
    }
    assert_eq!(store.refused(), Vec::<String>::new());
}

fn in_a_bucket(site: &mut Site, store: &ObjectStore) {
    let blobs = Blobs::over(&site.ctx.config.blob_dir, store.bucket("askance")).unwrap();
    site.ctx = Arc::new(Context { blobs, ..Context::clone(&site.ctx) });
}

/// The store is back, and it is no longer let be.
fn is_back(site: &Site, store: &ObjectStore) {
    store.is(Mood::Well);
    until("it is asked again", || site.ctx.blobs.answer().then_some(()));
}

/// As after kill -9 between the rows of an erasure and its bytes: the rows are gone, the list of what goes is there.
fn doomed(site: &Site, mark: &str, keys: &std::collections::BTreeSet<String>) {
    let stone = Tombstone {
        mark: mark.to_owned(),
        kind: "message".to_owned(),
        subject: "message:99".to_owned(),
        reason: "asked for it".to_owned(),
        class: Reason::AskedFor,
        person: None,
        erased_at: site.now(),
        rows: Vec::new(),
        blobs: Vec::new(),
        mails: Vec::new(),
    };
    traces::insert(&mut site.conn(), &stone).unwrap();
    site.ctx.blobs.doom(mark, keys).unwrap();
}

stories! {
    fn r53_one_object_that_the_bucket_refuses_keeps_no_other_waiting(site: &mut Site) {
        let store = ObjectStore::start();
        in_a_bucket(site, &store);
        let person = site.person("Mara Varga", Role::Activist);
        let request = site.sends(person, site.city());
        let mails: Vec<Vec<u8>> = (0..3).map(|n| mail(&request, n)).collect();
        store.refuses(Some(&sha256(&mails[0])));
        for raw in &mails {
            let recipients = [request.reply_address.clone()];
            let mail = Mail { raw, recipients: &recipients, via: "lmtp", handed: None };
            intake::accept(site.ctx.door(), Some(&site.db), mail).unwrap();
        }
        site.works();
        assert!(site.ctx.blobs.answer(), "what it says of one is no word of the others");
        let read = |raw: &[u8]| is_read(site, raw).is_some();
        assert_eq!([read(&mails[0]), read(&mails[1]), read(&mails[2])], [false, true, true]);
        assert_eq!(site.ctx.blobs.spooled().unwrap().len(), 1, "it stays in the spool");
        assert!(site.ctx.blobs.get(&sha256(&mails[0])).is_ok(), "and its bytes on this disk");
        site.ctx.blobs.carry_all().unwrap();
        assert_eq!(site.ctx.blobs.carry_all().unwrap(), 0, "and nothing else is left here");
        store.refuses(None);
        site.works();
        assert!(read(&mails[0]) && store.has(&sha256(&mails[0])));
    }

    fn r50_what_is_erased_goes_from_the_bucket_and_pages_say_when_it_is_away(site: &mut Site) {
        let store = ObjectStore::start();
        in_a_bucket(site, &store);
        let request = published(site);
        site.ctx.blobs.carry_all().unwrap();
        assert!(PLANTED.iter().any(|word| store.holds(word)));
        let browser = site.browser();
        let file = || {
            let began = Instant::now();
            let answer = browser.get("/files/1/0/file").dispatch();
            assert!(began.elapsed() < Duration::from_secs(10));
            (answer.status(), answer.headers().get_one("Retry-After").is_some(), answer.into_bytes())
        };
        assert_eq!(file().0, Status::Ok);
        store.is(Mood::Lying);
        let (status, _, bytes) = file();
        assert_eq!(status, Status::NotFound);
        assert!(!String::from_utf8_lossy(&bytes.unwrap()).contains("Kornrade"), "no wrong byte is shown");
        for mood in [Mood::Away, Mood::Silent] {
            is_back(site, &store);
            store.is(mood);
            let (status, later, _) = file();
            assert_eq!((status, later), (Status::ServiceUnavailable, true), "{mood:?}");
        }
        // Pages that need no blob are as they were.
        let page = browser.get(format!("/requests/{}", request.reference)).dispatch();
        assert_eq!(page.status(), Status::Ok);
        let folder = tempfile::tempdir().unwrap();
        assert!(backup::take(&site.ctx, &site.db, folder.path(), 30).is_err(), "no backup without its blobs");

        // Nothing is erased that would come back from a bucket that does not know of it.
        is_back(site, &store);
        store.is(Mood::Away);
        let wish = Wish { target: Target::Message(1), reason: "asked for it".to_owned(), class: Reason::AskedFor, person: None };
        erasure::erase(&site.ctx, &site.db, &wish).unwrap_err();
        assert_ne!(site.message(1).blob_sha256, "");
        is_back(site, &store);
        erasure::erase(&site.ctx, &site.db, &wish).unwrap();
        assert_eq!(PLANTED.iter().filter(|word| store.holds(word)).count(), 0);
        assert_eq!(file().0, Status::Gone);
        assert_eq!(store.refused(), Vec::<String>::new());
    }

    fn r50_answer_of_the_bucket_that_is_no_tombstone_is_not_kept_and_stops_nothing_else(site: &mut Site) {
        let store = ObjectStore::start();
        in_a_bucket(site, &store);
        published(site);
        site.ctx.blobs.carry_all().unwrap();
        let erase = |target| {
            let wish = Wish { target, reason: "asked for it".to_owned(), class: Reason::AskedFor, person: None };
            erasure::erase(&site.ctx, &site.db, &wish)
        };
        erase(Target::Attachment(1, 0)).unwrap();
        let (mark, right) = site.ctx.blobs.tombstones().unwrap().remove(0);
        let (object, here) = (format!("{mark}.json"), site.ctx.config.blob_dir.join("tombstones").join(format!("{mark}.json")));
        // Another machine that has not heard of it asks while the store says something else, under 200.
        std::fs::remove_file(&here).unwrap();
        store.gives(&object, b"<html>We are back soon.</html>");
        let told = erasure::finish(&site.ctx, &site.db).unwrap_err().to_string();
        assert!(told.contains(&format!("expected tombstone `{mark}`")), "{told}");
        assert!(!here.exists(), "it is not kept");
        erase(Target::Message(1)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(backup::take(&site.ctx, &site.db, folder.path(), 30).unwrap().broken, std::slice::from_ref(&mark));
        assert!(!folder.path().join("blobs/tombstones").join(&object).exists());
        // It is asked again, also where a wrong one was kept before.
        store.gives(&object, &right);
        std::fs::write(&here, "<html>We are back soon.</html>").unwrap();
        erasure::finish(&site.ctx, &site.db).unwrap();
        assert_eq!(std::fs::read(&here).unwrap(), right);
        site.ctx.clock.set(site.now() + chrono::TimeDelta::minutes(10));
        assert_eq!(backup::take(&site.ctx, &site.db, folder.path(), 30).unwrap().broken, Vec::<String>::new());
    }

    fn r50_bytes_that_could_not_be_removed_go_later(site: &mut Site) {
        let store = ObjectStore::start();
        in_a_bucket(site, &store);
        published(site);
        site.ctx.blobs.carry_all().unwrap();
        // As after kill -9 between the rows and the bytes: the rows are empty, the list of what goes is there.
        let keys = site.ctx.blobs.keys().unwrap();
        doomed(site, "0123456789abcdef", &keys);
        erasure::finish(&site.ctx, &site.db).unwrap();
        assert_eq!(site.ctx.blobs.keys().unwrap(), keys, "what rows need stays");
        let wish = Wish { target: Target::Message(1), reason: "asked for it".to_owned(), class: Reason::AskedFor, person: None };
        erasure::erase(&site.ctx, &site.db, &wish).unwrap();
        let gone: std::collections::BTreeSet<String> =
            keys.difference(&site.ctx.blobs.keys().unwrap()).cloned().collect();
        assert!(gone.len() >= 2, "{gone:?}");
        for key in &gone {
            assert!(site.ctx.blobs.get(key).is_err());
        }
        let orphan = site.ctx.blobs.put_through(b"Rabenfeder").unwrap();
        doomed(site, "fedcba9876543210", &[orphan.clone()].into());
        store.is(Mood::Away);
        assert!(erasure::finish(&site.ctx, &site.db).is_err());
        is_back(site, &store);
        assert!(store.has(&orphan));
        erasure::finish(&site.ctx, &site.db).unwrap();
        assert!(!store.has(&orphan));
        assert_eq!(site.ctx.blobs.doomed().unwrap(), Vec::new());
        // The same mail that comes again is a new one, and stays.
        let recipients = ["r-nobody@post.askance.example".to_owned()];
        let raw = b"From: a@b.example\r\nSubject: x\r\n\r\nagain\r\n";
        doomed(site, "00000000aaaaaaaa", &[sha256(raw)].into());
        intake::accept(site.ctx.door(), Some(&site.db), Mail { raw, recipients: &recipients, via: "lmtp", handed: None }).unwrap();
        erasure::finish(&site.ctx, &site.db).unwrap();
        site.works();
        erasure::finish(&site.ctx, &site.db).unwrap();
        assert!(store.has(&sha256(raw)));
    }
}
