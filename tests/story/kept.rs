//! Public pages are made once while nothing happens, and anew as soon as anything did, in whatever process.

use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::service::publishing::withdraw;
use askance::service::triage::{proposed_settlement, settle};
use askance::store::Db;
use askance::store::types::Role;
use askance::store::version::Versions;
use askance::web::error::{Error, What};
use askance::web::kept::{Address, Kept, ROOM};
use askance::web::places::{Patience, Places};
use askance::web::rendered::Rendered;
use chrono::TimeDelta;
use rocket::http::ContentType;

/// Asks for a page and says whether it had to be made.
fn is_made(kept: &Kept, site: &Site, address: &str) -> bool {
    let mut made = false;
    let making = async {
        made = true;
        Ok(Rendered::public(ContentType::HTML, "a page".to_owned()))
    };
    let (places, wait) = (Places::default(), Patience::Long.begins());
    let page = rocket::execute(kept.page((Address::from(address), site.now()), (&places, wait), making));
    assert_eq!(page.unwrap().size(), 6);
    made
}

/// Whether a page is handed out again. On PostgreSQL what other databases of the same server do counts as a change,
/// and here other stories run beside this one; so it may take some tries.
fn is_kept(kept: &Kept, site: &Site, address: &str) -> bool {
    (0..200).any(|_| !is_made(kept, site, address))
}

stories! {
    fn a_page_is_made_once_while_nothing_happens(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let kept = Kept::new(&site.db, ROOM);

        assert!(is_made(&kept, site, "/requests"));
        assert!(is_kept(&kept, site, "/requests"), "nothing happened");
        assert!(is_made(&kept, site, "/requests?q=police"), "another page");
        let long = format!("/requests?q={}", "x".repeat(500));
        assert!(!is_kept(&kept, site, &long), "no link of ours is so long");

        site.sends(activist, city);
        assert!(is_made(&kept, site, "/requests"), "a letter was sent");
        assert!(is_kept(&kept, site, "/requests"));
        site.ctx.clock.set(site.now() + TimeDelta::minutes(1));
        assert!(is_made(&kept, site, "/requests"), "a minute later it may be another day");
    }

    fn what_went_wrong_is_not_kept(site: &mut Site) {
        let kept = Kept::new(&site.db, ROOM);
        let address = || Address::from("/requests/2026-0001");
        let failing = async { Err(Error::NotFound(What::Request)) };
        let (places, wait) = (Places::default(), Patience::Long.begins());
        assert!(rocket::execute(kept.page((address(), site.now()), (&places, wait), failing)).is_err());
        assert!(is_made(&kept, site, "/requests/2026-0001"), "the failure was not kept");
        assert!(is_kept(&kept, site, "/requests/2026-0001"));
    }

    fn work_that_finds_nothing_to_do_changes_no_page(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        site.sends(activist, city);
        site.works();
        let versions = Versions::of(&site.db);
        // As above, others may have committed on the same server.
        let still = (0..50).any(|_| {
            let before = versions.present().unwrap();
            site.works();
            site.browser().get("/").dispatch();
            versions.present().unwrap() == before
        });
        assert!(still, "an idle service commits something at each turn");
    }

    fn a_reply_hidden_in_one_process_is_gone_from_the_pages_of_another(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let city = site.city();
        let request = site.sends(activist, city);
        let browser = site.browser();
        let page = || browser.get(format!("/requests/{}", request.reference)).dispatch().into_string().unwrap();
        let elsewhere = Db::open(&site.ctx.config.database_url, 1).unwrap();

        assert!(!page().contains("Zaunkönig"));
        let reply = Reply::to(&request, "brandau.example").saying("Ihr Antrag wird abgelehnt. Geheimwort Zaunkönig.");
        site.receives(&reply.raw(), &request.reply_address);
        let settlement = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        settle(&site.ctx, &mut elsewhere.conn().unwrap(), volunteer, &settlement).unwrap();
        assert!(page().contains("Zaunkönig"), "settled elsewhere, public here");

        withdraw(&site.ctx, &mut elsewhere.conn().unwrap(), volunteer, 1).unwrap();
        assert!(!page().contains("Zaunkönig"), "withdrawn elsewhere, gone here");
    }
}
