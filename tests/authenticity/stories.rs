//! What a verdict changes: what a rule may record, what is told and learnt, what the desk shows.

use crate::authenticity::{CITY, POSTSTELLE, STRANGER, signing, world};
use crate::support::dns::NameServer;
use crate::support::mail::Reply;
use crate::support::operator::Operator;
use crate::support::{Backend, PASSWORD, Site, stories};
use askance::config::mail::Names;
use askance::domain::incoming::authenticity::Verdict;
use askance::mail::lmtp;
use askance::service::intake::{self, Mail};
use askance::service::triage;
use askance::store::authenticity::{self, Found};
use askance::store::messages::Handed;
use askance::store::requests::RequestRow;
use askance::store::types::{MessageState, Role};
use chrono::TimeDelta;
use rocket::http::{ContentType, Status};
use rocket::local::blocking::Client;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A service that asks our name server who wrote.
pub struct Asking {
    pub site: Site,
    pub dns: NameServer,
}

impl Asking {
    pub fn on(backend: Backend) -> Self {
        let (mut site, dns) = (Site::new(backend), world());
        let mail = &mut Arc::get_mut(&mut site.ctx).unwrap().config.mail;
        mail.names = Names::Server(dns.at());
        mail.authserv_id = Some("mx.askance.example".to_owned());
        Self { site, dns }
    }

    /// A letter that left.
    pub fn request(&self) -> RequestRow {
        let activist = self.site.person("Mara Varga", Role::Activist);
        self.site.sends(activist, self.site.city())
    }

    /// A mail is safe, from this server for this envelope sender.
    pub fn takes(&self, raw: &[u8], recipient: &str, (peer, sender): (&str, &str)) {
        let recipients = [recipient.to_owned()];
        let handed = Handed {
            sender: Some(sender.to_owned()),
            peer: Some(peer.to_owned()),
            greeted_as: Some("mail.example".to_owned()),
        };
        let mail = Mail { raw, recipients: &recipients, via: "lmtp", handed: Some(&handed) };
        intake::accept(self.site.ctx.door(), Some(&self.site.db), mail).unwrap();
    }

    /// Looks who wrote, until all is done that can be done now.
    pub fn verifies(&self) -> usize {
        let mut all = 0;
        loop {
            match triage::verify_next(&self.site.ctx, &self.site.db).unwrap() {
                0 => return all,
                some => all += some,
            }
        }
    }

    pub fn found(&self, id: i64) -> Option<Found> {
        authenticity::of_message(&mut self.site.conn(), id).unwrap()
    }

    pub fn verdict(&self, id: i64) -> Option<Verdict> {
        self.found(id).map(|found| found.verdict)
    }

    pub fn later(&self, by: TimeDelta) {
        self.site.ctx.clock.set(self.site.now() + by);
    }

    /// A volunteer at the desk.
    fn desk(&self) -> Client {
        self.site.person("Theo Okafor", Role::Volunteer);
        let browser = self.site.browser();
        let page = browser.get("/desk/sign-in").dispatch().into_string().unwrap();
        let token = crate::story::desk::between(&page, "name=\"csrf\" value=\"", "\"").to_owned();
        let body: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("csrf", token.as_str()),
                ("email", "theo-okafor@askance.example"),
                ("password", PASSWORD),
            ])
            .finish();
        let answer = browser.post("/desk/sign-in").header(ContentType::Form).body(body).dispatch();
        assert_eq!(answer.status(), Status::SeeOther);
        drop(answer);
        browser
    }

    fn page(browser: &Client, path: &str) -> String {
        browser.get(path.to_owned()).dispatch().into_string().unwrap()
    }

    fn public(&self, request: &RequestRow) -> String {
        Self::page(&self.site.browser(), &format!("/requests/{}", request.reference))
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.dns.end();
    }
}

/// A plain acknowledgement, which a rule may record.
pub fn acknowledgement(request: &RequestRow) -> Vec<u8> {
    Reply::to(request, "brandau.example")
        .about("Eingangsbestätigung")
        .saying("Sehr geehrte Frau Varga,\n\nhiermit bestätige ich den Eingang Ihres Antrags. Ihr Antrag ist hier eingegangen und wird unter dem Aktenzeichen 12-345/2026 bearbeitet.\n\nMit freundlichen Grüßen")
        .raw()
}

pub const SENDER: &str = "poststelle@brandau.example";
pub const SENT: [&str; 2] = ["filed", "sent"];
const ACKNOWLEDGED: [&str; 3] = ["filed", "sent", "acknowledged"];

stories! {
    fn r13_signed_reply_is_recorded_and_its_proof_is_shown(house: &mut Asking) {
        let request = house.request();
        let raw = signing::signed(&acknowledgement(&request), "brandau.example");
        house.takes(&raw, &request.reply_address, (STRANGER, "bounces@esp.example"));
        house.site.works();
        assert_eq!(house.site.message(1).state, MessageState::Received, "it is read when it is known who wrote it");
        assert_eq!(house.verifies(), 1);
        house.site.works();
        assert_eq!(house.site.kinds(request.id), ACKNOWLEDGED);
        let found = house.found(1).unwrap();
        assert_eq!((found.verdict, found.domain.as_deref()), (Verdict::Verified, Some("brandau.example")));
        let desk = house.desk();
        let page = Asking::page(&desk, "/desk/messages/1");
        for words in ["Proved: brandau.example", "Signed by brandau.example, which is the domain in the From line.", "That brandau.example wrote it is proved.", "Signature of brandau.example (key rsa): It holds.", "that server is not one of its own"] {
            assert!(page.contains(words), "{words} in {page}");
        }
        assert!(!Asking::page(&desk, "/desk?pile=by_rule").contains("Seems forged"));
        assert!(!house.public(&request).contains("Proved"), "nothing of it is public");
    }

    fn r13_forged_acknowledgement_is_held_and_teaches_nothing(house: &mut Asking) {
        let request = house.request();
        let before = house.public(&request);
        house.takes(&acknowledgement(&request), &request.reply_address, (STRANGER, SENDER));
        house.verifies();
        house.site.works();
        let message = house.site.message(1);
        assert_eq!((message.state, message.request_id), (MessageState::Held, Some(request.id)));
        assert_eq!(house.site.kinds(request.id), ["filed", "sent"], "no rule believes it");
        assert_eq!(house.public(&request), before, "nobody is told that it came");
        let desk = house.desk();
        let (queue, page) = (Asking::page(&desk, "/desk"), Asking::page(&desk, "/desk/messages/1"));
        assert!(queue.contains("Seems forged"), "{queue}");
        for words in ["It seems to be forged.", "says that mail like this is not from it (DMARC reject)", "Ask the authority by another way"] {
            assert!(page.contains(words), "{words} in {page}");
        }
        // Even where a person takes it for genuine, its file number is no clue for later mails.
        let settlement = triage::proposed_settlement(&house.site.ctx, &mut house.site.conn(), 1).unwrap().unwrap();
        assert!(settlement.authority_reference.is_some());
        triage::settle(&house.site.ctx, &mut house.site.conn(), 1, &settlement).unwrap();
        let stranger = Reply::to(&request, "elsewhere.example").about("12-345/2026").addressed("info@post.askance.example").with_id("later@elsewhere.example").saying("Zum Aktenzeichen 12-345/2026.").raw();
        house.takes(&stranger, "info@post.askance.example", (STRANGER, "x@elsewhere.example"));
        house.verifies();
        house.site.works();
        assert!(!house.site.message(2).proposal.contains("file_number"), "{}", house.site.message(2).proposal);
    }

    fn r13_verdict_that_comes_late_takes_back_what_a_rule_recorded(house: &mut Asking) {
        let request = house.request();
        house.dns.fails("_dmarc.brandau.example");
        house.takes(&acknowledgement(&request), &request.reply_address, (STRANGER, SENDER));
        house.verifies();
        assert_eq!(house.verdict(1), Some(Verdict::Unknown));
        house.site.works();
        assert_eq!(house.site.kinds(request.id), SENT, "its domain may disown it yet, so no rule believes it");
        assert_eq!(house.site.message(1).state, MessageState::Held);
        assert_eq!(house.verifies(), 0, "not at once again");
        house.dns.heals("_dmarc.brandau.example");
        house.later(TimeDelta::minutes(6));
        assert_eq!(house.verifies(), 1);
        assert_eq!(house.verdict(1), Some(Verdict::Forged));
        assert_eq!(house.site.message(1).state, MessageState::Held);
        house.site.works();
        assert_eq!(house.site.message(1).state, MessageState::Held);
        let page = Asking::page(&house.desk(), "/desk/messages/1");
        assert!(page.contains("It seems to be forged."), "{page}");
    }

    fn r13_mail_is_read_though_nobody_has_looked_who_wrote_it(house: &mut Asking) {
        let request = house.request();
        house.takes(&acknowledgement(&request), &request.reply_address, (CITY, SENDER));
        house.later(TimeDelta::seconds(14));
        house.site.works();
        assert_eq!(house.site.message(1).state, MessageState::Received);
        house.later(TimeDelta::seconds(2));
        house.site.works();
        assert_eq!(house.site.kinds(request.id), SENT, "but no rule believes it");
        let desk = house.desk();
        let page = Asking::page(&desk, "/desk/messages/1");
        assert!(page.contains("Not checked") && page.contains("Who wrote it has not been found out yet."), "{page}");
        assert_eq!(house.verifies(), 1, "and the verdict follows");
        assert_eq!(house.verdict(1), Some(Verdict::Verified));
        assert!(Asking::page(&desk, "/desk/messages/1").contains("Proved: brandau.example"));
    }

    fn r13_what_cannot_be_looked_up_is_tried_for_a_day_and_then_stays_unknown(house: &mut Asking) {
        let request = house.request();
        house.dns.fails("_dmarc.brandau.example");
        house.takes(&acknowledgement(&request), &request.reply_address, (STRANGER, SENDER));
        let mut tries = 0;
        for _ in 0..500 {
            tries += house.verifies();
            house.later(TimeDelta::minutes(4));
        }
        assert!((5..=15).contains(&tries), "{tries} tries");
        let found = house.found(1).unwrap();
        assert_eq!((found.verdict, found.again_at), (Verdict::Unknown, None));
        assert!(found.reason.contains("could not be looked up"), "{}", found.reason);
    }

    fn r13_one_mail_to_several_requests_has_its_verdict_at_each(house: &mut Asking) {
        let activist = house.site.person("Mara Varga", Role::Activist);
        let city = house.site.city();
        let first = house.site.sends(activist, city);
        let other = house.site.authority("Stadt Nebenan", (askance::domain::authority::AuthorityKind::Municipality, "de-nw-ifg", "de"), "nebenan.example");
        let second = house.site.sends(activist, other);
        let raw = Reply::to(&first, "brandau.example").addressed(&format!("{}, {}", first.reply_address, second.reply_address)).saying("Ihr Antrag wird abgelehnt.").raw();
        house.takes(&raw, &first.reply_address, (STRANGER, SENDER));
        house.verifies();
        house.site.works();
        assert_eq!(house.site.message(2).request_id, Some(second.id));
        assert_eq!((house.verdict(1), house.verdict(2)), (Some(Verdict::Forged), Some(Verdict::Forged)));
    }

    fn r13_old_mail_is_not_looked_at_and_the_page_says_so(house: &mut Asking) {
        let request = house.request();
        house.takes(&acknowledgement(&request), &request.reply_address, (CITY, SENDER));
        house.later(TimeDelta::days(3));
        assert_eq!(house.verifies(), 0);
        house.site.works();
        let page = Asking::page(&house.desk(), "/desk/messages/1");
        assert!(page.contains("Not checked") && page.contains("Nobody has looked up"), "{page}");
    }

    fn r13_mail_that_is_gone_from_the_blobs_keeps_no_other_waiting(house: &mut Asking) {
        let request = house.request();
        house.takes(&acknowledgement(&request), &request.reply_address, (CITY, SENDER));
        let blob = house.site.message(1).blob_sha256;
        std::fs::remove_file(house.site.ctx.config.blob_dir.join(&blob[..2]).join(&blob)).unwrap();
        house.takes(b"From: a@brandau.example\r\n\r\nx\r\n", &request.reply_address, (CITY, SENDER));
        assert_eq!(house.verifies(), 2);
        assert_eq!((house.verdict(1), house.verdict(2)), (Some(Verdict::Unknown), Some(Verdict::Verified)));
    }

    fn r14_whoever_is_not_the_authority_is_put_before_a_person_and_nothing_is_public(house: &mut Asking) {
        let request = house.request();
        let before = house.public(&request);
        let said = ["Hiermit bestätige ich den Eingang Ihres Antrags. Ihr Antrag ist hier eingegangen.", "Ich bin bis zum 30. September nicht im Büro.", "Ihr Antrag wird abgelehnt.", ""];
        let froms = ["x@evil.example", POSTSTELLE, "\"poststelle@brandau.example\" <x@evil.example>", "Stadt Brandau <stadt.brandau@gmail.com>", "a@brand\u{430}u.example", ""];
        let mut sent = 0;
        for from in froms {
            for (nth, words) in said.iter().enumerate() {
                for automatic in [false, true] {
                    let id = format!("m-{sent}@elsewhere.example");
                    let reply = Reply::to(&request, "evil.example").from(from).with_id(&id).saying(words);
                    let reply = if automatic { reply.with("Auto-Submitted: auto-replied") } else { reply };
                    // He proves that he is who he is: that is not enough.
                    let raw = if nth % 2 == 0 { signing::signed(&reply.raw(), "evil.example") } else { reply.raw() };
                    house.takes(&raw, &request.reply_address, (STRANGER, "x@any.evil.example"));
                    sent += 1;
                }
            }
        }
        house.verifies();
        house.site.works();
        let desk = house.desk();
        for id in 1..=sent {
            let message = house.site.message(id);
            assert_eq!((message.state, message.request_id), (MessageState::Held, Some(request.id)), "message {id}");
            let page = Asking::page(&desk, &format!("/desk/messages/{id}"));
            let warned = ["The sender is not from the authority’s domain.", "It seems to be forged."];
            assert!(warned.iter().any(|words| page.contains(words)), "message {id}: {page}");
        }
        assert_eq!(house.site.kinds(request.id), ["filed", "sent"]);
        assert_eq!(house.public(&request), before);
        println!("{sent} mails of strangers to a reply address: all before a person, nothing public");
    }
}

/// The program itself: mail by LMTP, names of our name server, the page of the desk.
#[test]
fn r13_what_came_through_the_door_is_judged_on_its_page() {
    let dns = world();
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (door, pages) = (free(), free());
    let operator = Operator::new()
        .with("ASKANCE_LMTP_LISTEN", &format!("127.0.0.1:{door}"))
        .with("ASKANCE_DNS", &dns.at().to_string())
        .with("ROCKET_PORT", &pages.to_string());
    let added = operator.runs(&["user", "add", "theo@askance.example", "--role", "volunteer"], b"").out;
    let password = crate::story::desk::between(&added, "shown this once: ", "\n");
    let mut service = operator.command(&["serve"]).stdout(std::process::Stdio::null()).spawn().unwrap();
    let until = |what: &str, there: &mut dyn FnMut() -> bool| {
        let patience = Instant::now() + Duration::from_secs(60);
        while !there() {
            assert!(Instant::now() < patience, "waited a minute for: {what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let at = format!("http://127.0.0.1:{pages}");
    until("the pages", &mut || ureq::get(format!("{at}/robots.txt")).call().is_ok());
    let raw = signing::signed(crate::authenticity::mail(POSTSTELLE).as_bytes(), "brandau.example");
    let forged = crate::authenticity::mail("x@brandau.example");
    for raw in [raw.as_slice(), forged.as_bytes()] {
        let door = format!("127.0.0.1:{door}").parse().unwrap();
        let replies = lmtp::deliver(door, SENDER, &["info@localhost"], raw).unwrap();
        assert!(replies[0].starts_with("250"), "{replies:?}");
    }
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let read =
        |path: &str| agent.get(format!("{at}{path}")).call().unwrap().body_mut().read_to_string().unwrap();
    let token =
        crate::story::desk::between(&read("/desk/sign-in"), "name=\"csrf\" value=\"", "\"").to_owned();
    let form = [("csrf", token.as_str()), ("email", "theo@askance.example"), ("password", password)];
    drop(agent.post(format!("{at}/desk/sign-in")).send_form(form).unwrap());
    until("the verdict on the page", &mut || read("/desk/messages/1").contains("Proved: brandau.example"));
    until("the other verdict", &mut || read("/desk/messages/2").contains("Not proved"));
    let page = read("/desk/messages/2");
    let _ = service.kill();
    let _ = service.wait();
    dns.end();
    assert!(page.contains("From which server it came is not known."), "{page}");
}
