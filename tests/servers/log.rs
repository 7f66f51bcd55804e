//! What the real program writes to its log while visitors ask for what is there and what is not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::operator::Operator;

/// The program; it ends with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves, lets visitors ask, stops; what the log says then.
fn log_of(operator: &Operator, ask: impl FnOnce(&str)) -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = operator.command(&["serve"]);
    command.env("ROCKET_PORT", port.to_string()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut served = Served(command.spawn().unwrap());
    let patience = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < patience, "waited a minute for the pages");
        std::thread::sleep(Duration::from_millis(50));
    }
    ask(&format!("http://127.0.0.1:{port}"));
    let number = served.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &number]).status().unwrap().success());
    let mut said = String::new();
    served.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    served.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    said
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into()
}

/// What visitors may ask for, and the status of the answer, which has the same head for HEAD as for GET.
const ASKED: [(&str, u16); 8] = [
    ("/", 200),
    ("/requests", 200),
    ("/about", 200),
    ("/robots.txt", 200),
    ("/favicon.ico", 200),
    ("/desk/sign-in", 200),
    ("/feed", 404),
    ("/requests/2026-9999", 404),
];

#[test]
fn head_is_answered_as_get_is_and_no_path_that_a_visitor_types_is_in_the_log() {
    for level in ["", "info", "warn"] {
        let operator = Operator::new();
        let operator = if level.is_empty() { operator } else { operator.with("RUST_LOG", level) };
        let log = log_of(&operator, |url| {
            let agent = agent();
            for (path, status) in ASKED {
                let get = agent.get(format!("{url}{path}?typed-by=somebody")).call().unwrap();
                let mut head = agent.head(format!("{url}{path}?typed-by=somebody")).call().unwrap();
                assert_eq!((get.status().as_u16(), head.status().as_u16()), (status, status), "{path}");
                let of = |answer: &ureq::http::Response<ureq::Body>, name: &str| {
                    answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
                };
                for name in ["content-type", "cache-control", "content-security-policy", "etag"] {
                    assert_eq!(of(&get, name), of(&head, name), "{path}: {name}");
                }
                assert_eq!(head.body_mut().read_to_string().unwrap(), "", "{path}: HEAD has no body");
            }
            assert_eq!(agent.post(format!("{url}/robots.txt")).send_empty().unwrap().status(), 405);
            assert_eq!(agent.get(format!("{url}/desk/somebody")).call().unwrap().status(), 404);
        });
        for word in ["No matching", "rocket", "ERROR", "/feed", "somebody", "robots", "GET ", "HEAD "] {
            assert!(!log.contains(word), "RUST_LOG={level:?}, `{word}`: {log}");
        }
        assert_eq!(log.contains("serving"), level != "warn", "{log}");
    }
}

#[test]
fn our_own_failure_is_in_the_log_under_the_number_that_the_visitor_sees() {
    let operator = Operator::new();
    let own = operator.path("own/public");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("about.html"), "{{ page.laws|plural }}").unwrap();
    let operator = operator.with("ASKANCE_TEMPLATES_DIR", "own");
    let mut page = String::new();
    let log = log_of(&operator, |url| {
        let mut answer = agent().get(format!("{url}/about")).call().unwrap();
        assert_eq!(answer.status(), 500);
        page = answer.body_mut().read_to_string().unwrap();
    });
    let incident = regex::Regex::new("incident=\"([a-z2-7]{8})\"").unwrap();
    let number = incident.captures(&log).unwrap_or_else(|| panic!("an incident in {log}"))[1].to_owned();
    assert!(page.contains(&number), "{number}: {page}");
}

#[test]
fn the_start_says_which_settings_are_used() {
    let log = log_of(&Operator::new(), |_| {});
    assert!(log.contains("settings: no `Rocket.toml` in this folder or above it"), "{log}");
    let log = log_of(&Operator::new().with_file("[default.askance]\nundo_minutes = 1\n"), |_| {});
    assert!(log.contains("/Rocket.toml`, then variables"), "{log}");
}

/// Hands a mail over by LMTP; the replies.
fn hand_over(door: u16, (from, to): (&str, &str), mail: &str) -> String {
    let mut wire = BufReader::new(TcpStream::connect(("127.0.0.1", door)).unwrap());
    let mut said = String::new();
    let lines = [
        "",
        "LHLO peer.planted-host.example\r\n",
        &format!("MAIL FROM:<{from}>\r\n"),
        &format!("RCPT TO:<{to}>\r\n"),
        "DATA\r\n",
        &format!("{mail}.\r\n"),
    ];
    for line in lines {
        wire.get_mut().write_all(line.as_bytes()).unwrap();
        loop {
            let mut reply = String::new();
            wire.read_line(&mut reply).unwrap();
            said += &reply;
            if reply.get(3..4) != Some("-") {
                break;
            }
        }
    }
    said
}

/// R51: a whole story, told by the program itself with all that Askance has to say, as text and as JSON.
#[test]
#[expect(clippy::too_many_lines, reason = "one story, from the first sign-in to the last page")]
fn r51_logs_name_nobody_in_a_whole_story() {
    use crate::servers::smtp_sink::{Act, Script, SmtpSink, Stage};
    let hidden = regex::Regex::new(r#"<input type="hidden" name="([^"]+)" value="([^"]*)""#).unwrap();
    for format in ["text", "json"] {
        let refused = Act::say("550 5.1.1 <planted-foi@planted-amt.example> no such user");
        let sink = SmtpSink::start(Script::friendly().once(Stage::Rcpt, refused));
        let door = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let operator = Operator::new()
            .with("RUST_LOG", "info,askance=trace")
            .with("ASKANCE_LOG_FORMAT", format)
            .with("ASKANCE_UNDO_MINUTES", "0")
            .with("ASKANCE_REPLY_DOMAIN", "post.planted-domain.example")
            .with("ASKANCE_SMTP_URL", &format!("smtp://{}", sink.addr))
            .with("ASKANCE_LMTP_LISTEN", &format!("127.0.0.1:{door}"))
            .with("ASKANCE_ADMIN_EMAIL", "planted-admin@planted-domain.example");
        let name = [
            "user",
            "add",
            "planted-person@planted-ngo.example",
            "--role",
            "admin",
            "--name",
            "Planted Person",
        ];
        let added = operator.runs(&name, b"");
        let password = added.out.split_whitespace().last().unwrap().to_owned();
        let mut token = String::new();
        let log = log_of(&operator, |url| {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            for (email, password) in [
                ("planted-stranger@planted-ngo.example", "planted-guess"),
                ("planted-person@planted-ngo.example", "planted-guess"),
            ] {
                let page = agent
                    .get(format!("{url}/desk/sign-in"))
                    .call()
                    .unwrap()
                    .body_mut()
                    .read_to_string()
                    .unwrap();
                let mut form: Vec<(String, String)> = hidden
                    .captures_iter(&page)
                    .map(|found| (found[1].to_owned(), found[2].to_owned()))
                    .collect();
                form.push(("email".to_owned(), email.to_owned()));
                form.push(("password".to_owned(), password.to_owned()));
                let answer = agent
                    .post(format!("{url}/desk/sign-in"))
                    .header("Origin", url)
                    .send_form(form.iter().map(|(a, b)| (a.as_str(), b.as_str())))
                    .unwrap();
                assert!(answer.status().as_u16() < 500);
            }
            let requests = filed_from_outside(&operator);
            let reply = requests[1].clone();
            token = reply.split(['-', '@']).find(|part| part.len() >= 16).unwrap_or(&reply).to_owned();
            let until = Instant::now() + Duration::from_secs(30);
            while sink.letters().is_empty() {
                assert!(Instant::now() < until, "a letter leaves");
                std::thread::sleep(Duration::from_millis(50));
            }
            let head =
                "From: Planted Clerk <planted-clerk@planted-amt.example>\r\nSubject: planted-subject\r\n";
            for (n, to) in [
                reply.as_str(),
                "planted-wrong@post.planted-domain.example",
                "r-2026-0001-plantedtokenplanted@post.planted-domain.example",
            ]
            .into_iter()
            .enumerate()
            {
                let mail = format!(
                    "{head}To: <{to}>\r\nMessage-ID: <planted-id-{n}@planted-amt.example>\r\n\r\nplanted-body\r\n"
                );
                let said = hand_over(door, ("planted-clerk@planted-amt.example", to), &mail);
                assert!(said.lines().last().unwrap().starts_with("250"), "{said}");
            }
            hand_over(
                door,
                ("", &reply),
                "Subject: =?planted-subject\r\nContent-Type: multipart/mixed; boundary=\"planted\"\r\n\r\nplanted-body\r\n",
            );
            // Read, placed, and looked at once for alarms.
            std::thread::sleep(Duration::from_secs(3));
            for path in ["/requests?q=planted-search", "/desk/messages/1", "/healthz", "/metrics"] {
                let _ = agent.get(format!("{url}{path}")).call().unwrap();
            }
        });
        assert!(
            log.contains("mail received")
                && log.contains("letter tried")
                && log.contains("DEBUG") | log.contains("INFO"),
            "{log}"
        );
        if format == "json" {
            for line in log.lines() {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
            }
        }
        for word in ["planted", "Planted", &password, &token, "stadt-x.example", "peer."] {
            let told = log.lines().find(|line| line.contains(word));
            assert_eq!(told, None, "{format}: `{word}` is in the log");
        }
    }
}

/// Files two requests over the program's own database; their reply addresses.
fn filed_from_outside(operator: &Operator) -> Vec<String> {
    use askance::domain::authority::AuthorityKind;
    let section = serde_json::json!({
        "database_url": format!("sqlite://{}", operator.path("askance.db").display()),
        "blob_url": format!("file://{}", operator.path("blobs").display()),
        "reply_domain": "post.planted-domain.example",
        "undo_minutes": 0,
    });
    let figment = figment::Figment::from(figment::providers::Serialized::defaults(
        serde_json::json!({ "port": 8000, "askance": section }),
    ));
    let config = askance::config::Config::from_figment(&figment).unwrap();
    let db = askance::store::Db::open(&config.database_url, 2).unwrap();
    let blobs = askance::store::blobs::Blobs::open(&config.blob_dir).unwrap();
    let ctx = askance::service::Context {
        clock: config.clock.clone(),
        config,
        library: std::sync::Arc::clone(&crate::support::LIBRARY),
        blobs,
        days_off: askance::service::days_off::Calendars::default(),
        pulse: askance::service::health::Pulse::default(),
    };
    let mut conn = db.conn().unwrap();
    let mut addresses = Vec::new();
    for n in ["one", "two"] {
        let new = askance::store::authorities::NewAuthority {
            slug: format!("planted-{n}"),
            name: format!("Planted Amt {n}"),
            name_en: None,
            language: "de".to_owned(),
            kind: AuthorityKind::Municipality,
            country: "DE".to_owned(),
            place: "Planted".to_owned(),
            regime: Some("de-nw-ifg".to_owned()),
            subdivision: None,
            regime_reason: None,
            website: None,
            source: "test".to_owned(),
            email: Some(format!("planted-{n}@planted-amt.example").parse().unwrap()),
            identifiers: Vec::new(),
        };
        let authority = askance::store::authorities::insert(&mut conn, &new, ctx.clock.now()).unwrap();
        let filing = crate::support::filing_of(&[authority], n);
        let filed = askance::service::filing::file(&ctx, &mut conn, 1, &filing).unwrap().remove(0);
        let row = askance::store::requests::by_reference(&mut conn, &filed.reference).unwrap().unwrap();
        addresses.push(row.reply_address);
    }
    addresses
}
