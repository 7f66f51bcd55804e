//! The reader learns a wording that no phrase and no sentence of ours knows, from what people settle.

use crate::support::mail::Reply;
use crate::support::{Site, real_cage, stories};
use askance::domain::incoming::reading::Kind;
use askance::domain::request::state::Outcome;
use askance::service::learning::Learner;
use askance::service::triage::{Settlement, proposed_settlement, settle};
use askance::store::messages::{self, Published, Reread, decided};
use askance::store::requests::RequestRow;
use askance::store::types::Role;

/// How one office says no; nobody else does.
fn habit(of: &str) -> String {
    format!(
        "Guten Tag,\n\nzu Ihrem Zeichen {of}: die Kurbelkanne bleibt am Haken, das Drudenblatt wandert in die Lade.\n\n\
         Mit freundlichen Grüßen\nAmt Brandau"
    )
}

fn answered(site: &Site, request: &RequestRow, of: &str) -> (i64, Kind, f64) {
    let reply = Reply::to(request, "brandau.example").about("Ihr Schreiben").saying(&habit(of));
    site.receives(&reply.raw(), &request.reply_address);
    let last = (1..).map_while(|id| messages::find(&mut site.conn(), id).unwrap()).last().unwrap();
    let read = site.cage.read(reply.raw().as_slice()).unwrap().reading;
    (last.id, read.kind, read.confidence)
}

/// Letters of that office which a person settled, and who that was.
fn taught(site: &Site, letters: &[&str]) -> (i64, Vec<i64>) {
    let (activist, volunteer) =
        (site.person("Mara Varga", Role::Activist), site.person("Theo Okafor", Role::Volunteer));
    let city = site.city();
    let settled = letters.iter().map(|of| {
        let (message, ..) = answered(site, &site.sends(activist, city), of);
        let said = proposed_settlement(&site.ctx, &mut site.conn(), message).unwrap().unwrap();
        let told = Settlement { kind: Kind::NotHeld, outcome: Some(Outcome::NotHeld), ..said };
        settle(&site.ctx, &mut site.conn(), volunteer, &told).unwrap();
        message
    });
    (volunteer, settled.collect())
}

/// Writes another text into a letter, as who erases what it says does; nothing else of it changes.
fn rewrite(site: &Site, message: i64, own_text: &str) {
    let row = messages::find(&mut site.conn(), message).unwrap().unwrap();
    let reread = Reread {
        language: None,
        kind: row.kind,
        confidence: None,
        own_text: own_text.to_owned(),
        quoted_text: None,
        evidence: None,
        reading: row.reading,
    };
    messages::reread(&mut site.conn(), message, &reread).unwrap();
}

fn kind_of_next(site: &Site) -> Kind {
    let body = habit("Z").replace('\n', "\r\n");
    let raw = format!(
        "From: a@brandau.example\r\nSubject: Ihr Schreiben\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}"
    );
    site.cage.read(raw.as_bytes()).unwrap().reading.kind
}

stories! {
    fn what_is_erased_or_settled_otherwise_at_the_same_instant_is_unlearnt(site: &mut Site) {
        let (volunteer, letters) = taught(site, &["B", "C", "D", "E"]);
        let mut learner = Learner::default();
        assert_eq!(learner.catch_up(&site.ctx, &site.db, &site.cage).unwrap(), Some(4));
        assert_eq!(kind_of_next(site), Kind::NotHeld);

        // Corrected in the same microsecond: neither the number of letters nor their last instant moves.
        let at = messages::find(&mut site.conn(), letters[0]).unwrap().unwrap().settled_at.unwrap().and_utc();
        let none = Published::default();
        messages::settle(&mut site.conn(), letters[0], (volunteer, at), Kind::Fee.as_str(), &none).unwrap();
        assert_eq!(learner.catch_up(&site.ctx, &site.db, &site.cage).unwrap(), Some(4));
        assert_eq!(learner.catch_up(&site.ctx, &site.db, &site.cage).unwrap(), None);

        rewrite(site, letters[0], "");
        assert_eq!(learner.catch_up(&site.ctx, &site.db, &site.cage).unwrap(), Some(4), "erased in its place");
        letters[1..].iter().for_each(|letter| rewrite(site, *letter, ""));
        assert_eq!(learner.catch_up(&site.ctx, &site.db, &site.cage).unwrap(), Some(4));
        assert!(kind_of_next(site) != Kind::NotHeld, "what is erased is forgotten");
    }

    fn no_more_of_a_letter_is_learnt_from_than_is_read(site: &mut Site) {
        let (_, letters) = taught(site, &["B"]);
        rewrite(site, letters[0], &"\u{fc}ber alles ".repeat(100_000));
        let decided = decided::one(&mut site.conn(), letters[0]).unwrap().unwrap();
        assert_eq!(decided.own_text.len(), 200_000);
        assert_eq!((decided.kind.as_str(), decided.files.len()), ("not_held", 0));
        // As a whole it is still learnt from, by the children as here.
        let children = real_cage();
        assert_eq!(Learner::default().catch_up(&site.ctx, &site.db, &children).unwrap(), Some(1));
    }

    fn wording_of_one_office_is_known_after_people_settled_it_and_forgotten_with_its_letters(site: &mut Site) {
        let (activist, volunteer) =
            (site.person("Mara Varga", Role::Activist), site.person("Theo Okafor", Role::Volunteer));
        let city = site.city();
        let mut learner = Learner::default();
        let before = answered(site, &site.sends(activist, city), "A");
        assert!(before.1 != Kind::NotHeld, "{before:?}");
        for of in ["B", "C", "D", "E"] {
            let request = site.sends(activist, city);
            let (message, ..) = answered(site, &request, of);
            let said = proposed_settlement(&site.ctx, &mut site.conn(), message).unwrap().unwrap();
            let told = Settlement { kind: Kind::NotHeld, outcome: Some(Outcome::NotHeld), ..said };
            settle(&site.ctx, &mut site.conn(), volunteer, &told).unwrap();
        }
        assert_eq!(learner.catch_up(&site.ctx, &site.db, &site.cage).unwrap(), Some(4));
        assert_eq!(learner.catch_up(&site.ctx, &site.db, &site.cage).unwrap(), None, "nothing new was settled");

        let after = answered(site, &site.sends(activist, city), "F");
        assert_eq!(after.1, Kind::NotHeld, "{after:?}");

        let children = real_cage();
        let fresh = Reply::to(&site.sends(activist, city), "brandau.example").saying(&habit("G"));
        assert!(children.read(fresh.raw().as_slice()).unwrap().reading.kind != Kind::NotHeld);
        Learner::default().catch_up(&site.ctx, &site.db, &children).unwrap();
        assert_eq!(children.read(fresh.raw().as_slice()).unwrap().reading.kind, Kind::NotHeld, "children learn it too");
    }
}
