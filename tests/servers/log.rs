//! What the real program writes to its log while visitors ask for what is there and what is not.

use std::io::Read;
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
