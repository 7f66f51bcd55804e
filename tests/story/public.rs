//! What the public sees, and what it never sees.

use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::request::event::Event;
use askance::service::triage::{proposed_settlement, settle};
use askance::store::authorities::in_use;
use askance::store::desk::message;
use askance::store::requests;
use askance::store::types::Role;
use rocket::http::Status;
use rocket::local::blocking::Client;
use std::collections::{BTreeMap, BTreeSet};

/// A page as a visitor gets it.
fn read(browser: &Client, path: &str) -> String {
    let answer = browser.get(path.to_owned()).dispatch();
    assert_eq!(answer.status(), Status::Ok, "{path}");
    answer.into_string().unwrap_or_default()
}

/// Every public page that a link leads to from the start page, by its address.
fn whole_site(browser: &Client) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    let mut ahead: BTreeSet<String> = ["/".to_owned()].into();
    while let Some(path) = ahead.pop_first() {
        let text = read(browser, &path);
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.split('#').next().unwrap().replace("&amp;", "&");
            // The desk asks for a sign-in; laws are many and without visitors' data.
            let skipped = link.starts_with("/desk") || link.starts_with("/laws/") || !link.starts_with('/');
            if !skipped && !pages.contains_key(&link) && link != path {
                ahead.insert(link);
            }
        }
        pages.insert(path, text);
    }
    pages
}

/// A decision with two files, the second of which stays at the desk.
fn decision(reply: &Reply) -> Vec<u8> {
    let whole = String::from_utf8(reply.raw()).unwrap();
    let (head, body) = whole.split_once("\r\n\r\n").unwrap();
    let head = head
        .replace("Content-Type: text/plain; charset=utf-8", "Content-Type: multipart/mixed; boundary=\"b\"");
    format!(
        "{head}\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n--b\r\n\
         Content-Type: text/html; name=\"Kaufsache <1>.html\"\r\nContent-Disposition: attachment; filename=\"Kaufsache <1>.html\"\r\n\r\n\
         <script>alert('Kaufvertrag')</script>\r\n--b\r\n\
         Content-Type: text/plain; name=\"Personal.txt\"\r\nContent-Disposition: attachment; filename=\"Personal.txt\"\r\n\r\n\
         Dienstplan von Petra Mustermann\r\n--b--\r\n"
    )
    .into_bytes()
}

/// Whoever answers a request in the demonstration is the body that was asked, or a mail server.
fn answers_come_from_whom_was_asked(site: &Site) {
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    let mut conn = site.conn();
    let mut answers = 0;
    for id in 1.. {
        let Some(message) = message::load(&mut conn, id).unwrap() else { break };
        let Some(request) = message.request_id.filter(|_| message.automatic != "bounce") else { continue };
        let request = requests::find(&mut conn, request).unwrap().unwrap();
        let asked: Vec<_> =
            in_use(&mut conn, request.authority_id).unwrap().iter().map(|to| domain(to)).collect();
        let from = domain(&message.from_address.unwrap());
        assert!(
            asked.is_empty() || asked.contains(&from),
            "{} asked {asked:?}, {from:?} answers",
            request.reference
        );
        answers += 1;
    }
    assert!(answers > 20, "{answers} answers");
}

const TEXT: &str = "Sehr geehrte Frau Varga,\n\nIhr Antrag wird abgelehnt. Dem Informationszugang steht § 6 Satz 1 Buchst. a IFG NRW \
                    entgegen. Geheimwort Zaunkönig.\nRückfragen an sachbearbeitung@brandau.example.\n\nMit freundlichen Grüßen\nPetra Mustermann";

stories! {
    fn nothing_of_a_reply_is_public_before_a_person_settled_it(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let city = site.city();
        let request = site.sends(activist, city);
        let browser = site.browser();
        site.receives(&decision(&Reply::to(&request, "brandau.example").about("Bescheid Zaunkönig").saying(TEXT)), &request.reply_address);

        let token = request.reply_address.split('@').next().unwrap().rsplit('-').next().unwrap().to_owned();
        let never = [token.as_str(), "@post.askance.example", "Varga", "mara-varga@", "Petra", "sachbearbeitung", "poststelle@", "Dienstplan"];
        let before = whole_site(&browser);
        let address = format!("/requests/{}", request.reference);
        assert!(before.contains_key(&address), "the request is linked: {:?}", before.keys());
        for (path, page) in &before {
            for secret in never.iter().chain(&["Zaunkönig", "Kaufsache", "abgelehnt", "Refused</span>"]) {
                // Choices of a form name every outcome; that says nothing of one request.
                assert!(!page.contains(secret), "{path} holds `{secret}`");
            }
        }
        assert!(before[&address].contains("A reply is being read"), "its arrival is told");
        assert!(before[&address].contains("by Klarblick e. V. on"), "a group stands by its name");
        for position in 0..3 {
            let file = browser.get(format!("/files/1/{position}/x")).dispatch();
            assert_eq!(file.status(), Status::NotFound);
        }

        let mut settlement = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        settlement.publish_attachments = vec![0];
        settle(&site.ctx, &mut site.conn(), volunteer, &settlement).unwrap();
        let after = whole_site(&browser);
        for (path, page) in &after {
            for secret in never {
                assert!(!page.contains(secret), "{path} holds `{secret}`");
            }
        }
        let page = &after[&address];
        assert!(page.contains("Zaunkönig") && page.contains("Reply: refused") && page.contains("class=\"bar\""), "{page}");
        assert!(page.contains("Kaufsache &lt;1&gt;.html") && !page.contains("Personal.txt"), "{page}");
        assert!(page.contains("1 file is not public"), "{page}");
        let machine: serde_json::Value = serde_json::from_str(&after[&format!("{address}.json")]).unwrap();
        assert_eq!(machine["request"]["outcome"], "refused");
    }

    fn a_published_file_can_only_be_saved(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let city = site.city();
        let request = site.sends(activist, city);
        site.receives(&decision(&Reply::to(&request, "brandau.example").saying(TEXT)), &request.reply_address);
        let mut settlement = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        settlement.publish_attachments = vec![0];
        settle(&site.ctx, &mut site.conn(), volunteer, &settlement).unwrap();
        let browser = site.browser();
        let page = read(&browser, &format!("/requests/{}", request.reference));
        let href = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).find(|href| href.starts_with("/files/")).unwrap();
        let file = browser.get(href.to_owned()).dispatch();
        assert_eq!(file.status(), Status::Ok);
        let header = |name: &str| file.headers().get_one(name).unwrap_or("absent").to_owned();
        assert_eq!(header("Content-Security-Policy"), "sandbox; default-src 'none'; frame-ancestors 'none'");
        assert_eq!(header("Content-Type"), "application/octet-stream", "what is active is bare bytes");
        assert_eq!(header("X-Content-Type-Options"), "nosniff");
        assert_eq!(header("Cross-Origin-Resource-Policy"), "same-origin");
        assert_eq!(header("Set-Cookie"), "absent");
        assert!(header("Content-Disposition").starts_with("attachment; filename=\"Kaufsache _1_.html\"; filename*=UTF-8''"));
        assert!(file.into_string().unwrap().contains("alert('Kaufvertrag')"), "the bytes are those that came");
        assert_eq!(browser.get("/files/1/1/Personal.txt").dispatch().status(), Status::NotFound);
    }

    fn the_clock_of_a_request_is_shown_with_its_derivation(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let browser = site.browser();
        let address = format!("/requests/{}", request.reference);
        let waiting = read(&browser, &address);
        assert!(waiting.contains("Why 7 October?") && waiting.contains("30 days left"), "{waiting}");
        assert!(read(&browser, "/").contains("Nothing is overdue today"));
        site.days_pass(35);
        let late = read(&browser, &address);
        assert!(late.contains("Overdue by 5 days") && late.contains("past-line"), "{late}");
        assert!(read(&browser, "/").contains("Overdue by 5 days"));
        assert!(read(&browser, "/requests?status=overdue").contains(&request.reference));
        assert!(read(&browser, "/requests?overdue=true&country=DE&q=brandau").contains(&request.reference));
        for other in ["/requests?country=FR", "/requests?status=answered", "/requests?q=atlantis", "/requests?campaign=none", "/requests?page=2"] {
            assert!(!read(&browser, other).contains(&request.reference), "{other}");
        }
        for (path, said) in [
            ("/requests?status=lost", "There is no status “lost”. Open the list and choose one in its form: Waiting for an answer; Overdue;"),
            ("/requests?status=filed", "There is no status “filed”."),
            ("/requests?outcome=lost", "There is no outcome “lost”. Open the list and choose one in its form: Disclosed;"),
            ("/authorities?kind=castle", "There is no kind “castle”. Open the list and choose one in its form: police;"),
        ] {
            let wrong = browser.get(path).dispatch();
            assert_eq!(wrong.status(), Status::BadRequest, "{path}");
            let page = wrong.into_string().unwrap();
            assert!(page.contains(said) && !page.contains("expected") && !page.contains("taken_back"), "{page}");
        }
    }

    fn a_request_is_public_when_its_letter_has_left(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let (filed, other) = (site.files(activist, city), site.authority("Stadt Neubrandau", (AuthorityKind::Municipality, "de-nw-ifg", "de"), "neu.example"));
        let back = site.files(activist, other);
        let browser = site.browser();
        let hidden = |references: &[&str]| {
            for reference in references {
                for path in [format!("/requests/{reference}"), format!("/requests/{reference}.json")] {
                    assert_eq!(browser.get(path).dispatch().status(), Status::NotFound, "{reference}");
                }
                for (path, page) in whole_site(&browser) {
                    assert!(!page.contains(reference), "{path}");
                }
            }
        };
        hidden(&[&filed.reference, &back.reference]);
        assert!(read(&browser, "/authorities/stadt-brandau").contains("It has not been asked yet."));
        assert!(read(&browser, "/authorities").contains("data-l=\"Requests\">0</td>"));
        assert!(read(&browser, "/requests").contains("Nothing has been asked yet."));
        askance::service::filing::take_back(&site.ctx, &mut site.conn(), activist, &back.reference).unwrap();
        site.ctx.clock.set(filed.leaves_at + chrono::TimeDelta::seconds(1));
        hidden(&[&filed.reference, &back.reference]);
        site.works();
        assert!(whole_site(&browser).contains_key(&format!("/requests/{}", filed.reference)));
        assert!(read(&browser, "/authorities").contains("data-l=\"Requests\">1</td>"));
        hidden(&[&back.reference]);
    }

    fn a_request_whose_letter_was_tried_in_vain_is_public(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let filed = site.files(activist, city);
        let request = site.request(&filed.reference);
        let browser = site.browser();
        let stamp = requests::Stamp { at: site.now(), person: None };
        for (event, said) in [
            (Event::SendingUnknown { letter: "<1@post.example>".to_owned(), reason: "the line broke".to_owned() }, "Sent, receipt unknown"),
            (Event::SendingFailed { letter: "<1@post.example>".to_owned(), reply: "550 no such user".to_owned() }, "Could not be delivered"),
        ] {
            requests::append(&mut site.conn(), request.id, &event, stamp).unwrap();
            let page = read(&browser, &format!("/requests/{}", filed.reference));
            assert!(page.contains(said), "{page}");
            assert!(read(&browser, "/requests").contains(&filed.reference));
        }
    }

    fn an_overdue_request_says_what_silence_means_and_a_refused_one_what_may_come(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let lyon = site.authority("Ville de Port-Clair", (AuthorityKind::Municipality, "fr-crpa", "fr"), "port-clair.example");
        let (french, german) = (site.sends(activist, lyon), { let city = site.city(); site.sends(activist, city) });
        let browser = site.browser();
        let page = |request: &requests::RequestRow| read(&browser, &format!("/requests/{}", request.reference));
        assert!(!page(&french).contains("id=\"next\""), "nothing while there is time");
        site.days_pass(50);
        let late = page(&french);
        assert!(late.contains("silence counts as a refusal.</strong> <span class=\"cite\">Art. R.* 311-12, R. 311-13 CRPA"), "{late}");
        assert!(late.contains("Complaint to CADA: lapses in ") && late.contains("After silence. The steps after it need it."), "{late}");
        assert!(late.contains("href=\"/laws/fr-crpa\"") && late.contains("not legal advice"), "{late}");
        assert!(read(&browser, "/laws/fr-crpa").contains("id=\"remedies\""));
        assert!(page(&german).contains("Under this law silence is no refusal: the answer stays owed"));

        site.receives(&decision(&Reply::to(&german, "brandau.example").saying(TEXT)), &german.reply_address);
        let settlement = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        settle(&site.ctx, &mut site.conn(), volunteer, &settlement).unwrap();
        let refused = page(&german);
        assert!(refused.contains("id=\"next\"") && refused.contains("After a decision") && !refused.contains("is no refusal"), "{refused}");
    }

    fn a_decision_of_the_demonstration_can_be_downloaded(site: &mut Site) {
        askance::command::demo::past::tell(&site.ctx, &site.db, site.now()).unwrap();
        answers_come_from_whom_was_asked(site);
        let browser = site.browser();
        let pages = whole_site(&browser);
        let mut files: BTreeSet<&str> = BTreeSet::new();
        for page in pages.values() {
            files.extend(page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).filter(|href| href.starts_with("/files/")));
        }
        assert!(!files.is_empty(), "no file is public");
        for href in files {
            let file = browser.get(href.to_owned()).dispatch();
            assert_eq!(file.status(), Status::Ok, "{href}");
            assert!(file.into_bytes().unwrap().starts_with(b"%PDF-"), "{href}");
        }
        let places = read(&browser, "/authorities");
        assert!(places.contains("Ängsvik<") && places.contains("Речен бряг<") && !places.contains(">kommun<"), "{places}");
    }

    fn what_the_register_knows_is_shown_with_who_says_so(site: &mut Site) {
        askance::service::seed::register(&site.ctx, &site.db).unwrap();
        let browser = site.browser();
        let pages = whole_site(&browser);
        let deployments: Vec<&String> = pages.keys().filter(|path| path.starts_with("/deployments/")).collect();
        assert!(deployments.len() > 20, "{deployments:?}");
        for path in deployments {
            assert!(pages[path].contains("Who says so"), "{path}");
        }
        assert_eq!(browser.get("/laws/de-nw-ifg").dispatch().status(), Status::Ok);
        assert_eq!(browser.get("/laws/atlantis").dispatch().status(), Status::NotFound);
    }

    fn an_unchanged_page_is_sent_once(site: &mut Site) {
        let browser = site.browser();
        let first = browser.get("/requests").dispatch();
        let tag = first.headers().get_one("ETag").unwrap().to_owned();
        let again = browser.get("/requests").header(rocket::http::Header::new("If-None-Match", tag.clone())).dispatch();
        assert_eq!(again.status(), Status::NotModified);
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        site.sends(activist, city);
        let changed = browser.get("/requests").header(rocket::http::Header::new("If-None-Match", tag)).dispatch();
        assert_eq!(changed.status(), Status::Ok);
    }
}

#[test]
fn every_law_has_a_page() {
    let site = Site::new(crate::support::Backend::Sqlite);
    let browser = site.browser();
    let list = read(&browser, "/laws");
    for law in site.ctx.library.laws.regimes() {
        assert!(list.contains(&format!("href=\"/laws/{}\"", law.id)), "{}", law.id);
        let page = read(&browser, &format!("/laws/{}", law.id));
        let twice: Vec<&str> =
            page.lines().filter(|line| line.contains("..<") || line.contains(".. ")).collect();
        assert!(twice.is_empty(), "{}: a full stop too many in {twice:?}", law.id);
    }
}

/// The numbers of a request's drawing, and those beside its list.
fn numbers(page: &str) -> (BTreeSet<u32>, BTreeSet<u32>) {
    let of = |pattern: &str| {
        let found = regex::Regex::new(pattern).unwrap();
        found.captures_iter(page).map(|number| number[1].parse().unwrap()).collect()
    };
    let drawn = r#"<text class="(?:lab|on-dark)" [^>]*text-anchor="middle">(\d+)</text>"#;
    (of(drawn), of(r#"<span class="no" aria-hidden="true">(\d+)</span>"#))
}

#[test]
fn each_number_of_the_list_stands_in_the_drawing() {
    let mut site = Site::new(crate::support::Backend::Sqlite);
    let site = &mut site;
    let person = site.person("Mara Varga", Role::Activist);
    let city = site.city();
    let request = site.sends(person, city);
    let machine =
        Reply::to(&request, "brandau.example").about("Automatische Antwort").saying("Ich bin nicht im Büro.");
    let raw = String::from_utf8(machine.raw()).unwrap();
    site.receives(format!("Auto-Submitted: auto-replied\r\n{raw}").as_bytes(), &request.reply_address);
    site.days_pass(20);
    let browser = site.browser();
    let page = read(&browser, &format!("/requests/{}", request.reference));
    assert!(page.contains("<h3>Automatic reply "), "{page}");
    let (drawn, listed) = numbers(&page);
    assert!(drawn.len() >= 2 && drawn == listed, "{drawn:?} in the drawing, {listed:?} in the list");
    // While nobody knows whether the letter arrived nothing is drawn, and every entry has its number.
    let waits =
        site.authority("Stadt Neubrandau", (AuthorityKind::Municipality, "de-nw-ifg", "de"), "neu.example");
    let filed = site.files(person, waits);
    let unknown = Event::SendingUnknown { letter: "<1@post.example>".to_owned(), reason: "lost".to_owned() };
    let stamp = requests::Stamp { at: site.now(), person: None };
    requests::append(&mut site.conn(), site.request(&filed.reference).id, &unknown, stamp).unwrap();
    let page = read(&browser, &format!("/requests/{}", filed.reference));
    assert_eq!(numbers(&page), (BTreeSet::new(), BTreeSet::from([1, 2])));
}

/// What a page says, without its markup.
fn words(page: &str) -> String {
    let main = page.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
    let plain = regex::Regex::new("<[^>]*>").unwrap().replace_all(main, " ").into_owned();
    plain.replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&").replace("&lt;", "<")
}

#[test]
fn pages_of_laws_show_no_working_notes() {
    let site = Site::new(crate::support::Backend::Sqlite);
    let browser = site.browser();
    let shorthand = regex::Regex::new(
        r"(?i)src\?|todo|: check|\bsee above\b|\((medium|low)|(medium|low)\)|unverified|unchecked|nepatikrint|непроверен|from memory|\.(rb|rs|toml|md)\b|(?-i:\b(NOT|ONLY)\b)",
    )
    .unwrap();
    let mut laws = 0;
    for law in site.ctx.library.laws.regimes() {
        let page = words(&read(&browser, &format!("/laws/{}", law.id)));
        let marked = shorthand.find(&page).map(|found| found.as_str());
        assert_eq!(marked, None, "{}: {page}", law.id);
        for note in [&law.note, &law.checked, &law.response.note, &law.identity.note].into_iter().flatten() {
            assert!(!page.contains(note.as_str()), "{}: {note}", law.id);
        }
        if let Some(told) = &law.for_readers {
            assert!(page.contains(told.as_str()) && told.ends_with('.'), "{}: {told}", law.id);
        }
        laws += 1;
    }
    assert!(laws > 40);
}
