//! The desk as its people meet it: signing in, the queue, reading a reply, filing, taking back.

use askance::config::{Config, Secret};
use askance::domain::incoming::Knowledge;
use askance::service::cage::Cage;
use askance::service::filing::{self, Filing};
use askance::service::sign_in::{self, Newcomer};
use askance::service::{Context, delivery, intake, triage};
use askance::store::authorities::NewAuthority;
use askance::store::desk::letters;
use askance::store::types::Role;
use askance::store::{Db, blobs::Blobs};
use chrono::{DateTime, TimeDelta, Utc};
use rocket::http::{ContentType, Header, Method, Status};
use rocket::local::blocking::{Client, LocalResponse};
use std::sync::Arc;

/// A desk over a database in a temporary place, at noon of 21 November 2026, with two people.
struct Desk {
    client: Client,
    ctx: Arc<Context>,
    db: Db,
    volunteer: String,
    activist: String,
    _folder: tempfile::TempDir,
}

const VOLUNTEER: &str = "m.varga@klarblick.example";
const ACTIVIST: &str = "t.okafor@klarblick.example";

impl Desk {
    fn new() -> Self {
        Self::at("http://127.0.0.1:8000")
    }

    fn at(public_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("askance.db");
        let settings = figment::Figment::from(figment::providers::Serialized::defaults(serde_json::json!({
            "port": 8000,
            "askance": {
                "database_url": format!("sqlite://{}", file.display()),
                "blob_url": format!("file://{}", folder.path().join("blobs").display()),
                "public_url": public_url,
                "reply_domain": "post.askance.example",
                "clock": "fixed:2026-11-21T12:00:00Z",
            },
        })));
        let mut config = Config::from_figment(&settings).unwrap();
        config.secret = Secret::new(vec![7; 32]);
        let db = Db::open(&config.database_url, 3).unwrap();
        db.migrate().unwrap();
        let blobs = Blobs::open(&config.blob_dir).unwrap();
        let library = Arc::clone(&crate::support::LIBRARY);
        let ctx = Arc::new(Context { clock: config.clock.clone(), config, blobs, library });
        let mut conn = db.conn().unwrap();
        let mut add = |email, name, role| {
            sign_in::add_person(&ctx, &mut conn, &Newcomer { email, name, role }).unwrap()
        };
        let volunteer = add(VOLUNTEER, "M. Varga", Role::Volunteer);
        let activist = add(ACTIVIST, "T. Okafor", Role::Activist);
        let rocket = rocket::figment::Figment::from(rocket::Config {
            log_level: rocket::log::LogLevel::Off,
            ..rocket::Config::default()
        });
        let site = askance::web::build(&rocket, ctx.clone(), db.clone());
        let client = Client::tracked(site).unwrap();
        Self { client, ctx, db, volunteer, activist, _folder: folder }
    }

    fn get(&self, path: &str) -> LocalResponse<'_> {
        self.client.get(path.to_owned()).dispatch()
    }

    fn page(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status(), Status::Ok, "{path}");
        answer.into_string().unwrap()
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> LocalResponse<'_> {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.client.post(path.to_owned()).header(ContentType::Form).body(body).dispatch()
    }

    /// The token of the forms on a page.
    fn token(&self, path: &str) -> String {
        between(&self.page(path), "name=\"csrf\" value=\"", "\"").to_owned()
    }

    fn try_to_sign_in(&self, email: &str, password: &str) -> LocalResponse<'_> {
        let token = self.token("/desk/sign-in");
        self.post("/desk/sign-in", &[("csrf", &token), ("email", email), ("password", password)])
    }

    fn volunteer_signs_in(&self) -> String {
        let answer = self.try_to_sign_in(VOLUNTEER, &self.volunteer);
        assert_eq!(answer.status(), Status::SeeOther);
        self.token("/desk")
    }

    fn authority(&self, name: &str) -> i64 {
        let new = NewAuthority {
            slug: askance::domain::authority::slug(name),
            name: name.to_owned(),
            name_en: None,
            language: "de".to_owned(),
            kind: askance::domain::authority::AuthorityKind::Police,
            country: "DE".to_owned(),
            place: "Brandau".to_owned(),
            regime: Some("de-ifg".to_owned()),
            website: None,
            source: "test".to_owned(),
            email: Some("poststelle@brandau.example".parse().unwrap()),
            identifiers: Vec::new(),
        };
        let mut conn = self.db.conn().unwrap();
        askance::store::authorities::insert(&mut conn, &new, self.ctx.clock.now()).unwrap()
    }

    /// A request of the volunteer's whose letter the authority's server took; its reference.
    fn asks(&self, name: &str) -> String {
        let authority = self.authority(name);
        let filing = Filing {
            authorities: vec![authority],
            bundle: self.bundle(),
            language: None,
            signed_as: "Mira Varga".to_owned(),
            form_key: format!("test-{authority}"),
            campaign: None,
        };
        let mut conn = self.db.conn().unwrap();
        let filed = filing::file(&self.ctx, &mut conn, 1, &filing).unwrap();
        filed[0].reference.clone()
    }

    fn bundle(&self) -> String {
        self.ctx.library.catalogue.bundles[0].key.clone()
    }

    fn letter(&self, reference: &str) -> letters::Letter {
        let mut conn = self.db.conn().unwrap();
        letters::of_references(&mut conn, &[reference.to_owned()]).unwrap().remove(0)
    }

    /// A mail comes in and is read.
    fn receives(&self, from: &str, recipient: &str, (subject, body): (&str, &str)) {
        let raw = format!(
            "From: {from}\r\nTo: <{recipient}>\r\nSubject: {subject}\r\nDate: Sat, 21 Nov 2026 11:00:00 +0000\r\n\
             Message-ID: <{}@brandau.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n{body}",
            body.len() + subject.len()
        );
        let recipients = [recipient.to_owned()];
        let mail = intake::Mail { raw: raw.as_bytes(), recipients: &recipients, via: "test" };
        intake::accept(self.ctx.door(), Some(&self.db), mail).unwrap();
        let phrasebook = self.ctx.library.knowledge.phrasebook.clone();
        let cage = Cage::Here(Box::new(Knowledge { phrasebook }));
        triage::read_next(&self.ctx, &self.db, &cage, 10).unwrap();
    }

    fn reply_address(&self, reference: &str) -> String {
        let mut conn = self.db.conn().unwrap();
        askance::store::desk::requests::whole(&mut conn, reference).unwrap().unwrap().reply_address
    }

    fn later(&self, by: TimeDelta) -> DateTime<Utc> {
        self.ctx.clock.set(self.ctx.clock.now() + by);
        self.ctx.clock.now()
    }
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map_or("", |(found, _)| found)
}

const REFUSAL: &str = "Sehr geehrte Frau Varga,\r\n\r\nIhr Antrag wird abgelehnt. Nach § 3 Nr. 2 IFG besteht der \
                       Anspruch nicht.\r\n\r\nMit freundlichen Grüßen\r\nIm Auftrag\r\nMüller\r\n";

#[test]
fn stranger_is_asked_to_sign_in_and_led_on() {
    let desk = Desk::new();
    for (path, next) in [
        ("/desk", "/desk/sign-in"),
        ("/desk/requests?q=x", "/desk/sign-in?next=%2Fdesk%2Frequests%3Fq%3Dx"),
        ("/desk/messages/1", "/desk/sign-in?next=%2Fdesk%2Fmessages%2F1"),
        ("/desk/messages/1/raw", "/desk/sign-in?next=%2Fdesk%2Fmessages%2F1%2Fraw"),
    ] {
        let answer = desk.get(path);
        assert_eq!(answer.status(), Status::SeeOther, "{path}");
        assert_eq!(answer.headers().get_one("Location"), Some(next), "{path}");
    }
    let token = desk.token("/desk/sign-in");
    let fields = [
        ("csrf", token.as_str()),
        ("email", VOLUNTEER),
        ("password", desk.volunteer.as_str()),
        ("next", "/desk/requests?q=x"),
    ];
    let answer = desk.post("/desk/sign-in", &fields);
    assert_eq!(answer.headers().get_one("Location"), Some("/desk/requests?q=x"));
}

#[test]
fn sign_in_leads_to_no_other_place_than_the_desk() {
    let desk = Desk::new();
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/desk/../x",
        "/desk//evil.example",
        "/desk@evil.example",
        "javascript:alert(1)",
        "/requests",
        "/desk\r\nX: y",
        "desk",
    ] {
        let token = desk.token("/desk/sign-in");
        let fields =
            [("csrf", token.as_str()), ("email", VOLUNTEER), ("password", &desk.volunteer), ("next", next)];
        let answer = desk.post("/desk/sign-in", &fields);
        assert_eq!(answer.headers().get_one("Location"), Some("/desk"), "{next}");
        drop(answer);
        let token = desk.token("/desk");
        assert_eq!(desk.post("/desk/sign-out", &[("csrf", &token)]).status(), Status::SeeOther);
    }
}

#[test]
fn wrong_password_and_unknown_account_get_the_same_answer() {
    let desk = Desk::new();
    let known = desk.try_to_sign_in(VOLUNTEER, "wrong");
    assert_eq!(known.status(), Status::UnprocessableEntity);
    let known = known.into_string().unwrap().replace(VOLUNTEER, "someone");
    let unknown = desk.try_to_sign_in("nobody@klarblick.example", "wrong");
    assert_eq!(unknown.status(), Status::UnprocessableEntity);
    let unknown = unknown.into_string().unwrap().replace("nobody@klarblick.example", "someone");
    assert_eq!(known, unknown);
    assert!(known.contains("do not belong together"));
}

#[test]
fn sixth_try_waits_even_with_the_right_password() {
    let desk = Desk::new();
    for email in [VOLUNTEER, "nobody@klarblick.example"] {
        for _ in 0..5 {
            assert_eq!(desk.try_to_sign_in(email, "wrong").status(), Status::UnprocessableEntity);
        }
        assert_eq!(desk.try_to_sign_in(email, &desk.volunteer).status(), Status::TooManyRequests, "{email}");
    }
    let other = desk.try_to_sign_in(ACTIVIST, &desk.activist);
    assert_eq!(other.status(), Status::SeeOther, "tries at one account bar no other");
    desk.later(TimeDelta::minutes(16));
    let token = desk.token("/desk/requests");
    desk.post("/desk/sign-out", &[("csrf", &token)]);
    assert_eq!(desk.try_to_sign_in(VOLUNTEER, &desk.volunteer).status(), Status::SeeOther);
}

#[test]
fn session_ends_when_unused_when_old_and_when_signed_out() {
    let desk = Desk::new();
    let open = || desk.get("/desk").status() == Status::Ok;
    desk.volunteer_signs_in();
    desk.later(TimeDelta::minutes(119));
    assert!(open(), "used within two hours");
    desk.later(TimeDelta::minutes(121));
    assert!(!open(), "unused for two hours");
    desk.volunteer_signs_in();
    for _ in 0..7 {
        desk.later(TimeDelta::minutes(100));
        assert!(open(), "in use");
    }
    desk.later(TimeDelta::minutes(30));
    assert!(!open(), "twelve hours old");
    let token = desk.volunteer_signs_in();
    let cookie = desk.client.cookies().get("askance_session").unwrap().value().to_owned();
    let answer = desk.post("/desk/sign-out", &[("csrf", &token)]);
    assert_eq!(answer.headers().get_one("Clear-Site-Data"), Some("\"cache\", \"storage\""));
    drop(answer);
    let replay = desk.client.get("/desk").cookie(("askance_session", cookie)).dispatch();
    assert_eq!(replay.status(), Status::SeeOther, "the old cookie is worth nothing");
}

#[test]
fn cookie_is_bound_to_the_host_over_https() {
    let desk = Desk::at("https://askance.example");
    let answer = desk.get("/desk/sign-in");
    let set = answer.headers().get_one("Set-Cookie").unwrap();
    assert!(set.starts_with("__Host-askance_visit="), "{set}");
    for flag in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(set.contains(flag), "{flag} in {set}");
    }
    assert!(!set.contains("Domain"), "{set}");
}

#[test]
fn no_form_of_the_desk_works_without_its_token() {
    let desk = Desk::new();
    let token = desk.volunteer_signs_in();
    let mut checked = 0;
    let routes: Vec<(Method, String)> = desk
        .client
        .rocket()
        .routes()
        .filter(|route| route.uri.path().starts_with("/desk"))
        .filter(|route| !matches!(route.method, Method::Get | Method::Head | Method::Options))
        .map(|route| {
            (route.method, route.uri.path().replace("<reference>", "2026-0001").replace("<id>", "1"))
        })
        .collect();
    for (method, path) in routes {
        assert!(!path.contains('<'), "say in this test what stands for the parts of {path}");
        let send = |body: String, headers: &[(&'static str, &'static str)]| {
            let mut request = desk.client.req(method, path.clone()).body(body);
            if headers.iter().all(|(name, _)| *name != "Content-Type") {
                request = request.header(ContentType::Form);
            }
            for (name, value) in headers {
                request.add_header(Header::new(*name, *value));
            }
            request.dispatch().status()
        };
        let with = format!("csrf={token}");
        assert_eq!(send("a=1".to_owned(), &[]), Status::Forbidden, "{path} without token");
        assert_eq!(send("csrf=".to_owned(), &[]), Status::Forbidden, "{path} with an empty token");
        assert_eq!(send("csrf=AAAA".to_owned(), &[]), Status::Forbidden, "{path} with a wrong token");
        let cross = [("Sec-Fetch-Site", "cross-site")];
        assert_eq!(send(with.clone(), &cross), Status::Forbidden, "{path} from another site");
        let foreign = [("Origin", "https://evil.example")];
        assert_eq!(send(with.clone(), &foreign), Status::Forbidden, "{path} from another origin");
        let plain = [("Content-Type", "text/plain")];
        assert_eq!(send(with, &plain), Status::Forbidden, "{path} as plain text");
        checked += 1;
    }
    assert!(checked >= 11, "only {checked} forms found");
    assert_eq!(desk.get("/desk").status(), Status::Ok, "none of it signed anyone out");
}

#[test]
fn activist_sees_no_mail() {
    let desk = Desk::new();
    let reference = desk.asks("Stadt Brandau");
    desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", REFUSAL));
    desk.try_to_sign_in(ACTIVIST, &desk.activist);
    assert_eq!(desk.get("/desk").headers().get_one("Location"), Some("/desk/requests"));
    for path in [
        "/desk/messages/1",
        "/desk/messages/1/raw",
        "/desk/messages/1/attachments/0",
        "/desk/authorities",
        "/desk/messages/77",
    ] {
        assert_eq!(desk.get(path).status(), Status::NotFound, "{path}");
    }
    let page = desk.page(&format!("/desk/requests/{reference}"));
    assert!(!page.contains("abgelehnt") && !page.contains("Bescheid"));
    assert!(!page.contains(&desk.reply_address(&reference)), "the address of another's request is a secret");
    let token = desk.token("/desk/requests");
    for path in ["/desk/messages/1/accept", "/desk/messages/1/settle", "/desk/authorities/1"] {
        assert_eq!(desk.post(path, &[("csrf", &token)]).status(), Status::NotFound, "{path}");
    }
    let foreign = desk.post(&format!("/desk/requests/{reference}/take-back"), &[("csrf", &token)]);
    assert_eq!(foreign.status(), Status::NotFound);
}

#[test]
fn empty_queue_says_so_and_why_letters_wait() {
    let desk = Desk::new();
    desk.volunteer_signs_in();
    let page = desk.page("/desk");
    assert!(page.contains("Nothing waits."));
    assert!(page.contains("No letter can leave."), "no mail server is set");
    assert!(desk.page("/desk/letters").contains("No letter is in this pile."));
    assert!(desk.page("/desk/requests").contains("Nobody has asked anything yet."));
}

#[test]
fn hostile_names_and_subjects_stay_text() {
    let desk = Desk::new();
    let script = "<script>alert(1)</script>";
    let reference = desk.asks(&format!("Stadt {script}"));
    desk.receives(
        &format!("\"{script}\" <x@evil.example>"),
        &desk.reply_address(&reference),
        (
            &format!("Re: \"><img src=x onerror=alert(1)> {{{{7*7}}}} {script}"),
            &format!("{script} {{{{ 7*7 }}}}"),
        ),
    );
    desk.volunteer_signs_in();
    let paths = [
        "/desk".to_owned(),
        "/desk/messages/1".to_owned(),
        "/desk/requests".to_owned(),
        format!("/desk/requests/{reference}"),
        "/desk/letters?state=waiting".to_owned(),
        "/desk/authorities?state=ready".to_owned(),
        "/desk/authorities/1".to_owned(),
        format!("/desk/requests/new?q={}", "%3Cscript%3Ealert(1)%3C/script%3E"),
        "/desk/requests/new?a=1".to_owned(),
    ];
    for path in paths {
        let page = desk.page(&path);
        assert!(!page.contains("<script>") && !page.contains("<img src=x"), "{path}");
    }
    assert!(desk.page("/desk").contains("{{7*7}}"), "nothing is computed from what a mail says");
    let page = desk.page("/desk/messages/1");
    assert!(page.contains("{{7*7}}") && page.contains("{{ 7*7 }}"));
    assert!(page.contains("The sender is not from the authority’s domain."), "R14");
}

#[test]
fn refusal_is_read_beside_its_request_and_accepted() {
    let desk = Desk::new();
    let reference = desk.asks("Stadt Brandau");
    desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", REFUSAL));
    let token = desk.volunteer_signs_in();
    let queue = desk.page("/desk");
    assert!(queue.contains("Refusal") && queue.contains("Stadt Brandau"));
    let page = desk.page("/desk/messages/1");
    assert!(page.contains("<mark id=\"ev1\">"), "the passage that shows it is marked");
    assert!(page.contains("§ 3 Nr. 2 IFG"));
    assert!(page.contains("It was sent to the reply address of this request."));
    assert!(!page.contains("The sender is not from the authority’s domain."));
    let seal = between(&page, "name=\"seal\" value=\"", "\"").to_owned();
    let stale = desk.post("/desk/messages/1/accept", &[("csrf", &token), ("seal", "other")]);
    assert_eq!(
        stale.headers().get_one("Location"),
        Some("/desk/messages/1"),
        "what was not seen is not accepted"
    );
    drop(stale);
    let answer = desk.post("/desk/messages/1/accept", &[("csrf", &token), ("seal", &seal)]);
    assert_eq!(answer.headers().get_one("Location"), Some("/desk"));
    drop(answer);
    let page = desk.page(&format!("/desk/requests/{reference}"));
    assert!(page.contains("Refused") && page.contains("§ 3 Nr. 2 IFG"));
    assert!(page.contains("Recorded by M. Varga."));
    assert!(desk.page("/desk?pile=settled").contains("Bescheid"));
    let twice = desk.post("/desk/messages/1/accept", &[("csrf", &token), ("seal", &seal)]);
    assert_eq!(
        twice.headers().get_one("Location"),
        Some("/desk/messages/1"),
        "a second press settles nothing"
    );
}

#[test]
fn correction_comes_back_with_what_was_typed() {
    let desk = Desk::new();
    let reference = desk.asks("Stadt Brandau");
    desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", REFUSAL));
    let token = desk.volunteer_signs_in();
    let fields = [
        ("csrf", token.as_str()),
        ("kind", "refusal"),
        ("grounds", ""),
        ("until_day", "31"),
        ("until_month", "2"),
        ("until_year", "2027"),
        ("fee_amount", "zwölf"),
        ("fee_currency", "EUR"),
        ("publish", "1"),
        ("text", " "),
    ];
    let answer = desk.post("/desk/messages/1/settle", &fields);
    assert_eq!(answer.status(), Status::UnprocessableEntity);
    let page = answer.into_string().unwrap();
    for words in [
        "A refusal needs its ground",
        "“31 2 2027” is no day",
        "“zwölf” is no amount",
        "There is no text to show",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let fields = [
        ("csrf", token.as_str()),
        ("kind", "partial"),
        ("grounds", "§ 3 Nr. 2 IFG\r\nnone given"),
        ("reference", "II-4711"),
        ("publish", "1"),
        ("subject", "Bescheid"),
        ("text", "Ihr Antrag wird ███."),
    ];
    assert_eq!(desk.post("/desk/messages/1/settle", &fields).status(), Status::SeeOther);
    let page = desk.page("/desk/messages/1");
    assert!(page.contains("Its redacted text is public."));
    assert!(desk.page(&format!("/desk/requests/{reference}")).contains("Partly disclosed"));
}

#[test]
fn mail_without_a_request_is_filed_by_hand_or_set_aside() {
    let desk = Desk::new();
    let reference = desk.asks("Stadt Brandau");
    desk.receives("post@brandau.example", "nobody@post.askance.example", ("Irgendwas", "Guten Tag"));
    desk.receives("spam@evil.example", "else@post.askance.example", ("Win", "Money for you"));
    let token = desk.volunteer_signs_in();
    let page = desk.page("/desk/messages/1");
    assert!(page.contains("To which request?") && !page.contains("id=\"correct\""));
    let wrong = desk.post("/desk/messages/1/assign", &[("csrf", &token), ("reference", "2026-9999")]);
    assert_eq!(wrong.status(), Status::UnprocessableEntity);
    assert!(wrong.into_string().unwrap().contains("There is no request “2026-9999”"));
    let right = desk.post("/desk/messages/1/assign", &[("csrf", &token), ("reference", &reference)]);
    assert_eq!(right.headers().get_one("Location"), Some("/desk/messages/1"));
    drop(right);
    assert!(desk.page("/desk/messages/1").contains("id=\"correct\""));
    let silent = desk.post("/desk/messages/2/set-aside", &[("csrf", &token), ("reason", " ")]);
    assert_eq!(silent.status(), Status::UnprocessableEntity);
    drop(silent);
    let aside = desk.post("/desk/messages/2/set-aside", &[("csrf", &token), ("reason", "spam")]);
    assert_eq!(aside.status(), Status::SeeOther);
    drop(aside);
    assert!(desk.page("/desk?pile=set_aside").contains("Win"), "kept, and to be found");
    assert!(!desk.page("/desk").contains("/desk/messages/2\""));
}

#[test]
fn files_are_saved_and_never_shown() {
    let desk = Desk::new();
    let reference = desk.asks("Stadt Brandau");
    desk.receives("post@brandau.example", &desk.reply_address(&reference), ("Bescheid", REFUSAL));
    desk.volunteer_signs_in();
    let answer = desk.get("/desk/messages/1/raw");
    assert_eq!(answer.status(), Status::Ok);
    assert_eq!(answer.content_type(), Some(ContentType::Binary));
    let header = |name: &str| answer.headers().get_one(name).unwrap_or("absent");
    assert!(header("Content-Security-Policy").starts_with("sandbox; default-src 'none'"));
    assert!(header("Content-Disposition").starts_with("attachment; filename=\"message-1.eml\""));
    assert_eq!(header("X-Content-Type-Options"), "nosniff");
    assert!(answer.into_string().unwrap().starts_with("From: post@brandau.example\r\n"), "byte for byte");
    assert_eq!(desk.get("/desk/messages/1/attachments/0").status(), Status::NotFound);
    assert_eq!(desk.get("/desk/messages/9/raw").status(), Status::NotFound);
}

#[test]
fn request_is_chosen_read_sent_and_taken_back() {
    let desk = Desk::new();
    let id = desk.authority("Stadt Brandau").to_string();
    let bundle = desk.bundle();
    let token = desk.volunteer_signs_in();
    assert!(desk.page("/desk/requests/new?q=brandau").contains("Stadt Brandau"));
    let page = desk.page(&format!("/desk/requests/new?q=nichts&a={id}&bundle={bundle}"));
    assert!(page.contains("1 authority chosen"), "what was ticked stays ticked while searching on");
    let mut fields = vec![("csrf", token.as_str()), ("a", id.as_str()), ("bundle", bundle.as_str())];
    let nameless = desk.post("/desk/requests/preview", &fields);
    assert_eq!(nameless.status(), Status::UnprocessableEntity);
    drop(nameless);
    fields.push(("signed_as", "Mira Varga"));
    let preview = desk.post("/desk/requests/preview", &fields).into_string().unwrap();
    assert!(preview.contains("To: poststelle@brandau.example"), "{preview}");
    assert!(preview.contains("Mira Varga") && preview.contains("Send 1 letter"));
    let keyless = desk.post("/desk/requests", &fields);
    assert_eq!(keyless.status(), Status::UnprocessableEntity, "nobody sends what was not read");
    drop(keyless);
    let key = between(&preview, "name=\"form_key\" value=\"", "\"").to_owned();
    fields.push(("form_key", key.as_str()));
    let sent = desk.post("/desk/requests", &fields);
    let to = sent.headers().get_one("Location").unwrap().to_owned();
    drop(sent);
    let again = desk.post("/desk/requests", &fields);
    assert_eq!(again.headers().get_one("Location"), Some(to.as_str()), "a double press files once");
    drop(again);
    assert!(desk.page("/desk/requests").contains("1 request,"));
    let page = desk.page(&to);
    assert!(page.contains("1 letter leaves at 12:10 UTC."), "{page}");
    let reference = between(&to, "r=", "&").to_owned();
    let reference = if reference.is_empty() { to.split_once("r=").unwrap().1.to_owned() } else { reference };
    let back = desk.post("/desk/requests/filed/take-back", &[("csrf", &token), ("r", &reference)]);
    assert_eq!(back.status(), Status::SeeOther);
    drop(back);
    assert!(desk.page(&to).contains("Taken back"));
    assert_eq!(desk.letter(&reference).state.as_str(), "taken_back");
}

#[test]
fn letter_that_nobody_knows_of_is_sent_again_only_by_a_person_who_says_so() {
    let desk = Desk::new();
    let reference = desk.asks("Stadt Brandau");
    desk.later(TimeDelta::minutes(11));
    let mut conn = desk.db.conn().unwrap();
    let now = desk.ctx.clock.now();
    let claim = askance::store::outbox::Claim { worker: "w", now, until: now + TimeDelta::minutes(1) };
    let (letter, _) = askance::store::outbox::claim_due(&mut conn, &claim).unwrap().unwrap();
    assert!(askance::store::outbox::in_doubt(&mut conn, letter.id, &claim).unwrap());
    desk.later(TimeDelta::minutes(5));
    delivery::expire_leases(&desk.ctx, &desk.db).unwrap();
    drop(conn);
    let token = desk.volunteer_signs_in();
    assert!(desk.page("/desk").contains("1 letter needs you."));
    let id = desk.letter(&reference).id.to_string();
    let path = format!("/desk/requests/{reference}/send-again");
    drop(desk.post(&path, &[("csrf", &token), ("letter", &id)]));
    assert_eq!(desk.letter(&reference).state.as_str(), "unknown", "without the tick nothing happens");
    let before = desk.letter(&reference).mail_message_id;
    drop(desk.post(&path, &[("csrf", &token), ("letter", &id), ("sure", "1")]));
    let letter = desk.letter(&reference);
    assert_eq!(letter.state.as_str(), "queued");
    assert_eq!(letter.mail_message_id, before, "the same letter");
}

#[test]
fn address_that_is_none_comes_back_beside_its_field() {
    let desk = Desk::new();
    let id = desk.authority("Stadt Brandau");
    let token = desk.volunteer_signs_in();
    let path = format!("/desk/authorities/{id}");
    for wrong in ["foi at city", "a@b.example\r\nBcc: x@evil.example", "<x@y.example>"] {
        let answer = desk.post(&path, &[("csrf", &token), ("address", wrong), ("regime", "de-ifg")]);
        assert_eq!(answer.status(), Status::UnprocessableEntity, "{wrong}");
    }
    let unknown = desk.post(&path, &[("csrf", &token), ("address", ""), ("regime", "xx-none")]);
    assert_eq!(unknown.status(), Status::UnprocessableEntity);
    drop(unknown);
    let right =
        desk.post(&path, &[("csrf", &token), ("address", "foi@brandau.example"), ("regime", "gb-foia")]);
    assert_eq!(right.status(), Status::SeeOther);
    drop(right);
    let page = desk.page(&path);
    assert!(page.contains("foi@brandau.example"));
    assert!(page.contains("<option value=\"gb-foia\" selected>"));
}
