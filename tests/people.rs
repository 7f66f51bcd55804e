//! People from the console: who is listed, let in, kept out, given a new password; on both databases.

use crate::support::operator::{Operator, Run};
use crate::support::{Site, postgres, stories};
use askance::config::{Config, Secret};
use askance::service::Context;
use askance::service::sign_in::{self, Asking};
use askance::store::types::Role;
use askance::store::{Db, audit, blobs::Blobs};
use std::sync::Arc;

const MARA: &str = "m.varga@askance.example";
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// A console over one database, and a browser's way in over the same.
struct Console {
    operator: Operator,
    ctx: Context,
    db: Db,
}

impl Console {
    fn new(database_url: impl Fn(&Operator) -> String) -> Self {
        let operator = Operator::new();
        let url = database_url(&operator);
        let key = KEY;
        let operator = operator.with("ASKANCE_DATABASE_URL", &url).with("ASKANCE_SECRET_KEY", key);
        let settings = figment::Figment::from(figment::providers::Serialized::defaults(serde_json::json!({
            "askance": { "database_url": url, "secret_key": key },
        })));
        let mut config = Config::from_figment(&settings).unwrap();
        config.secret = Secret::new(vec![7; 32]);
        let db = Db::open(&url, 2).unwrap();
        db.migrate().unwrap();
        let blobs = Blobs::open(&operator.path("blobs")).unwrap();
        let library = Arc::clone(&crate::support::LIBRARY);
        Self {
            operator,
            ctx: Context {
                clock: config.clock.clone(),
                config,
                library,
                blobs,
                days_off: askance::service::days_off::Calendars::default(),
                pulse: askance::service::health::Pulse::default(),
            },
            db,
        }
    }

    fn says(&self, words: &[&str]) -> Run {
        self.operator.runs(&[&["user"], words].concat(), b"")
    }

    /// What it prints when it goes well.
    fn does(&self, words: &[&str]) -> String {
        let run = self.says(words);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{words:?}: {}", run.out);
        run.out
    }

    fn sign_in(&self, password: &str) -> Result<String, sign_in::Error> {
        let asking = Asking { email: MARA.to_owned(), password: password.to_owned(), address: None };
        sign_in::sign_in(&self.ctx, &mut self.db.conn().unwrap(), &asking)
    }

    /// The role of whose session this is, if it is good.
    fn session(&self, token: &str) -> Option<Role> {
        sign_in::signed_in(&self.ctx, &mut self.db.conn().unwrap(), token).unwrap().map(|person| person.role)
    }
}

fn password_in(told: &str) -> String {
    told.split_once("Password, shown this once: ").unwrap().1.lines().next().unwrap().to_owned()
}

fn a_person_comes_leaves_and_loses_a_password(database_url: impl Fn(&Operator) -> String) {
    let console = Console::new(database_url);
    let first = password_in(&console.does(&["add", MARA, "--role", "volunteer", "--name", "M. Varga"]));
    let session = console.sign_in(&first).unwrap();
    assert_eq!(console.session(&session), Some(Role::Volunteer));

    // A role counts at once, within the session.
    console.does(&["role", MARA, "activist"]);
    assert_eq!(console.session(&session), Some(Role::Activist));

    // Who is suspended is out, and stays out though the old cookie comes again after they are back.
    console.does(&["suspend", "M.Varga@askance.example"]);
    assert_eq!(console.session(&session), None);
    assert!(matches!(console.sign_in(&first), Err(sign_in::Error::Wrong)));
    assert_eq!(console.does(&["list"]), format!("{MARA}\tactivist\tsuspended\tM. Varga\n"));
    console.does(&["resume", MARA]);
    assert_eq!(console.session(&session), None);
    let session = console.sign_in(&first).unwrap();

    // A new password ends the old one and what was opened with it.
    let second = password_in(&console.does(&["password", MARA]));
    assert_ne!(first, second);
    assert_eq!(console.session(&session), None);
    assert!(matches!(console.sign_in(&first), Err(sign_in::Error::Wrong)));
    assert_eq!(console.session(&console.sign_in(&second).unwrap()), Some(Role::Activist));
    console.does(&["add", "a@askance.example", "--role", "admin"]);
    let list = console.does(&["list"]);
    assert_eq!(list, format!("a@askance.example\tadmin\tactive\ta\n{MARA}\tactivist\tactive\tM. Varga\n"));

    // Four acts of the console, two comings, three sign-ins; no link of the chain is broken.
    assert_eq!(audit::verify(&mut console.db.conn().unwrap()).unwrap(), (9, None));
    for words in [&["suspend"][..], &["resume"], &["password"]] {
        let run = console.says(&[words, &["nobody@askance.example"]].concat());
        assert_eq!(run.code, Some(65), "{}{}", run.out, run.err);
        assert!(run.err.contains("found `nobody@askance.example`, which nobody has"), "{}", run.err);
    }
    assert_eq!(console.says(&["role", "nobody@askance.example", "admin"]).code, Some(65));
    assert_eq!(console.says(&["role", MARA, "queen"]).code, Some(64));
    assert_eq!(audit::verify(&mut console.db.conn().unwrap()).unwrap(), (9, None));
}

#[test]
fn a_person_comes_leaves_and_loses_a_password_on_sqlite() {
    a_person_comes_leaves_and_loses_a_password(|operator| {
        format!("sqlite://{}", operator.path("askance.db").display())
    });
}

#[test]
fn a_person_comes_leaves_and_loses_a_password_on_postgres() {
    a_person_comes_leaves_and_loses_a_password(|_| postgres::fresh_database());
}

stories! {
    fn r06_who_suspends_a_person_is_told_of_their_letters_and_the_last_administrator_stays(site: &mut Site) {
        let mara = site.person("Mara Varga", Role::Activist);
        site.person("Ada Admin", Role::Admin);
        let operator = Operator::new().with("ASKANCE_DATABASE_URL", &site.ctx.config.database_url);
        let operator = operator.with("ASKANCE_SECRET_KEY", KEY);
        let says = |words: &[&str]| operator.runs(&[&["user"], words].concat(), b"");
        for words in [&["suspend", "ada-admin@askance.example"][..], &["role", "ada-admin@askance.example", "volunteer"]] {
            let run = says(words);
            println!("R6: {}", run.err);
            assert_eq!((run.code, run.out.as_str()), (Some(65), ""), "{}", run.err);
            assert!(run.err.contains("`ada-admin@askance.example` is the last administrator who may sign in"), "{}", run.err);
        }
        // Another one who is suspended is none.
        site.person("Otto Other", Role::Admin);
        assert_eq!(says(&["suspend", "otto-other@askance.example"]).code, Some(0));
        assert_eq!(says(&["suspend", "ada-admin@askance.example"]).code, Some(65));
        let filed = site.files(mara, site.city());
        let run = says(&["suspend", "Mara-Varga@askance.example"]);
        println!("R6: {}", run.out);
        assert!(run.out.contains(&format!("1 letter of theirs still waits and leaves all the same: {}.", filed.reference)), "{}", run.out);
        assert_eq!(says(&["resume", "mara-varga@askance.example"]).code, Some(0));
        site.ctx.clock.set(filed.leaves_at);
        site.works();
        assert!(!says(&["suspend", "mara-varga@askance.example"]).out.contains("letter"));
    }
}
