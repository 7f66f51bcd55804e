//! The reader learns a wording that no phrase and no sentence of ours knows, from what people settle.

use crate::support::mail::Reply;
use crate::support::{Site, real_cage, stories};
use askance::domain::incoming::reading::Kind;
use askance::domain::request::state::Outcome;
use askance::service::learning::Learner;
use askance::service::triage::{Settlement, proposed_settlement, settle};
use askance::store::messages;
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

stories! {
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
