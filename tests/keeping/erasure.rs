//! R50 and R52: what is erased is nowhere any more, and no old backup brings it back.

use crate::keeping::place::{Place, restored};
use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::domain::incoming::known_again;
use askance::domain::publication::erasing::Reason;
use askance::service::erasure::{self, Target, Wish};
use askance::service::intake::{Mail, accept};
use askance::service::{backup, publishing, triage};
use askance::store::messages::{Arrival, Handed};
use askance::store::requests::{self, RequestRow};
use askance::store::schema::{attachments, messages};
use askance::store::types::Role;
use askance::store::{AnyConn, audit};
use diesel::prelude::*;

/// What a reply holds that must go; each stands where its name says.
pub const PLANTED: [&str; 14] = [
    "Quittenbrot",
    "Rabenfeder",
    "Distelfink",
    "zaunrebe.example",
    "Holunder77",
    "Mauersegler",
    "Schlehdorn",
    "Eisvogel9",
    "Uferschwalbe",
    "Bachstelze",
    "Wacholder",
    "Silberpappel",
    "Kornrade",
    "Trollblume",
];
/// What a letter and the answer to it say of the person who asked.
const PERSON: [&str; 6] =
    ["Theodora", "Okaforowa", "t.okaforowa@", "Klettenberg", "Frau Okaforowa", "THEODORA OKAFOROWA"];

pub(crate) fn reply(request: &RequestRow) -> Vec<u8> {
    let head = Reply::to(request, "brandau.example")
        .about("AW: Quittenbrot")
        .from("Rabenfeder Distelfink <amt@zaunrebe.example>")
        .with_id("Holunder77@zaunrebe.example")
        .with("Cc: Mauersegler <m@brandau.example>")
        .with("X-Note: Schlehdorn")
        .saying("BODY")
        .raw();
    let head = String::from_utf8(head).unwrap();
    let head = head.replace(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nBODY\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
    );
    format!(
        "{head}--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nUnser Zeichen: Eisvogel9/2026\r\nSehr geehrte Frau \
         Okaforowa,\r\nIhr Antrag wird nach § 6 IFG NRW abgelehnt. Uferschwalbe.\r\n\r\n> THEODORA OKAFOROWA\r\n> Bachstelze \
         schrieb\r\n--b\r\nContent-Type: text/plain; name=Wacholder_Theodora.txt\r\nContent-Disposition: attachment; \
         filename=Wacholder_Theodora.txt\r\n\r\nDie Silberpappel steht im Vertrag mit der Firma Kornrade.\r\nTrollblume\r\n--b--\r\n"
    )
    .into_bytes()
}

/// A request whose reply is settled and published, with all that is planted.
pub fn published(site: &Site) -> RequestRow {
    site.person("Mara Varga", Role::Admin);
    let theodora = site.person("T Okaforowa", Role::Activist);
    run(
        site,
        "UPDATE people SET email = 't.okaforowa@askance.example', name = 'Theodora Okaforowa' WHERE id = 2",
    );
    let city = site.city();
    let mut filing = crate::support::filing_of(&[city], "form");
    filing.signed_as = "Theodora Okaforowa\nVerein Klettenberg".to_owned();
    let filed =
        askance::service::filing::file(&site.ctx, &mut site.conn(), theodora, &filing).unwrap().remove(0);
    site.ctx.clock.set(filed.leaves_at + chrono::TimeDelta::seconds(1));
    site.works();
    let request = site.request(&filed.reference);
    site.receives(&reply(&request), &request.reply_address);
    let mut said = triage::proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
    said.request = request.id;
    said.publish = Some("Der Antrag wird abgelehnt. Uferschwalbe.".to_owned());
    said.publish_subject = Some("Quittenbrot".to_owned());
    said.authority_reference = Some("Eisvogel9".to_owned());
    triage::settle(&site.ctx, &mut site.conn(), 1, &said).unwrap();
    let shown = publishing::Shown {
        subject: Some("Quittenbrot".to_owned()),
        text: Some("Der Antrag wird abgelehnt. Uferschwalbe.".to_owned()),
        files: vec![0],
        looked: true,
    };
    publishing::change(&site.ctx, &mut site.conn(), 1, (1, &shown)).unwrap();
    site.works();
    request
}

fn run(site: &Site, sql: &str) {
    match &mut *site.conn() {
        AnyConn::Sqlite(c) => diesel::sql_query(sql).execute(c).unwrap(),
        AnyConn::Postgres(c) => diesel::sql_query(sql).execute(c).unwrap(),
    };
}

pub(crate) fn wish(target: Target) -> Wish {
    Wish { target, reason: "asked for it".to_owned(), class: Reason::AskedFor, person: None }
}

/// What everyone can read, on every page that tells of the request.
fn pages(site: &Site, request: &RequestRow) -> String {
    let browser = site.browser();
    let paths = [
        format!("/requests/{}", request.reference),
        format!("/requests/{}.json", request.reference),
        "/requests".to_owned(),
        "/requests.json".to_owned(),
        "/feeds/requests.atom".to_owned(),
        "/".to_owned(),
        "/files/1/0/file".to_owned(),
    ];
    paths.iter().filter_map(|path| browser.get(path).dispatch().into_string()).collect()
}

/// Which of the planted strings stand in some bytes.
pub(crate) fn hits(planted: &[&str], bytes: &[u8]) -> Vec<String> {
    let found = planted.iter().filter(|word| bytes.windows(word.len()).any(|part| part == word.as_bytes()));
    found.map(|word| (*word).to_owned()).collect()
}

/// All planted strings in all files of the place, with the file.
pub(crate) fn anywhere(place: &Place<'_>, planted: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, bytes) in place.files() {
        found.extend(hits(planted, &bytes).into_iter().map(|word| format!("{word} in {name}")));
    }
    found
}

fn chains_are_whole(site: &Site) {
    let conn = &mut *site.conn();
    assert_eq!(requests::verify_chain(conn).unwrap().1, None);
    assert_eq!(audit::verify(conn).unwrap().1, None);
}

stories! {
    fn r50_erased_message_is_nowhere(site: &mut Site) {
        let request = published(site);
        let place = Place::of(&site.ctx, &site.db);
        let before = anywhere(&place, &PLANTED);
        for word in PLANTED {
            assert!(before.iter().any(|hit| hit.starts_with(word)), "{word} was never there: {before:?}");
        }
        assert!(!hits(&PLANTED, pages(site, &request).as_bytes()).is_empty());
        let kinds = site.kinds(request.id);

        let told = erasure::extent(&site.ctx, &site.db, &wish(Target::Message(1))).unwrap();
        assert_eq!(anywhere(&place, &PLANTED).len(), before.len(), "a dry run changes nothing");
        let extent = erasure::erase(&site.ctx, &site.db, &wish(Target::Message(1))).unwrap();
        assert_eq!((extent.messages, extent.attachments, extent.events), (told.messages, told.attachments, told.events));
        assert_eq!((extent.messages, extent.attachments, extent.scrubbed), (1, 1, true));

        assert_eq!(anywhere(&place, &PLANTED), Vec::<String>::new());
        assert_eq!(hits(&PLANTED, pages(site, &request).as_bytes()), Vec::<String>::new());
        // What happened, and when, stays; so do both chains.
        assert_eq!(site.kinds(request.id), kinds);
        chains_are_whole(site);
        let again = erasure::erase(&site.ctx, &site.db, &wish(Target::Message(1))).unwrap_err();
        assert_eq!(again.to_string(), "`message:1` was erased before");
        // A body that was changed without an erasure still does not fit.
        run(site, "UPDATE events SET body = replace(body, 'erased', 'other') WHERE message_id = 1");
        run(site, "UPDATE events SET body = body || ' ' WHERE message_id = 1");
        assert!(requests::verify_chain(&mut site.conn()).unwrap().1.is_some());
    }

    fn r50_erased_attachment_is_nowhere_and_its_mail_stays(site: &mut Site) {
        let request = published(site);
        let place = Place::of(&site.ctx, &site.db);
        erasure::erase(&site.ctx, &site.db, &wish(Target::Attachment(1, 0))).unwrap();
        assert_eq!(anywhere(&place, &PLANTED[10..]), Vec::<String>::new());
        let public = pages(site, &request);
        assert_eq!(hits(&PLANTED[10..], public.as_bytes()), Vec::<String>::new());
        assert!(public.contains("Uferschwalbe"), "the text of the reply stays");
        chains_are_whole(site);
    }

    fn r50_erased_person_is_nowhere(site: &mut Site) {
        let request = published(site);
        // She sent a reply on from her own mailbox, and the authority wrote to her there as well.
        let sent_on = Reply::to(&request, "askance.example").from("Theodora Okaforowa <t.okaforowa@askance.example>");
        site.receives(&sent_on.with_id("on@askance.example").saying("Das kam per Post.").raw(), &request.reply_address);
        let copied = Reply::to(&request, "brandau.example").with("Cc: T. Okaforowa <T.Okaforowa@askance.example>");
        site.receives(&copied.with_id("cc@brandau.example").saying("Wir bitten um Geduld.").raw(), &request.reply_address);
        let place = Place::of(&site.ctx, &site.db);
        let before = anywhere(&place, &PERSON);
        for word in PERSON {
            assert!(before.iter().any(|hit| hit.starts_with(word)), "{word} was never there: {before:?}");
        }
        let letter = site.files(1, site.authority("Stadt Nebenan", (askance::domain::authority::AuthorityKind::Municipality, "de-nw-ifg", "de"), "nebenan.example"));
        let email = "t.okaforowa@askance.example".to_owned();
        erasure::erase(&site.ctx, &site.db, &wish(Target::Person(email.clone()))).unwrap();
        let left = anywhere(&place, &PERSON);
        assert_eq!(left, Vec::<String>::new());
        assert_eq!(hits(&PERSON, pages(site, &request).as_bytes()), Vec::<String>::new());
        chains_are_whole(site);
        let nobody = erasure::erase(&site.ctx, &site.db, &wish(Target::Person(email))).unwrap_err();
        assert!(nobody.to_string().contains("which nobody has"), "{nobody}");
        // Somebody whose letter may still leave is not erased under it.
        assert!(letter.leaves_at > site.now());
        let busy = erasure::erase(&site.ctx, &site.db, &wish(Target::Person("mara-varga@askance.example".to_owned())));
        assert!(busy.unwrap_err().to_string().contains("1 letter of this person has not ended"));
    }

    fn r52_erased_stays_erased_when_an_old_backup_is_restored(site: &mut Site) {
        let request = published(site);
        let folder = tempfile::tempdir().unwrap();
        backup::take(&site.ctx, &site.db, folder.path(), 30).unwrap();
        site.ctx.clock.set(site.now() + chrono::TimeDelta::hours(1));
        erasure::erase(&site.ctx, &site.db, &wish(Target::Message(1))).unwrap();
        let email = "t.okaforowa@askance.example".to_owned();
        erasure::erase(&site.ctx, &site.db, &wish(Target::Person(email))).unwrap();

        // Onto the blobs of the installation that is replaced: its tombstones are there.
        let new = restored(&site.ctx, folder.path());
        assert_eq!(new.told.erased_again, 2);
        let all: Vec<&str> = PLANTED.into_iter().chain(PERSON).collect();
        assert_eq!(all.len(), 20);
        assert_eq!(anywhere(&Place::of(&new.ctx, &new.db), &all), Vec::<String>::new());
        let conn = &mut *new.db.conn().unwrap();
        assert_eq!(requests::verify_chain(conn).unwrap().1, None);
        assert_eq!(audit::verify(conn).unwrap().1, None);
        assert_eq!(requests::by_reference(conn, &request.reference).unwrap().unwrap().signed_as, "erased");

        // The next backup knows nothing of it either, but for the copy that is 30 days old at most.
        let later = backup::take(&site.ctx, &site.db, folder.path(), 30).unwrap();
        assert!(later.pruned.blobs >= 2, "{later:?}");
        site.ctx.clock.set(site.now() + chrono::TimeDelta::days(31));
        backup::take(&site.ctx, &site.db, folder.path(), 30).unwrap();
        let mut left = Vec::new();
        for path in crate::keeping::place::files_below(folder.path()) {
            left.extend(hits(&all, &std::fs::read(path).unwrap()));
        }
        assert_eq!(left, Vec::<String>::new());
        // Taken after the erasure, it is restored without doing anything again.
        assert_eq!(restored(&site.ctx, folder.path()).told.erased_again, 0);
    }

    fn r53_one_damaged_blob_keeps_nothing_else_from_coming_back(site: &mut Site) {
        let request = published(site);
        let folder = tempfile::tempdir().unwrap();
        backup::take(&site.ctx, &site.db, folder.path(), 30).unwrap();
        let key = site.message(1).blob_sha256;
        let kept = folder.path().join("blobs").join(&key[..2]).join(&key);
        std::fs::write(&kept, "a bad sector").unwrap();
        let new = restored(&site.ctx, folder.path());
        assert_eq!(new.told.damaged, std::slice::from_ref(&key));
        assert!(new.ctx.blobs.get(&key).is_err());
        let conn = &mut *new.db.conn().unwrap();
        let back = requests::by_reference(conn, &request.reference).unwrap().unwrap();
        let now = site.request(&request.reference);
        assert_eq!((back.status, back.signed_as), (now.status, now.signed_as));
        let message = messages::table.find(1).select(messages::own_text).first::<String>(conn).unwrap();
        assert!(message.contains("Uferschwalbe"), "what was read out of it is back: {message}");
    }

    fn r50_erasure_that_was_cut_off_is_finished(site: &mut Site) {
        published(site);
        let folder = tempfile::tempdir().unwrap();
        backup::take(&site.ctx, &site.db, folder.path(), 30).unwrap();
        // The tombstone is on the disk, the rows are not erased yet: as after kill -9 in between.
        let other = restored(&site.ctx, folder.path());
        erasure::erase(&other.ctx, &other.db, &wish(Target::Message(1))).unwrap();
        for (mark, stone) in other.ctx.blobs.tombstones().unwrap() {
            site.ctx.blobs.bury(&mark, &stone).unwrap();
        }
        assert_eq!(erasure::finish(&site.ctx, &site.db).unwrap(), 1);
        assert_eq!(anywhere(&Place::of(&site.ctx, &site.db), &PLANTED), Vec::<String>::new());
        assert_eq!(erasure::finish(&site.ctx, &site.db).unwrap(), 0);
    }

    fn r50_erasure_that_was_begun_is_not_called_nothing_and_is_finished(site: &mut Site) {
        published(site);
        let file: String = attachments::table.select(attachments::sha256).first(&mut *site.conn()).unwrap();
        // Its rows can go, and its bytes cannot: a disk that fails.
        let place = site.ctx.config.blob_dir.join(&file[..2]).join(&file);
        let bytes = std::fs::read(&place).unwrap();
        std::fs::remove_file(&place).unwrap();
        std::fs::create_dir(&place).unwrap();
        let told = erasure::erase(&site.ctx, &site.db, &wish(Target::Attachment(1, 0))).unwrap_err();
        assert!(matches!(told, erasure::Error::Begun(_)), "{told}");
        assert!(told.to_string().starts_with("it was begun and is finished by itself within the hour: "), "{told}");
        std::fs::remove_dir(&place).unwrap();
        std::fs::write(&place, bytes).unwrap();
        erasure::finish(&site.ctx, &site.db).unwrap();
        assert!(!place.exists());
    }

    fn r50_mail_that_comes_again_while_it_is_erased_stays_whole(site: &mut Site) {
        let request = published(site);
        // What went because its time was over may come again.
        let over = |id: i64| Wish { class: Reason::TimeIsUp, ..wish(Target::Message(id)) };
        let raw = reply(&request);
        let recipients = [request.reply_address.clone()];
        // The same mail is coming in: its bytes were there, and nothing speaks of them yet.
        let kept = site.ctx.blobs.keeping().unwrap();
        let key = site.ctx.blobs.put(&raw).unwrap();
        let of_key = || messages::table.filter(messages::blob_sha256.eq(&key)).select(messages::id);
        std::thread::scope(|scope| {
            let erased = scope.spawn(|| erasure::erase(&site.ctx, &site.db, &over(1)).unwrap());
            crate::support::house::until("its rows are erased", std::time::Duration::from_secs(30), || {
                of_key().first::<i64>(&mut *site.conn()).is_err().then_some(())
            });
            let arrival = Arrival {
                blob_sha256: key.clone(),
                size: i64::try_from(raw.len()).unwrap(),
                recipient: recipients[0].clone(),
                via: "lmtp".to_owned(),
                spool_key: "again".to_owned(),
                arrived_at: site.now(),
                handed: Handed::default(),
                fingerprint: known_again::of_bytes(site.ctx.config.secret.bytes(), &key),
            };
            site.db.enter(vec![arrival]).unwrap();
            drop(kept);
            erased.join().unwrap();
        });
        assert_eq!(site.ctx.blobs.get(&key).unwrap(), raw, "250 was said of it");
        let id: i64 = of_key().first(&mut *site.conn()).unwrap();
        erasure::erase(&site.ctx, &site.db, &over(id)).unwrap();
        assert_eq!(site.ctx.blobs.size(&key).unwrap(), None);
        // And once more, without a database: the note is newer than the erasure, which may be finished after it.
        site.ctx.clock.set(site.now() + chrono::TimeDelta::minutes(1));
        accept(site.ctx.door(), None, Mail { raw: &raw, recipients: &recipients, via: "lmtp", handed: None }).unwrap();
        assert_eq!(erasure::sweep(&site.ctx, &mut site.conn(), &[key.clone()].into()).unwrap(), 0);
        assert_eq!((site.ctx.blobs.get(&key).unwrap(), site.ctx.blobs.spooled().unwrap().len()), (raw, 1));
    }
}
