//! R50 for those outside: the address of what was erased says so, and an erased mail does not come back by itself.

use crate::keeping::erasure::{PLANTED, anywhere, hits, published, reply, wish};
use crate::keeping::place::Place;
use crate::support::{Site, stories};
use askance::domain::publication::erasing::Reason;
use askance::service::erasure::{self, Target, Wish};
use askance::service::intake::{self, Mail};
use askance::store::types::MessageState;
use askance::store::{erasure as traces, messages};
use rocket::http::Status;

fn count(site: &Site) -> usize {
    (1..20).filter(|id| messages::find(&mut site.conn(), *id).unwrap().is_some()).count()
}

stories! {
    fn r50_address_of_an_erased_public_file_says_what_was_there_and_since_when_it_is_gone(site: &mut Site) {
        let request = published(site);
        let browser = site.browser();
        let get = |path: &str| {
            let answer = browser.get(path.to_owned()).dispatch();
            (answer.status(), answer.into_string().unwrap_or_default())
        };
        assert_eq!(get("/files/1/0/Wacholder.txt").0, Status::Ok);
        assert_eq!(get("/files/1/1/Wacholder.txt").0, Status::NotFound);
        let reason = Wish { class: Reason::PersonalData, ..wish(Target::Attachment(1, 0)) };
        erasure::erase(&site.ctx, &site.db, &reason).unwrap();
        let (status, page) = get("/files/1/0/Wacholder.txt");
        assert_eq!(status, Status::Gone);
        for words in ["This file was erased", "It told of a private person.", request.reference.as_str(), "Stadt Brandau"] {
            assert!(page.contains(words), "{words} in {page}");
        }
        assert_eq!(hits(&PLANTED, page.as_bytes()), Vec::<String>::new(), "not even its name");
        assert_eq!(get("/files/1/1/Wacholder.txt").0, Status::NotFound, "what was never there is not told");
        let told = get(&format!("/requests/{}", request.reference)).1;
        assert!(told.contains("A file of the reply of"), "{told}");
        let json: serde_json::Value = serde_json::from_str(&get(&format!("/requests/{}.json", request.reference)).1).unwrap();
        assert_eq!(json["erased"][0]["reason"], "personal_data");
        assert_eq!((json["erased"].as_array().unwrap().len(), &json["erased"][0]["position"]), (1, &0.into()));

        // The whole reply: the file keeps its day and reason, the text has its own.
        erasure::erase(&site.ctx, &site.db, &wish(Target::Message(1))).unwrap();
        let json: serde_json::Value = serde_json::from_str(&get(&format!("/requests/{}.json", request.reference)).1).unwrap();
        let reasons: Vec<&str> = json["erased"].as_array().unwrap().iter().map(|it| it["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons, ["asked_for", "personal_data"]);
        assert!(get(&format!("/requests/{}", request.reference)).1.contains("The text of the reply of"));
    }

    fn r50_file_that_was_not_public_has_no_tombstone_for_others(site: &mut Site) {
        let request = published(site);
        let other = String::from_utf8(reply(&request)).unwrap().replace("Holunder77", "Holunder78").replace("Silberpappel", "Espe");
        site.receives(other.as_bytes(), &request.reply_address);
        erasure::erase(&site.ctx, &site.db, &wish(Target::Message(2))).unwrap();
        let browser = site.browser();
        assert_eq!(browser.get("/files/2/0/Wacholder.txt").dispatch().status(), Status::NotFound);
        assert_eq!(browser.get("/files/1/0/Wacholder.txt").dispatch().status(), Status::Ok, "another mail with another file");
    }

    fn r50_mail_that_was_erased_does_not_come_back_by_itself_and_no_other_is_swallowed(site: &mut Site) {
        let request = published(site);
        let raw = reply(&request);
        erasure::erase(&site.ctx, &site.db, &wish(Target::Message(1))).unwrap();
        let before = count(site);
        let place = Place::of(&site.ctx, &site.db);
        let returns = |site: &Site| traces::returns(&mut site.conn(), 1).unwrap().0;

        // The very bytes, the same by another way, and the very bytes while the database is away: each is accepted.
        site.receives(&raw, &request.reply_address);
        assert_eq!((count(site), returns(site)), (before, 1));
        let other_way = [b"Received: from relay.example by post.askance.example; Mon, 7 Sep 2026 12:00:00 +0000\r\n".as_slice(), &raw].concat();
        site.receives(&other_way, &request.reply_address);
        assert_eq!((count(site), returns(site)), (before, 2), "known by its content");
        site.receives(&raw, "info@post.askance.example");
        let recipients = [request.reply_address.clone()];
        let mail = Mail { raw: &raw, recipients: &recipients, via: "pipe", handed: None };
        intake::accept(site.ctx.door(), None, mail).unwrap();
        site.works();
        assert_eq!((count(site), returns(site)), (before, 4));
        let kept: Vec<String> = anywhere(&place, &PLANTED).into_iter().filter(|hit| !hit.contains("askance.db") && !hit.contains("dump")).collect();
        assert_eq!(kept, Vec::<String>::new(), "no bytes of it are kept");

        // One word else, another Message-ID, another day: another mail, and it is shown.
        let text = String::from_utf8(raw).unwrap();
        for (old, new) in [("Uferschwalbe", "Uferschwalben"), ("Holunder77", "Holunder99"), ("Kornrade", "Kornraden")] {
            assert!(text.contains(old));
            let shown = count(site);
            site.receives(text.replace(old, new).as_bytes(), &request.reply_address);
            assert_eq!(count(site), shown + 1, "{new} is no erased mail");
        }
        assert_eq!(returns(site), 4);
    }

    fn r50_what_went_because_its_time_was_over_may_come_again(site: &mut Site) {
        let request = published(site);
        let over = Wish { class: Reason::TimeIsUp, ..wish(Target::Message(1)) };
        erasure::erase(&site.ctx, &site.db, &over).unwrap();
        let before = count(site);
        site.receives(&reply(&request), &request.reply_address);
        assert_eq!(count(site), before + 1);
        assert_ne!(site.message(2).state, MessageState::Received);
    }
}
