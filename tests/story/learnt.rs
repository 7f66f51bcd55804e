//! What matching learns counts as long as the messages that taught it stand, and reaches mail that came before.

use crate::story::matching::{INFO, RECEIPT, REFUSAL, matches};
use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::incoming::matching::{Match, Reason};
use askance::domain::incoming::proposal::Proposal;
use askance::domain::incoming::reading::Kind;
use askance::service::bringing_back::bring_back;
use askance::service::triage::{assign, proposed_as, proposed_settlement, set_aside, settle};
use askance::store::messages;
use askance::store::requests::RequestRow;
use askance::store::types::{MessageState, Role};
use diesel::connection::SimpleConnection;

fn words(found: &[Match]) -> String {
    found.iter().flat_map(|found| &found.reasons).map(Reason::in_words).collect::<Vec<_>>().join(" ")
}

fn district(site: &Site) -> i64 {
    site.authority("Kreis Altmoor", (AuthorityKind::Municipality, "de-nw-ifg", "de"), "altmoor.example")
}

/// A refusal from a law firm to the reply address of a request, which a person settles.
fn law_firm_refuses(site: &Site, person: i64, request: &RequestRow, (id, key): (i64, &str)) {
    let reply =
        Reply::to(request, "kanzlei.example").about("Bescheid").with_id(&format!("{key}@kanzlei.example"));
    site.receives(&reply.saying(&format!("{REFUSAL} {key}")).raw(), &request.reply_address);
    let proposed = proposed_settlement(&site.ctx, &mut site.conn(), id).unwrap().unwrap();
    assert_eq!(proposed.kind, Kind::Refusal);
    settle(&site.ctx, &mut site.conn(), person, &proposed).unwrap();
}

/// What the next mail of the law firm, about nothing in particular, is thought to be.
fn guesses(site: &Site, request: &RequestRow, key: &str) -> Vec<i64> {
    let mail = Reply::to(request, "kanzlei.example").about("Hallo").addressed(INFO);
    site.receives(&mail.with_id(&format!("{key}@kanzlei.example")).saying("Guten Tag.").raw(), INFO);
    let id = (1..40).rev().find(|id| messages::find(&mut site.conn(), *id).unwrap().is_some()).unwrap();
    let found = matches(site, id);
    assert!(found.iter().all(|found| found.foreign_sender && !found.certain));
    assert!(found.is_empty() || words(&found).contains("a reply from there was settled before"));
    found.iter().map(|found| found.request_id).collect()
}

stories! {
    fn what_was_set_aside_teaches_nothing_until_it_is_brought_back(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let request = site.sends(activist, site.city());
        // Spam with a good address of the authority; by rule it gives its file number to the request.
        let receipt = Reply::to(&request, "brandau.example").about("Eingang").with_id("first@brandau.example");
        site.receives(&receipt.saying(RECEIPT).raw(), &request.reply_address);
        let later = |key: &str| {
            let mail = Reply::to(&request, "elsewhere.example").about("Az. 32-1024/2026").addressed(INFO);
            let mail = mail.with("In-Reply-To: <first@brandau.example>");
            mail.with_id(&format!("{key}@elsewhere.example")).saying(&format!("Guten Tag. {key}")).raw()
        };
        site.receives(&later("2"), INFO);
        let before = words(&matches(site, 2));
        assert!(before.contains("the file number 32-1024/2026") && before.contains("goes on from a reply"), "{before}");
        set_aside(&site.ctx, &mut site.conn(), volunteer, 1, "spam").unwrap();
        site.receives(&later("3"), INFO);
        assert!(matches(site, 3).is_empty(), "{}", words(&matches(site, 3)));
        assert!(matches(site, 2).is_empty(), "and what was guessed by it is guessed no more: {}", words(&matches(site, 2)));
        bring_back(&site.ctx, &mut site.conn(), volunteer, 1).unwrap();
        let proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        settle(&site.ctx, &mut site.conn(), volunteer, &proposed).unwrap();
        site.works();
        let after = words(&matches(site, 3));
        assert!(after.contains("the file number 32-1024/2026") && after.contains("goes on from a reply"), "{after}");
    }

    fn domain_of_a_wrongly_settled_sender_is_unlearnt_when_it_is_filed_elsewhere_or_set_aside(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let (city, other) = (site.sends(activist, site.city()), site.sends(activist, district(site)));
        law_firm_refuses(site, volunteer, &city, (1, "a"));
        assert_eq!(guesses(site, &city, "2"), [city.id]);
        assign(&site.ctx, &mut site.conn(), volunteer, 1, &other.reference).unwrap();
        assert!(guesses(site, &city, "3").is_empty(), "filed elsewhere, and nobody said what it is there");
        let proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        settle(&site.ctx, &mut site.conn(), volunteer, &proposed).unwrap();
        assert_eq!(guesses(site, &city, "4"), [other.id]);
        set_aside(&site.ctx, &mut site.conn(), volunteer, 1, "spam").unwrap();
        assert!(guesses(site, &city, "5").is_empty());
    }

    fn what_is_brought_back_teaches_once_and_only_what_is_said_of_it_then(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let city = site.sends(activist, site.city());
        law_firm_refuses(site, volunteer, &city, (1, "a"));
        let second = Reply::to(&city, "elsewhere.example").about("AW: Bescheid").addressed(INFO);
        let second = second.with("References: <a@kanzlei.example>").with_id("two@elsewhere.example");
        site.receives(&second.saying("Wir warten noch.").raw(), INFO);
        assert!(words(&matches(site, 2)).contains("It goes on from a reply that is filed here."));
        set_aside(&site.ctx, &mut site.conn(), volunteer, 1, "spam").unwrap();
        site.works();
        assert!(matches(site, 2).is_empty());
        bring_back(&site.ctx, &mut site.conn(), volunteer, 1).unwrap();
        assert_eq!(site.message(1).state, MessageState::Held, "a person decides anew what it is");
        site.works();
        assert!(words(&matches(site, 2)).contains("It goes on from a reply that is filed here."));
        assert!(guesses(site, &city, "3").is_empty(), "what was said of it before is open");
        let mut said = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        said.seen = site.message(1).settled_at;
        settle(&site.ctx, &mut site.conn(), volunteer, &said).unwrap();
        assert_eq!(guesses(site, &city, "4"), [city.id]);
        // Once: one setting aside takes all of it back.
        set_aside(&site.ctx, &mut site.conn(), volunteer, 1, "spam").unwrap();
        assert!(guesses(site, &city, "5").is_empty());
        // Brought back to be something that teaches nothing, it teaches nothing.
        bring_back(&site.ctx, &mut site.conn(), volunteer, 1).unwrap();
        let mut said = proposed_as(&site.ctx, &mut site.conn(), (1, Some(Kind::Other))).unwrap().unwrap();
        said.seen = site.message(1).settled_at;
        settle(&site.ctx, &mut site.conn(), volunteer, &said).unwrap();
        assert!(guesses(site, &city, "6").is_empty());
    }

    fn unmatched_mail_that_is_brought_back_is_ranked_by_what_was_learnt_meanwhile(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let request = site.sends(activist, site.city());
        let early = Reply::to(&request, "elsewhere.example").about("Az. 32-1024/2026").addressed(INFO);
        site.receives(&early.with_id("early@elsewhere.example").saying("Guten Tag.").raw(), INFO);
        set_aside(&site.ctx, &mut site.conn(), volunteer, 1, "spam").unwrap();
        let receipt = Reply::to(&request, "brandau.example").about("Eingang").saying(RECEIPT);
        site.receives(&receipt.raw(), &request.reply_address);
        assert!(matches(site, 1).is_empty(), "nobody looks for the request of what is set aside");
        bring_back(&site.ctx, &mut site.conn(), volunteer, 1).unwrap();
        site.works();
        assert!(words(&matches(site, 1)).contains("the file number 32-1024/2026"));
        assert_eq!((site.message(1).request_id, site.message(1).state), (None, MessageState::Unmatched));
    }

    fn domain_that_two_replies_show_stays_while_one_stands(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let city = site.sends(activist, site.city());
        law_firm_refuses(site, volunteer, &city, (1, "a"));
        law_firm_refuses(site, volunteer, &city, (2, "b"));
        set_aside(&site.ctx, &mut site.conn(), volunteer, 1, "spam").unwrap();
        assert_eq!(guesses(site, &city, "3"), [city.id]);
        // A person corrects what the other is: a note of nobody's is no reply of the authority.
        let mut said = proposed_as(&site.ctx, &mut site.conn(), (2, Some(Kind::Other))).unwrap().unwrap();
        said.seen = site.message(2).settled_at;
        settle(&site.ctx, &mut site.conn(), volunteer, &said).unwrap();
        assert!(guesses(site, &city, "4").is_empty());
    }

    fn domain_is_unlearnt_with_the_erasure_of_its_message(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let city = site.sends(activist, site.city());
        law_firm_refuses(site, volunteer, &city, (1, "a"));
        assert_eq!(guesses(site, &city, "2"), [city.id]);
        site.conn().batch_execute("UPDATE events SET message_id = NULL WHERE message_id = 1; DELETE FROM messages WHERE id = 1").unwrap();
        assert!(guesses(site, &city, "3").is_empty());
        // It can be learnt again.
        law_firm_refuses(site, volunteer, &city, (4, "d"));
        assert_eq!(guesses(site, &city, "5"), [city.id]);
    }

    fn mail_that_came_before_its_file_number_was_known_is_proposed_later(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let request = site.sends(activist, site.city());
        let early = Reply::to(&request, "brandau.example").about("Az. 32 - 1024 / 2026").addressed(INFO);
        site.receives(&early.with_id("early@brandau.example").saying(REFUSAL).raw(), INFO);
        let spoof = Reply::to(&request, "evil.example").about("Az. 32-1024/2026").addressed(INFO);
        site.receives(&spoof.with_id("spoof@evil.example").saying(REFUSAL).raw(), INFO);
        assert!(!matches(site, 1)[0].certain && matches(site, 2).is_empty());
        let receipt = Reply::to(&request, "brandau.example").about("Eingang").saying(RECEIPT);
        site.receives(&receipt.raw(), &request.reply_address);
        let first = &matches(site, 1)[0];
        assert!(first.certain && first.request_id == request.id, "{first:?}");
        assert!(words(&matches(site, 1)).contains("the file number 32-1024/2026"));
        let spoofed = &matches(site, 2)[0];
        assert!(!spoofed.certain && spoofed.foreign_sender, "a stranger is ranked and never clear: {spoofed:?}");
        for id in [1, 2] {
            assert_eq!((site.message(id).request_id, site.message(id).state), (None, MessageState::Unmatched));
        }
        assert_eq!(site.kinds(request.id), ["filed", "sent", "acknowledged"], "a person files what is proposed");
    }

    fn mail_that_goes_on_from_one_that_a_person_filed_is_proposed_there(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let request = site.sends(activist, site.city());
        let first = Reply::to(&request, "brandau.example").about("Rückruf").addressed(INFO);
        site.receives(&first.with_id("one@brandau.example").saying("Bitte rufen Sie zurück.").raw(), INFO);
        let second = Reply::to(&request, "brandau.example").about("AW: Rückruf").addressed(INFO);
        let second = second.with("References: <zero@brandau.example> <one@brandau.example>");
        site.receives(&second.with_id("two@brandau.example").saying("Wir warten noch.").raw(), INFO);
        assert!(!matches(site, 1)[0].certain && !matches(site, 2)[0].certain);
        assign(&site.ctx, &mut site.conn(), volunteer, 1, &request.reference).unwrap();
        site.works();
        assert!(matches(site, 2)[0].certain, "{:?}", matches(site, 2));
        assert!(words(&matches(site, 2)).contains("It goes on from a reply that is filed here."));
        assert_eq!((site.message(2).request_id, site.message(2).state), (None, MessageState::Unmatched));
        let proposal: Proposal = serde_json::from_str(&site.message(2).proposal).unwrap();
        assert_eq!(proposal.event, None);
        assert!(proposal.ask.unwrap().contains("By what was learnt since it came"));
    }

    fn request_that_is_filed_late_and_a_domain_that_is_learnt_reach_mail_that_waits(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let (city, other) = (site.city(), site.sends(activist, district(site)));
        let early = Reply::to(&other, "brandau.example").about("Ihr Anruf").addressed(INFO);
        site.receives(&early.with_id("early@brandau.example").saying("Guten Tag.").raw(), INFO);
        let firm = Reply::to(&other, "kanzlei.example").about("Hallo").addressed(INFO);
        site.receives(&firm.with_id("early@kanzlei.example").saying("Guten Tag.").raw(), INFO);
        assert!(matches(site, 1).is_empty() && matches(site, 2).is_empty());
        let request = site.sends(activist, city);
        assert_eq!(matches(site, 1).iter().map(|found| found.request_id).collect::<Vec<_>>(), [request.id]);
        assert!(matches(site, 2).is_empty(), "nothing was learnt of it");
        law_firm_refuses(site, volunteer, &other, (3, "a"));
        site.works();
        assert_eq!(matches(site, 2).iter().map(|found| found.request_id).collect::<Vec<_>>(), [other.id]);
        assert!(!matches(site, 2)[0].certain);
        // What a person filed meanwhile is left alone.
        assign(&site.ctx, &mut site.conn(), volunteer, 2, &request.reference).unwrap();
        let filed = site.message(2);
        law_firm_refuses(site, volunteer, &other, (4, "b"));
        site.works();
        assert_eq!((site.message(2).proposal, site.message(2).request_id), (filed.proposal, Some(request.id)));
    }
}
