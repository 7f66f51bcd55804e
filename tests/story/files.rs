//! The files of a reply: kept apart from it when it is read, given out byte for byte, or missed in plain words.

use super::desk::{Desk, VOLUNTEER};
use crate::support::stories;
use askance::domain::publication::erasing::Reason;
use askance::service::cage::Cage;
use askance::service::erasure::{self, Target, Wish};
use askance::service::{intake, publishing, triage};
use askance::store::blobs::sha256;
use askance::store::desk::message;
use rocket::http::{Header, Status};
use std::path::PathBuf;

/// Every octet, so that whatever is changed on the way is seen.
fn scan() -> Vec<u8> {
    (0..=255).cycle().take(70_000).collect()
}

/// A decision with two files.
fn decision(recipient: &str) -> Vec<u8> {
    format!(
        "From: post@brandau.example\r\nTo: <{recipient}>\r\nSubject: Bescheid\r\nMessage-ID: <1@brandau.example>\r\n\
         Date: Sat, 21 Nov 2026 11:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         Ihr Antrag wird abgelehnt.\r\n--b\r\n\
         Content-Type: image/png; name=\"Übersicht.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b\r\n\
         Content-Type: text/plain; name=Dienstplan.txt\r\nContent-Disposition: attachment; filename=Dienstplan.txt\r\n\r\n\
         Dienstplan\r\n--b--\r\n",
        data_encoding::BASE64_MIME.encode(&scan())
    )
    .into_bytes()
}

/// A desk where the first of the two files is public and somebody is signed in who may read replies.
fn published(desk: &Desk) -> Vec<u8> {
    let reference = desk.asks("Stadt Brandau");
    let address = desk.reply_address(&reference);
    let raw = decision(&address);
    desk.receives_raw(&raw, &address);
    let mut conn = desk.db.conn().unwrap();
    let mut said = triage::proposed_settlement(&desk.ctx, &mut conn, 1).unwrap().unwrap();
    said.publish_attachments = vec![0];
    triage::settle(&desk.ctx, &mut conn, 1, &said).unwrap();
    drop(conn);
    assert_eq!(desk.try_to_sign_in(VOLUNTEER, &desk.volunteer).status(), Status::SeeOther);
    raw
}

/// Where a blob lies.
fn place(desk: &Desk, key: &str) -> PathBuf {
    desk.ctx.config.blob_dir.join(&key[..2]).join(key)
}

const PUBLIC: &str = "/files/1/0/overview.png";
const AT_THE_DESK: &str = "/desk/messages/1/attachments/0";

stories! {
    fn a_published_file_is_what_came_and_what_is_held_already_is_not_sent_again(desk: &mut Desk) {
        published(desk);
        let key = sha256(&scan());
        assert_eq!(desk.ctx.blobs.get(&key).unwrap(), scan(), "kept when the mail was read");
        let file = desk.get(PUBLIC);
        let header = |name: &str| file.headers().get_one(name).unwrap_or("absent").to_owned();
        assert_eq!((file.status(), header("Content-Type").as_str()), (Status::Ok, "image/png"));
        assert_eq!(header("Content-Disposition"), "attachment; filename=\"_bersicht.png\"; filename*=UTF-8''%C3%9Cbersicht.png");
        assert_eq!(header("Content-Security-Policy"), "sandbox; default-src 'none'; frame-ancestors 'none'");
        assert_eq!(header("Cache-Control"), "no-cache");
        let tag = header("ETag");
        assert_eq!(tag, format!("\"{key}\""));
        assert_eq!(sha256(&file.into_bytes().unwrap()), key);
        assert_eq!(desk.client.head(PUBLIC).dispatch().status(), Status::Ok);

        // Without the bytes: the hash in the database is all that it takes.
        std::fs::remove_file(place(desk, &key)).unwrap();
        let ask = |held: &str| desk.client.get(PUBLIC).header(Header::new("If-None-Match", held.to_owned())).dispatch();
        for held in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let again = ask(&held);
            assert_eq!((again.status(), again.headers().get_one("ETag")), (Status::NotModified, Some(tag.as_str())), "{held}");
            assert_eq!(again.into_bytes(), None);
        }
        assert_eq!(ask("\"x\"").status(), Status::NotFound);

        publishing::withdraw(&desk.ctx, &mut desk.db.conn().unwrap(), 1, 1).unwrap();
        assert_eq!(desk.get(PUBLIC).status(), Status::NotFound);
        assert_eq!(ask(&tag).status(), Status::NotFound, "who has it learns no more of it either");
    }

    fn what_is_not_public_is_saved_at_the_desk_alone(desk: &mut Desk) {
        published(desk);
        assert_eq!(desk.get("/files/1/1/Dienstplan.txt").status(), Status::NotFound);
        let file = desk.get("/desk/messages/1/attachments/1");
        let header = |name: &str| file.headers().get_one(name).unwrap_or("absent").to_owned();
        assert_eq!((file.status(), header("Cache-Control").as_str(), header("ETag").as_str()), (Status::Ok, "no-store", "absent"));
        assert_eq!(header("Content-Type"), "application/octet-stream");
        assert_eq!(header("Content-Security-Policy"), "sandbox; default-src 'none'; frame-ancestors 'none'");
        assert!(header("Content-Disposition").starts_with("attachment; filename=\"Dienstplan.txt\""));
        assert_eq!(file.into_string().unwrap(), "Dienstplan");
        assert_eq!(sha256(&desk.get(AT_THE_DESK).into_bytes().unwrap()), sha256(&scan()));
        for path in ["/desk/messages/1/attachments/2", "/desk/messages/1/attachments/-1", "/desk/messages/2/attachments/0", "/files/1/-1/x"] {
            assert_eq!(desk.get(path).status(), Status::NotFound, "{path}");
        }
    }

    fn r50_erased_file_is_told_in_its_place_and_offered_no_more(desk: &mut Desk) {
        published(desk);
        let wish = Wish { target: Target::Attachment(1, 0), reason: "asked for it".to_owned(), class: Reason::AskedFor, person: None };
        erasure::erase(&desk.ctx, &desk.db, &wish).unwrap();
        let page = desk.page("/desk/messages/1");
        assert!(page.contains("A file that stood here was erased.") && page.contains("the whole mail was erased"), "{page}");
        assert!(!page.contains("attachments/0") && page.contains("attachments/1") && !page.contains("Show erased"), "{page}");
        assert_eq!(desk.get(AT_THE_DESK).status(), Status::NotFound);
    }

    fn a_file_whose_bytes_are_gone_is_taken_out_of_its_mail_again_at_the_desk(desk: &mut Desk) {
        let raw = published(desk);
        let key = sha256(&scan());
        std::fs::remove_file(place(desk, &key)).unwrap();
        let missed = desk.get(PUBLIC);
        assert_eq!(missed.status(), Status::NotFound);
        let page = missed.into_string().unwrap();
        assert!(page.contains("This file cannot be given out") && page.contains("missing or damaged"), "{page}");
        assert_eq!(sha256(&desk.get(AT_THE_DESK).into_bytes().unwrap()), key);
        assert_eq!(sha256(&desk.get(PUBLIC).into_bytes().unwrap()), key, "and for everyone");

        std::fs::write(place(desk, &key), b"other bytes").unwrap();
        assert_eq!(desk.get(PUBLIC).status(), Status::NotFound, "other bytes are not given out as these");
        assert_eq!(sha256(&desk.get(AT_THE_DESK).into_bytes().unwrap()), key, "taken out of its mail again");
        assert_eq!(sha256(&desk.get(PUBLIC).into_bytes().unwrap()), key);
        assert_eq!(desk.get("/desk/messages/1/raw").into_bytes().unwrap(), raw);

        std::fs::remove_file(place(desk, &key)).unwrap();
        std::fs::remove_file(place(desk, &sha256(&raw))).unwrap();
        for path in [AT_THE_DESK, "/desk/messages/1/raw"] {
            let missed = desk.get(path);
            assert_eq!(missed.status(), Status::NotFound, "{path}");
            assert!(missed.into_string().unwrap().contains("This file cannot be given out"), "{path}");
        }
        assert_eq!(desk.get("/desk/messages/1").status(), Status::Ok, "what was read of it is still there");
    }

    fn a_mail_that_kills_its_reader_is_saved_as_it_came(desk: &mut Desk) {
        let reference = desk.asks("Stadt Brandau");
        let address = desk.reply_address(&reference);
        let raw = decision(&address);
        let recipients = [address];
        intake::accept(desk.ctx.door(), Some(&desk.db), intake::Mail { raw: &raw, recipients: &recipients, via: "test", handed: None }).unwrap();
        triage::read_next(&desk.ctx, &desk.db, &Cage::of(PathBuf::from("/bin/false")), 10).unwrap();
        assert_eq!(message::attachments(&mut desk.db.conn().unwrap(), 1).unwrap(), []);
        desk.volunteer_signs_in();
        assert!(desk.page("/desk/messages/1").contains("could not be read"));
        assert_eq!(desk.get("/desk/messages/1/raw").into_bytes().unwrap(), raw);
        let missed = desk.get(AT_THE_DESK);
        assert_eq!(missed.status(), Status::NotFound);
        assert!(missed.into_string().unwrap().contains("There is no such file"));
    }
}
