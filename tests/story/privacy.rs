//! Who asked, and how to answer in another's name, is never public: not in letters, timelines or names of files.

use crate::support::mail::Reply;
use crate::support::{Site, filing_of, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::incoming::reading::Kind;
use askance::domain::request::event::Ground;
use askance::service::triage::{Settlement, proposed_settlement, settle};
use askance::service::{filing, publishing};
use askance::store::requests::RequestRow;
use askance::store::types::Role;
use chrono::TimeDelta;
use rocket::http::Status;

/// A request that somebody signs in this way.
fn signed(site: &Site, signed_as: &str) -> RequestRow {
    let place = format!("Stadt {}", site.now().timestamp());
    let person = site.person(&format!("Reader of {place}"), Role::Activist);
    let city = site.authority(&place, (AuthorityKind::Municipality, "de-nw-ifg", "de"), "brandau.example");
    let filing = filing::Filing { signed_as: signed_as.to_owned(), ..filing_of(&[city], &place) };
    let filed = filing::file(&site.ctx, &mut site.conn(), person, &filing).unwrap().remove(0);
    site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
    site.works();
    site.request(&filed.reference)
}

/// The page of a request and the same for machines.
fn public(site: &Site, request: &RequestRow) -> String {
    let browser = site.browser();
    let read = |path: String| {
        let answer = browser.get(path.clone()).dispatch();
        assert_eq!(answer.status(), Status::Ok, "{path}");
        answer.into_string().unwrap()
    };
    let page = read(format!("/requests/{}", request.reference));
    page + &read(format!("/requests/{}.json", request.reference))
}

fn proposed(site: &Site) -> Settlement {
    proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap()
}

/// Everything a person can paste into the form, as text and as what becomes events.
fn pasted(mut proposal: Settlement, words: &str, kind: Kind) -> Settlement {
    proposal.kind = kind;
    proposal.outcome = None;
    proposal.authority_reference = Some(format!("Az. 7 {words}"));
    proposal.passed_to = Some(format!("Stadt Nebenan {words}"));
    proposal.asks_for = Some(format!("Was meinen Sie? {words}"));
    proposal.grounds = vec![Ground { cite: format!("§ 6 IFG NRW {words}"), category: None }];
    proposal.publish = Some(format!("Zaunkönig {words}"));
    proposal.publish_subject = Some(format!("Bescheid {words}"));
    proposal
}

stories! {
    fn our_own_letter_names_nobody_however_the_name_is_spelled(site: &mut Site) {
        let names = ["Anna van der Berg", "Kurt Amthor", "Mara V.", "María García López", "Lin Wu", "Jan Mu\u{308}ller", "Varga Mara", "Müller"];
        for name in names {
            let request = signed(site, &format!("{name}\nKlarblick e. V."));
            let page = public(site, &request);
            let composed: String = name.replace("u\u{308}", "ü");
            assert!(!page.contains(name) && !page.contains(&composed), "{name} in {page}");
            assert!(page.contains("Klarblick e. V."), "the group stands by its name");
        }
    }

    fn what_stands_after_a_comma_is_no_group(site: &mut Site) {
        for name in ["Varga, Mara", "Varga, Mara, Klarblick", "Mara Varga für Klarblick"] {
            let request = signed(site, name);
            let page = public(site, &request);
            for secret in ["Varga", "Mara", "Klarblick"] {
                assert!(!page.contains(secret), "{secret} of `{name}` in {page}");
            }
        }
        let request = signed(site, "Varga, Mara");
        let text = "Sehr geehrte Frau Varga, liebe Mara,\n\nIhr Antrag wird abgelehnt, § 6 Satz 1 Buchst. a IFG NRW.";
        site.receives(&Reply::to(&request, "brandau.example").about("Bescheid").saying(text).raw(), &request.reply_address);
        let shown = format!("{:?}", proposed(site));
        assert!(!shown.contains("Varga") && !shown.contains("Mara") && shown.contains("abgelehnt"), "{shown}");
    }

    fn a_reply_names_nobody_however_it_addresses_the_person(site: &mut Site) {
        let request = signed(site, "María Müller van der Berg");
        let text = "Liebe Maria, sehr geehrte Frau Mueller van der Berg,\n\nSra. MÜLLER: Ihr Antrag wird abgelehnt, § 6 Satz 1 Buchst. a IFG NRW. \
                    Schreiben Sie an post@localhost.\n\nIm Auftrag\nAmthor";
        site.receives(&Reply::to(&request, "brandau.example").about("Bescheid Frau Mu\u{308}ller").saying(text).raw(), &request.reply_address);
        let proposal = proposed(site);
        let shown = format!("{proposal:?}");
        for secret in ["Maria", "Mueller", "van der", "Berg", "MÜLLER", "Müller", "Amthor", "@localhost"] {
            assert!(!shown.contains(secret), "`{secret}` in {shown}");
        }
        assert!(shown.contains("wird abgelehnt"));
        settle(&site.ctx, &mut site.conn(), request.person_id, &proposal).unwrap();
        let page = public(site, &request);
        assert!(page.contains("wird abgelehnt") && !page.contains("Mueller") && !page.contains("Amthor"), "{page}");
    }

    fn what_becomes_an_event_is_redacted_and_public_only_with_its_letter(site: &mut Site) {
        let request = signed(site, "Mara Varga");
        site.receives(&Reply::to(&request, "brandau.example").saying("Ihr Antrag wird abgelehnt.").raw(), &request.reply_address);
        for kind in [Kind::Acknowledgement, Kind::Clarification, Kind::Transfer, Kind::Refusal] {
            let mut said = pasted(proposed(site), "Frau Varga, varga@localhost", kind);
            said.publish = None;
            settle(&site.ctx, &mut site.conn(), request.person_id, &said).unwrap();
            let hidden = public(site, &request);
            for words in ["Az. 7", "Stadt Nebenan", "Was meinen", "§ 6 IFG", "Varga", "varga"] {
                assert!(!hidden.contains(words), "`{words}` of a letter that is not published: {hidden}");
            }
            let said = pasted(proposed(site), "Frau Varga, varga@localhost", kind);
            settle(&site.ctx, &mut site.conn(), request.person_id, &Settlement { publish: Some("Zaunkönig".to_owned()), publish_subject: None, ..said }).unwrap();
            let shown = public(site, &request);
            assert!(!shown.contains("Varga") && !shown.contains("varga"), "{shown}");
            let own = match kind {
                Kind::Acknowledgement => "Az. 7",
                Kind::Clarification => "Was meinen",
                Kind::Transfer => "Stadt Nebenan",
                _ => "§ 6 IFG",
            };
            assert!(shown.contains(own), "{own} in {shown}");
            let kept = format!("{:?}", askance::store::requests::events_of(&mut site.conn(), request.id).unwrap());
            assert!(!kept.contains("Varga") && !kept.contains("varga"), "{kept}");
        }
    }

    fn no_reply_address_gets_out_whatever_is_pasted(site: &mut Site) {
        let request = signed(site, "Mara Varga");
        site.receives(&Reply::to(&request, "brandau.example").saying("Ihr Antrag wird abgelehnt.").raw(), &request.reply_address);
        let token = request.reply_address.split('@').next().unwrap().rsplit('-').next().unwrap().to_owned();
        let other = "r-2025-0001-zyxwvutsrqponmlkjihg@elsewhere.example";
        let words = format!("{} {} ({token}) {other}", request.reply_address, request.reply_address.to_uppercase());
        for kind in [Kind::Acknowledgement, Kind::Clarification, Kind::Transfer, Kind::Fee, Kind::Refusal] {
            let mut said = pasted(proposed(site), &words, kind);
            said.fee = Some((words.clone(), words.clone()));
            settle(&site.ctx, &mut site.conn(), request.person_id, &said).unwrap();
            let page = public(site, &request).to_lowercase();
            assert!(page.contains("zaunkönig"));
            let kept = format!("{:?}", askance::store::requests::events_of(&mut site.conn(), request.id).unwrap()).to_lowercase();
            for secret in [token.as_str(), "zyxwvutsrq"] {
                assert!(!page.contains(secret) && !kept.contains(secret), "{kind:?}: {page} {kept}");
            }
        }
        let changed = publishing::Shown { text: Some(format!("Zaunkönig {words}")), subject: Some(words.clone()), files: Vec::new(), looked: false };
        publishing::change(&site.ctx, &mut site.conn(), request.person_id, (1, &changed)).unwrap();
        let page = public(site, &request).to_lowercase();
        assert!(page.contains("zaunkönig") && !page.contains(&token) && !page.contains("zyxwvutsrq"), "{page}");
    }

    fn a_file_is_published_under_a_name_that_names_nobody(site: &mut Site) {
        let request = signed(site, "Mara Varga");
        let raw = String::from_utf8(Reply::to(&request, "brandau.example").saying("Ihr Antrag wird abgelehnt.").raw()).unwrap();
        let (head, body) = raw.split_once("\r\n\r\n").unwrap();
        let head = head.replace("Content-Type: text/plain; charset=utf-8", "Content-Type: multipart/mixed; boundary=\"b\"");
        let mail = format!(
            "{head}\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n--b\r\nContent-Type: application/pdf; name=\"Antwort_Frau_Varga.pdf\"\r\n\
             Content-Disposition: attachment; filename=\"Antwort_Frau_Varga.pdf\"\r\n\r\n%PDF-1.4\r\n--b--\r\n"
        );
        site.receives(mail.as_bytes(), &request.reply_address);
        let hidden = Settlement { publish: None, publish_attachments: vec![0], ..proposed(site) };
        settle(&site.ctx, &mut site.conn(), request.person_id, &hidden).unwrap();
        let browser = site.browser();
        assert_eq!(browser.get("/files/1/0/x").dispatch().status(), Status::NotFound, "no file without its letter");

        let shown = Settlement { publish_attachments: vec![0, 7], publish: Some("Zaunkönig".to_owned()), ..proposed(site) };
        settle(&site.ctx, &mut site.conn(), request.person_id, &shown).unwrap();
        let page = public(site, &request);
        assert!(page.contains("Antwort_Frau_█████.pdf") && !page.contains("Varga"), "{page}");
        let file = browser.get("/files/1/0/x").dispatch();
        assert_eq!(file.status(), Status::Ok);
        let name = file.headers().get_one("Content-Disposition").unwrap().to_owned();
        assert!(name.contains("Antwort_Frau_") && !name.contains("Varga"), "{name}");
    }
}
