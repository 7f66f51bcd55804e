//! The floors of the house (ARCHITECTURE.md): imports run one way only, and some words stay in their room.

mod source;

use source::{Source, files};

/// Which rooms of the house a room may import from; a room that is not here is none.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &[]),
    ("config", &["clock", "domain"]),
    ("data", &["domain"]),
    ("store", &["domain"]),
    ("mail", &["domain"]),
    ("service", &["store", "mail", "data", "config", "clock", "domain"]),
    ("web", &["service", "store", "data", "domain"]),
    ("worker", &["service", "store", "mail"]),
    ("command", &["web", "worker", "service", "store", "mail", "data", "config", "clock", "domain"]),
    ("main", &["command"]),
    ("lib", &[]),
];

/// The storeys inside the domain, lowest first: a part imports only from storeys below its own.
const DOMAIN: &[&[&str]] = &[
    &["words", "numbers", "reference", "country", "passwords"],
    &["authority"],
    &["law", "questions"],
    &["findings", "letter", "request", "register"],
    &["publication", "incoming"],
];

/// The steps from use case to use case: triage reads each mail in the cage and queues notices, learning teaches who reads
/// there, and what is fetched from a mailbox comes in by the same door as all other mail; what comes back from a backup
/// or was kept long enough is erased.
const BETWEEN_SERVICES: &[(&str, &str)] = &[
    ("triage", "cage"),
    ("triage", "notices"),
    ("learning", "cage"),
    ("fetching", "intake"),
    ("backup", "erasure"),
    ("retention", "erasure"),
];

/// Words and the places (starts of paths) where alone they may stand.
const AT_HOME: &[(&str, &[&str])] = &[
    ("diesel", &["store/"]),
    ("diesel_migrations", &["store/"]),
    ("rocket::", &["web/", "command/serve.rs", "command/demo"]),
    ("minijinja", &["web/", "mail/"]),
    ("lettre", &["mail/"]),
    ("rustls", &["mail/", "store/blobs/bucket.rs"]),
    ("ureq", &["store/blobs/bucket.rs"]),
    ("tokio_rustls", &["mail/guard.rs", "mail/imap"]),
    ("mail_auth", &["mail/"]),
    ("hickory_resolver", &["mail/"]),
    ("async_imap", &["mail/imap"]),
    ("prometheus_client", &["web/"]),
    ("rustix", &["store/health"]),
    (
        "tokio",
        &["mail/guard.rs", "mail/smtp.rs", "mail/imap", "mail/authenticity", "web/", "command/serve.rs"],
    ),
    ("mailparse", &["domain/incoming/", "mail/", "command/demo"]),
    // Hostile mail is taken apart in a child process, or by whoever reads a file of their own at a terminal.
    ("understand", &["domain/incoming/", "service/triage/place.rs"]),
    ("understand_with_files", &["domain/incoming/", "service/cage"]),
    ("mime::parse", &["domain/incoming/"]),
    ("argon2", &["service/"]),
    ("figment", &["config.rs", "config/safety.rs", "web/", "command/"]),
    ("clap", &["command/"]),
    ("Utc::now", &["clock.rs"]),
    ("Local::now", &["clock.rs"]),
    ("SystemTime::now", &["clock.rs"]),
    (
        "Instant::now",
        &[
            "clock.rs",
            "worker.rs",
            "worker/",
            "mail/",
            "service/cage",
            "store/together.rs",
            "store/blobs/bucket.rs",
            "command/",
        ],
    ),
    ("process::exit", &[]),
];

/// What would make the domain depend on more than its arguments.
const NOT_IN_THE_DOMAIN: &[&str] =
    &["std::fs", "std::net", "std::env", "std::process", "std::thread", "std::time", "getrandom", "tracing"];

const LONGEST_FILE: usize = 400;
/// A file of stories is read one story at a time.
const LONGEST_TEST: usize = 700;

fn source_files() -> Vec<Source> {
    let sources = files("src", ".rs");
    assert!(sources.len() > 80, "only {} files found", sources.len());
    sources
}

/// Asserts that a rule finds nothing in our files; each finding starts with file and line.
fn holds(rule: impl Fn(&Source) -> Vec<String>) {
    let broken: Vec<String> = source_files().iter().flat_map(rule).collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// Asserts that a rule finds something in a file that breaks it, and says so in these words.
fn catches(rule: impl Fn(&Source) -> Vec<String>, (path, text): (&str, &str), said: &str) {
    let found = rule(&Source::new(path, text));
    assert!(found.iter().any(|line| line.contains(said)), "`{said}` is not in {found:?}");
}

fn imports_run_down(file: &Source) -> Vec<String> {
    let Some((room, allowed)) = MAY_IMPORT.iter().find(|(room, _)| *room == file.room()) else {
        return vec![format!("{}: `{}` is no room of the house", file.path, file.room())];
    };
    let mut found = Vec::new();
    for used in file.uses() {
        let Some(other) = used.segments.first() else { continue };
        if other != room && !allowed.contains(&other.as_str()) {
            let path = used.segments.join("::");
            found.push(format!("{}:{}: `{room}` imports `{path}`", file.path, used.line));
        }
    }
    found
}

fn domain_runs_down(file: &Source) -> Vec<String> {
    let storey = |part: &str| DOMAIN.iter().position(|parts| parts.contains(&part));
    if file.room() != "domain" || file.path == "domain/mod.rs" {
        return Vec::new();
    }
    let Some(own) = storey(file.part()) else {
        return vec![format!("{}: `{}` is no part of the domain", file.path, file.part())];
    };
    let mut found = Vec::new();
    for used in file.uses() {
        let part = used.segments.get(1).map_or("", String::as_str);
        if part != file.part() && storey(part).is_none_or(|other| other >= own) {
            found.push(format!("{}:{}: `{}` imports `{part}`", file.path, used.line, file.part()));
        }
    }
    found
}

fn services_stand_alone(file: &Source) -> Vec<String> {
    if file.room() != "service" || file.part() == "mod" {
        return Vec::new();
    }
    let mut found = Vec::new();
    for used in file.uses() {
        let [room, part, ..] = used.segments.as_slice() else { continue };
        let module = room == "service" && part.starts_with(char::is_lowercase);
        if module && part != file.part() && !BETWEEN_SERVICES.contains(&(file.part(), part)) {
            found.push(format!(
                "{}:{}: `{}` imports the service `{part}`",
                file.path,
                used.line,
                file.part()
            ));
        }
    }
    found
}

fn public_pages_read_public_columns(file: &Source) -> Vec<String> {
    if !(file.path.starts_with("web/public") || file.path.starts_with("web/api")) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for used in file.uses() {
        let [room, part, ..] = used.segments.as_slice() else { continue };
        // A type of the store, such as its error or a state, names no column.
        let module = room == "store" && part.starts_with(char::is_lowercase);
        if module && !["published", "blobs", "types"].contains(&part.as_str()) {
            found.push(format!("{}:{}: a public page reads `store::{part}`", file.path, used.line));
        }
    }
    found
}

fn words_stay_in_their_place(file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (word, places) in AT_HOME {
        if !places.iter().any(|place| file.path.starts_with(place)) {
            let stray = file.words(word).map(|at| format!("{}:{}: `{word}`", file.path, file.line(at)));
            found.extend(stray);
        }
    }
    if file.room() == "domain" {
        for word in NOT_IN_THE_DOMAIN {
            found.extend(file.words(word).map(|at| format!("{}:{}: `{word}`", file.path, file.line(at))));
        }
    }
    found
}

/// One list knows all numbers of PostgreSQL's own locks, so that none means two things.
fn locks_are_in_their_list(file: &Source) -> Vec<String> {
    let strays = file.text.match_indices("_advisory").filter(|_| file.path != "store/locks.rs");
    strays
        .map(|(at, _)| format!("{}:{}: a lock that is not in `store::locks`", file.path, file.line(at)))
        .collect()
}

fn files_are_in_form(file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    if !file.text.starts_with("//! ") {
        found.push(format!("{}:1: expected a sentence after `//!`", file.path));
    }
    let lines = file.text.lines().count();
    if lines > LONGEST_FILE {
        found
            .push(format!("{}: {lines} lines, expected at most {LONGEST_FILE}: split it by step", file.path));
    }
    for attribute in ["#[allow(", "#![allow("] {
        for (at, _) in file.code.match_indices(attribute) {
            found.push(format!("{}:{}: `{attribute}`: say `expect` and why", file.path, file.line(at)));
        }
    }
    // The table of floors reads `crate::` paths; `super::` may only look out of a module within the same file.
    for at in file.words("super") {
        let nested =
            file.code[..at].lines().any(|line| line.trim().starts_with("mod ") && line.ends_with('{'));
        if !nested && !file.code[..at].ends_with("pub(") {
            found.push(format!("{}:{}: `super::`: write the whole `crate::` path", file.path, file.line(at)));
        }
    }
    found
}

#[test]
fn imports_run_one_way_only() {
    holds(imports_run_down);
    let rule = imports_run_down;
    catches(rule, ("store/requests.rs", "use crate::service::filing;"), "`store` imports `service::filing`");
    catches(rule, ("mail/smtp.rs", "use crate::{domain::letter::Letter, store};"), "`mail` imports `store`");
    catches(
        rule,
        ("domain/words.rs", "fn f() { crate :: data::laws::x() }"),
        "`domain` imports `data::laws::x`",
    );
    catches(
        rule,
        ("web/page.rs", "\n\nuse crate::{\n  web::error,\n  mail as m,\n};"),
        "web/page.rs:3: `web` imports `mail`",
    );
    catches(rule, ("helpers/mod.rs", ""), "`helpers` is no room");
}

#[test]
fn the_domain_has_storeys() {
    holds(domain_runs_down);
    let rule = domain_runs_down;
    catches(rule, ("domain/law/mod.rs", "use crate::domain::request::State;"), "`law` imports `request`");
    catches(
        rule,
        ("domain/request/mod.rs", "use crate::domain::{law, letter};"),
        "`request` imports `letter`",
    );
    catches(
        rule,
        ("domain/words.rs", "use crate::domain::reference::ReplyToken;"),
        "`words` imports `reference`",
    );
    catches(rule, ("domain/misc.rs", ""), "`misc` is no part");
}

#[test]
fn services_do_not_call_each_other() {
    holds(services_stand_alone);
    let text = "use crate::service::{Context, delivery::{self, send_next}};";
    catches(services_stand_alone, ("service/filing.rs", text), "imports the service `delivery`");
    assert!(
        services_stand_alone(&Source::new("service/triage/place.rs", "use crate::service::cage::Cage;"))
            .is_empty()
    );
    let back = "use crate::service::triage::settle;";
    catches(services_stand_alone, ("service/cage.rs", back), "imports the service `triage`");
}

#[test]
fn public_pages_see_no_private_column() {
    holds(public_pages_read_public_columns);
    let rule = public_pages_read_public_columns;
    catches(
        rule,
        ("web/public/request.rs", "use crate::store::{Db, desk, published};"),
        "reads `store::desk`",
    );
    catches(
        rule,
        ("web/api/v1.rs", "fn f() { crate::store::messages::find(c, 1) }"),
        "reads `store::messages`",
    );
}

#[test]
fn words_stand_only_where_they_are_at_home() {
    holds(words_stay_in_their_place);
    let rule = words_stay_in_their_place;
    catches(rule, ("service/filing.rs", "use diesel::prelude::*;"), "service/filing.rs:1: `diesel`");
    catches(
        rule,
        ("service/filing.rs", "let a = 1;\nlet b = chrono::Utc::now();"),
        "service/filing.rs:2: `Utc::now`",
    );
    catches(rule, ("command/due.rs", "fn f() -> rocket::Rocket {}"), "`rocket::`");
    catches(rule, ("service/delivery.rs", "use tokio::runtime::Runtime;"), "`tokio`");
    catches(rule, ("domain/letter.rs", "use std::fs::read;"), "`std::fs`");
    let silent =
        "//! No diesel here.\nlet a = \"diesel\"; let b = r#\"diesel \" \"#; let c = '\"'; let diesels = 1;";
    assert_eq!(rule(&Source::new("web/page.rs", silent)), Vec::<String>::new());
}

#[test]
fn numbers_of_locks_are_in_one_list() {
    holds(locks_are_in_their_list);
    let rule = locks_are_in_their_list;
    let sql = "fn f() { c.batch_execute(\"SELECT pg_try_advisory_lock(7)\"); }";
    catches(rule, ("store/people.rs", sql), "store/people.rs:1: a lock that is not");
}

#[test]
fn files_are_short_and_say_what_they_hold() {
    holds(files_are_in_form);
    let rule = files_are_in_form;
    catches(rule, ("web/page.rs", "use std::fs;"), "expected a sentence");
    catches(rule, ("web/page.rs", &"//! A page.\n".repeat(401)), "401 lines");
    catches(
        rule,
        ("web/page.rs", "//! A page.\n#[allow(dead_code)]\nfn f() {}"),
        "web/page.rs:2: `#[allow(`",
    );
    catches(rule, ("web/page.rs", "//! A page.\nuse super::other;"), "web/page.rs:2: `super::`");
    let own_tests = "//! A page.\nfn f() {}\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n";
    assert_eq!(rule(&Source::new("web/page.rs", own_tests)), Vec::<String>::new());
}

#[test]
fn tests_are_in_form_too() {
    let tests = files("tests", ".rs");
    assert!(tests.len() > 25, "only {} files found", tests.len());
    for file in tests {
        let lines = file.text.lines().count();
        assert!(file.text.starts_with("//! "), "tests/{}: expected a sentence after `//!`", file.path);
        assert!(lines <= LONGEST_TEST, "tests/{}: {lines} lines, expected at most {LONGEST_TEST}", file.path);
        // A test that never runs proves nothing.
        assert_eq!(file.code.matches("#[ignore").count(), 0, "tests/{}", file.path);
    }
}

/// Where somebody happens to work, or where packages happen to come from, is no part of the project.
#[test]
fn nothing_names_the_place_where_it_was_written() {
    let strangers =
        [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("crates", ".io"), concat!("py", "pi.org")];
    let folders =
        [("src", ""), ("tests", ""), ("templates", ""), ("migrations", ""), ("docs", ""), (".ci", "")];
    for (folder, ending) in folders {
        for file in files(folder, ending) {
            for stranger in strangers {
                let at = file.text.find(stranger).map(|at| file.line(at));
                assert_eq!(at, None, "{folder}/{}: `{stranger}`", file.path);
            }
        }
    }
}

#[test]
fn every_path_of_a_file_is_read() {
    let text = "use crate::a::{self, b::{C, d as e}, f::*};\nfn g() { crate::h::i::<u8>(); }\n// crate::no\n";
    let found: Vec<(usize, String)> = Source::new("x.rs", text)
        .uses()
        .into_iter()
        .map(|used| (used.line, used.segments.join("::")))
        .collect();
    let expected = [(1, "a"), (1, "a::b::C"), (1, "a::b::d"), (1, "a::f"), (2, "h::i")]
        .map(|(line, path)| (line, path.to_owned()));
    assert_eq!(found, expected);
}
