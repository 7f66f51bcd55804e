//! The whole way through the real binary: a letter filed in a browser without JavaScript is answered, read, settled
//! and public, with mail on real sockets.

use crate::support::operator::Operator;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The demonstration, running; it ends with the test.
struct Demonstration {
    child: Child,
    url: String,
    email: String,
    password: String,
    agent: ureq::Agent,
}

impl Drop for Demonstration {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Demonstration {
    fn start(words: &[&str]) -> Self {
        let url = format!("http://127.0.0.1:{}", free_port());
        let mut child = Command::new(env!("CARGO_BIN_EXE_askance"))
            .arg("demo")
            .args(words)
            .env("ROCKET_PORT", url.rsplit(':').next().unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut value = |label: &str| loop {
            let line = lines.next().expect("the demonstration says how to sign in").unwrap();
            if let Some((_, value)) = line.split_once(label) {
                return value.trim().to_owned();
            }
        };
        let (email, password) = (value("e-mail "), value("password "));
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let demonstration = Self { child, url, email, password, agent };
        Self::until("the pages are served", || {
            demonstration.agent.get(format!("{}/robots.txt", demonstration.url)).call().ok().map(|_| ())
        });
        demonstration
    }

    /// Waits for something to be there, and fails with its name when it does not come.
    fn until<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
        let patience = Instant::now() + Duration::from_secs(90);
        while Instant::now() < patience {
            if let Some(found) = there() {
                return found;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("waited 90 seconds for: {what}");
    }

    fn get(&self, path: &str) -> String {
        let mut answer = self.agent.get(format!("{}{path}", self.url)).call().unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.body_mut().read_to_string().unwrap()
    }

    /// Sends a form as the page at `page` has it, with its hidden fields.
    fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> String {
        let html = self.get(page);
        self.submit_from(&html, action, fields)
    }

    fn submit_from(&self, html: &str, action: &str, fields: &[(&str, &str)]) -> String {
        let form = html
            .split("<form")
            .find(|form| form.contains(&format!("action=\"{action}\"")))
            .unwrap_or_else(|| panic!("a form to {action} in {html}"));
        let form = form.split("</form>").next().unwrap();
        let mut all: Vec<(String, String)> =
            regex::Regex::new(r#"<input type="hidden" name="([^"]+)" value="([^"]*)""#)
                .unwrap()
                .captures_iter(form)
                .map(|found| (found[1].to_owned(), plain(&found[2])))
                .collect();
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut answer = self
            .agent
            .post(format!("{}{action}", self.url))
            .header("Origin", &self.url)
            .send_form(all.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            .unwrap();
        let status = answer.status();
        let text = answer.body_mut().read_to_string().unwrap();
        assert_eq!(status, 200, "{action}: {text}");
        text
    }
}

impl Demonstration {
    fn signs_in(&self) {
        let fields = [("email", self.email.as_str()), ("password", self.password.as_str())];
        self.submit("/desk/sign-in", "/desk/sign-in", &fields);
    }

    /// Finds the authority, chooses a bundle: the letter as it is read before it is sent.
    fn preview(&self) -> String {
        self.preview_of("Mara Varga")
    }

    /// Signed by somebody else it is another letter.
    fn preview_of(&self, signed_as: &str) -> String {
        let found = self.get("/desk/requests/new?q=Val-d");
        let authority =
            first(r#"name="a" value="(\d+)""#, &found).expect("the authority is found").to_owned();
        let chosen =
            self.get(&format!("/desk/requests/new?q=Val-d&a={authority}&bundle=municipal_cctv_analytics"));
        self.submit_from(&chosen, "/desk/requests/preview", &[("signed_as", signed_as)])
    }

    fn files(&self, preview: &str) -> String {
        let filed = self.submit_from(preview, "/desk/requests", &[]);
        first(r"(20\d\d-\d{4})", &filed).expect("a reference").to_owned()
    }

    /// Waits for the refusal; the address of its page.
    fn refusal_of(&self, reference: &str) -> String {
        Self::until("the refusal in the queue", || {
            let queue = self.get("/desk");
            let pattern =
                format!(r#"(?s)href="(/desk/messages/\d+)"[^>]*>[^<]*\[{reference}\][^<]*notification"#);
            first(&pattern, &queue).map(str::to_owned)
        })
    }

    /// Stops it as Ctrl-C does.
    fn stops(mut self) {
        let number = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &number]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

/// The text behind the five entities our pages use.
fn plain(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn first<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    regex::Regex::new(pattern).unwrap().captures(text)?.get(1).map(|found| found.as_str())
}

#[test]
fn letter_filed_in_a_browser_is_answered_read_settled_and_public() {
    let started = Instant::now();
    let demo = Demonstration::start(&[]);
    assert!(demo.get("/").contains("Demonstration"), "every page says that it is a demonstration");
    demo.signs_in();

    // File: find the authority, choose a bundle, read the letter, send it.
    let preview = demo.preview();
    assert!(preview.contains("L. 311-1"), "the law is cited: {preview}");
    assert!(preview.contains("It waits 20 seconds before it leaves."), "{preview}");
    assert!(demo.get("/about").contains("The letter waits 20 seconds, in which it can be taken back"));

    // Taken back, no letter leaves; filed again, it does.
    let filed = demo.submit_from(&preview, "/desk/requests", &[]);
    assert!(filed.contains("seconds were left to take it back"), "{filed}");
    let back = demo.submit_from(&filed, "/desk/requests/filed/take-back", &[]);
    assert!(back.contains("1 letter taken back.") && !back.contains("left to take it back"), "{back}");
    let reference = demo.files(&demo.preview());

    // The authority answers by real mail: an acknowledgement, then a refusal in a PDF.
    let waiting = demo.refusal_of(&reference);
    let message = demo.get(&waiting);
    assert!(message.contains("Refusal"), "{message}");
    assert!(message.contains(".pdf"), "the decision stands in the PDF");
    let public = demo.get(&format!("/requests/{reference}"));
    assert!(!public.contains("notification de décision"), "nothing is public before a person read it");

    // One press settles it.
    let accept = format!("{waiting}/accept");
    demo.submit(&waiting, &accept, &[]);
    let public = demo.get(&format!("/requests/{reference}"));
    assert!(public.contains("Refused"), "{public}");
    assert!(!public.contains("@post.askance.example"), "the reply address is never public");
    assert!(started.elapsed() < Duration::from_secs(120), "all within two minutes");
}

#[test]
fn demonstration_that_was_kept_goes_on_with_its_authorities_and_a_new_password() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("kept");
    let words = ["--dir", folder.to_str().unwrap()];
    let demo = Demonstration::start(&words);
    demo.signs_in();
    let before = demo.files(&demo.preview());
    let old = demo.password.clone();
    demo.stops();

    let demo = Demonstration::start(&words);
    assert_ne!(demo.password, old);
    demo.signs_in();
    // The letter that had not left leaves now; a new one is answered too.
    let after = demo.files(&demo.preview_of("Mara Varga-Lind"));
    assert_ne!(before, after);
    demo.refusal_of(&before);
    demo.refusal_of(&after);
    demo.stops();
}

#[test]
fn folder_that_is_no_demonstration_is_left_alone() {
    let operator = Operator::new();
    assert_eq!(operator.runs(&["user", "add", "m@askance.example", "--role", "admin"], b"").code, Some(0));
    let before = std::fs::read(operator.path("askance.db")).unwrap();
    let run = operator.runs(&["demo", "--dir", "."], b"");
    assert_eq!(run.code, Some(64), "{}{}", run.out, run.err);
    assert!(run.err.contains("`.` holds a database that is no demonstration"), "{}", run.err);
    assert_eq!(std::fs::read(operator.path("askance.db")).unwrap(), before);

    // Of a newer Askance, or none at all.
    let settings = format!("sqlite://{}", operator.path("askance.db").display());
    std::fs::write(operator.path("demonstration.key"), [7; 32]).unwrap();
    let db = askance::store::Db::open(&settings, 1).unwrap();
    let askance::store::AnyConn::Sqlite(conn) = &mut *db.conn().unwrap() else { panic!("expected SQLite") };
    diesel::connection::SimpleConnection::batch_execute(
        conn,
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231')",
    )
    .unwrap();
    let run = operator.with("ROCKET_PORT", &free_port().to_string()).runs(&["demo", "--dir", "."], b"");
    assert_eq!(run.code, Some(74), "{}{}", run.out, run.err);
    assert!(
        run.err.contains("the demonstration in `.` cannot go on: ") && run.err.contains("by a newer Askance"),
        "{}",
        run.err
    );
}
