//! How an operator is told of a wrong set-up: the key, the value, what would be right, exit code 78.

mod places;
pub mod unsafe_settings;

use crate::support::operator::Operator;
use std::os::unix::fs::MetadataExt;

/// The complaint of `serve` in this set-up, which must end with 78.
fn refused(operator: &Operator) -> String {
    let run = operator.runs(&["serve"], b"");
    assert_eq!(run.code, Some(78), "{}{}", run.out, run.err);
    // The log's first line tells which settings were read.
    let complaints: Vec<&str> = run.err.lines().filter(|line| !line.contains(" INFO ")).collect();
    assert_eq!(complaints.len(), 1, "{}", run.err);
    complaints[0].to_owned()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of settings")]
fn a_wrong_setting_names_key_and_value_and_what_would_be_right() {
    for (name, value, told) in [
        ("CLOCK", "noon", "setting `clock` = `noon`: expected `system` or `fixed:2026-11-21T12:00:00Z`"),
        (
            "CLOCK",
            "fixed:2026-02-30T12:00:00Z",
            "setting `clock` = `fixed:2026-02-30T12:00:00Z`: expected `system` or",
        ),
        (
            "REPLY_DOMAIN",
            "a b",
            "setting `reply_domain` = `a b`: expected a domain such as `post.askance.example`",
        ),
        ("REPLY_DOMAIN", "a@b.example", "setting `reply_domain` = `a@b.example`: expected a domain"),
        (
            "PUBLIC_URL",
            "askance.example",
            "setting `public_url` = `askance.example`: expected a web address such as",
        ),
        ("FILES_URL", "ftp://a.example", "setting `files_url` = `ftp://a.example`: expected a web address"),
        ("FILES_URL", "https://u@a.example", "setting `files_url` = `https://u@a.example`: expected a web"),
        (
            "TEMPLATES_DIR",
            "nowhere",
            "setting `templates_dir` = `nowhere`: expected a folder such as `templates`",
        ),
        ("BLOB_URL", "gs://bucket", "setting `blob_url` = `gs://bucket`: expected `file://folder` or `s3://"),
        ("BLOB_URL", "s3://bucket", "setting `s3_access_key`: is needed with `s3://` in `blob_url`"),
        (
            "BLOB_URL",
            "s3://key:secret@bucket",
            "setting `blob_url`: addresses stand in logs; keys belong into",
        ),
        (
            "BLOB_URL",
            "s3://Bucket_1",
            "setting `blob_url`: expected `s3://bucket/prefix`, the bucket in small",
        ),
        (
            "BLOB_URL",
            "s3://bucket?endpoint=http://s3.example",
            "setting `blob_url`: private mail would cross a network in the clear",
        ),
        ("BLOB_URL", "s3://bucket?acl=public", "setting `blob_url`: expected nothing behind `?` but"),
        ("SPOOL_DIR", "spool", "setting `spool_dir`: is for a `blob_url` that begins with `s3://` only"),
        (
            "UNDO_MINUTES",
            "many",
            "setting `undo_minutes`: expected a whole number from 0, found string \"many\"",
        ),
        (
            "UNDO_MINUTES",
            "-1",
            "setting `undo_minutes`: expected a whole number from 0, found signed int `-1`",
        ),
        (
            "LMTP_LISTEN",
            "nowhere",
            "setting `lmtp_listen` = `nowhere`: expected an address and port such as `127.0.0.1:2424`, or a socket",
        ),
        ("LMTP_LISTEN", "2424", "setting `lmtp_listen` = `2424`: expected an address and port such as"),
        ("LMTP_LISTEN", "true", "setting `lmtp_listen` = `true`: expected an address and port such as"),
        ("PUBLIC_URL", "8000", "setting `public_url` = `8000`: expected a web address such as"),
        (
            "DATABSE_URL",
            "sqlite://x",
            "setting `databse_url`: `databse_url` is no setting; did you mean `database_url`? There are database_url, ",
        ),
        ("POP3_URL", "pop3://x", "setting `pop3_url`: `pop3_url` is no setting; "),
        ("IMAP_URL", "pop3://u:secret@x", "setting `imap_url`: expected `imaps://user:password@host/INBOX`"),
        ("SMTP_LISTEN", "25", "setting `smtp_listen` = `25`: expected an address and port such as"),
        (
            "UNKNOWN_RECIPIENTS",
            "bounce",
            "setting `unknown_recipients` = `bounce`: expected `keep` or `refuse`",
        ),
        ("DNS", "dns.example", "setting `dns` = `dns.example`: expected `system`, `off` or the address"),
        ("ADMIN_EMAIL", "admin", "setting `admin_email` = `admin`: expected an address such as"),
        ("LETTERS_PER_MINUTE", "many", "setting `letters_per_minute`: expected a whole number from 0"),
        (
            "DATABASE_URL",
            "postgresql",
            "setting `database_url` = `postgresql`: expected `sqlite://path` or `postgres://",
        ),
    ] {
        let found = refused(&Operator::new().with(&format!("ASKANCE_{name}"), value));
        assert!(found.starts_with("askance: ") && found.contains(told), "expected `{told}`, found `{found}`");
    }
}

#[test]
fn a_wrong_setting_in_the_file_is_told_in_the_same_way() {
    let found = refused(&Operator::new().with_file("[default.askance]\nclok = \"system\"\n"));
    assert!(found.contains("`clok` is no setting; did you mean `clock`? There are "), "{found}");
    let found = refused(&Operator::new().with_file("[default.askance]\nlmtp_listen = 2424\n"));
    assert!(
        found.contains("setting `lmtp_listen`: expected an address and port such as `127.0.0.1:2424`")
            && found.contains("in quotation marks, found signed int `2424`"),
        "{found}"
    );
    let found = refused(&Operator::new().with_file("[default.askance]\nclock = \"noon\"\n"));
    assert!(found.contains("setting `clock` = `noon`"), "{found}");
    let found = refused(&Operator::new().with_file("[default]\nport = 80000\n"));
    assert!(found.contains("setting `port`: expected a whole number"), "{found}");
}

#[test]
fn a_port_that_is_none_is_refused_before_anything_is_made() {
    let operator = Operator::new().with("ROCKET_PORT", "many");
    let found = refused(&operator);
    assert!(
        found.contains("setting `port`: expected a whole number from 0, found string \"many\""),
        "{found}"
    );
    assert!(!operator.path("askance.db").exists());
}

#[test]
fn letters_leave_only_with_a_domain_that_answers_reach() {
    let operator = Operator::new().with("ASKANCE_SMTP_URL", "smtp://127.0.0.1:25");
    let found = refused(&operator);
    assert!(
        found.contains("setting `reply_domain`: with `smtp_url` letters leave")
            && found.contains("such as `post."),
        "{found}"
    );
    assert!(!operator.path("askance.db").exists());
    let fine = operator.with("ASKANCE_REPLY_DOMAIN", "post.askance.example").runs(&["check"], b"");
    assert_eq!(fine.code, Some(0), "{}", fine.out);
    let help = fine_words(&Operator::new().runs(&["serve", "--help"], b"").out);
    assert!(help.contains("ASKANCE_SMTP_URL=") && help.contains("ASKANCE_REPLY_DOMAIN="), "{help}");
}

fn fine_words(help: &str) -> String {
    help.split("Example:").nth(1).unwrap().to_owned()
}

#[test]
fn secrets_are_never_repeated() {
    for (name, value, told) in [
        (
            "SMTP_URL",
            "smtp://us:geheim@mail.example",
            "setting `smtp_url`: would send a password in the clear",
        ),
        ("SMTP_URL", "htp://us:geheim@mail.example", "setting `smtp_url`: expected `smtp://`"),
        ("SMTP_URL", "smtps://us:geheim@mail.example:port", "setting `smtp_url`: "),
        ("DATABASE_URL", "mysql://us:geheim@db.example/x", "setting `database_url` = `mysql`: expected"),
        (
            "DATABASE_URL",
            "postgres://us:geheim@db.example/x",
            "setting `secret_key`: several nodes may share",
        ),
        ("SECRET_KEY", "geheim", "setting `secret_key`: expected at least 32 random bytes in base64"),
        ("SECRET_KEY", "Z2VoZWltZ2VoZWltZ2VoZWlt", "setting `secret_key`: expected at least 32 random bytes"),
    ] {
        let operator = Operator::new()
            .with("ASKANCE_REPLY_DOMAIN", "post.askance.example")
            .with(&format!("ASKANCE_{name}"), value);
        let found = refused(&operator);
        assert!(found.contains(told), "expected `{told}`, found `{found}`");
        let check = operator.runs(&["check"], b"");
        assert_eq!(check.code, Some(78), "{}", check.out);
        for said in [found, check.out, check.err] {
            assert!(!said.contains("geheim") && !said.contains("Z2VoZWlt"), "{said}");
        }
    }
    let fine = Operator::new()
        .with("ASKANCE_REPLY_DOMAIN", "post.askance.example")
        .with("ASKANCE_SMTP_URL", "smtps://us:geheim@mail.example")
        .runs(&["check"], b"");
    assert_eq!(fine.code, Some(0), "{}", fine.out);
    assert!(fine.out.contains("mail.example") && !fine.out.contains("geheim"), "{}", fine.out);
}

#[test]
fn a_secret_may_come_from_a_file() {
    let operator = Operator::new();
    let url = format!("sqlite://{}", operator.path("elsewhere.db").display());
    let file = operator.path("url");
    std::fs::write(&file, format!("{url}\n")).unwrap();
    let operator = operator.with("ASKANCE_DATABASE_URL_FILE", file.to_str().unwrap());
    let run = operator.runs(&["check"], b"");
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(operator.path("elsewhere.db").exists() && !operator.path("askance.db").exists());

    for key in ["DATABASE_URL", "SMTP_URL", "SECRET_KEY"] {
        let found = refused(&Operator::new().with(&format!("ASKANCE_{key}_FILE"), "missing"));
        let told = format!(
            "setting `ASKANCE_{key}_FILE` = `missing`: expected a file that holds `{}`",
            key.to_lowercase()
        );
        assert!(found.contains(&told), "{found}");
    }
    // Nothing else is read from files.
    let found = refused(&Operator::new().with("ASKANCE_CLOCK_FILE", "missing"));
    assert!(found.contains("`clock_file` is no setting"), "{found}");
}

#[test]
fn the_key_is_made_once_and_kept_for_its_owner_only() {
    let operator = Operator::new();
    assert_eq!(operator.runs(&["check"], b"").code, Some(0));
    let key = operator.path("askance.db.key");
    let made = std::fs::read(&key).unwrap();
    assert_eq!((made.len(), std::fs::metadata(&key).unwrap().mode() & 0o777), (32, 0o600));
    assert_eq!(operator.runs(&["check"], b"").code, Some(0));
    assert_eq!(std::fs::read(&key).unwrap(), made);
    let other = Operator::new();
    assert_eq!(other.runs(&["check"], b"").code, Some(0));
    assert_ne!(std::fs::read(other.path("askance.db.key")).unwrap(), made);

    std::fs::write(&key, b"short").unwrap();
    let found = refused(&operator);
    assert!(found.contains("askance.db.key` cannot be used: it is shorter than 32 bytes"), "{found}");
}

#[test]
fn mail_and_database_are_their_owners_only() {
    let operator = Operator::new();
    assert_eq!(
        operator.runs(&["receive", "--recipient", "x@localhost"], b"Subject: x\r\n\r\ny\r\n").code,
        Some(0)
    );
    assert_eq!(operator.runs(&["user", "add", "m@askance.example", "--role", "admin"], b"").code, Some(0));
    // Open, so that the files beside the database are there.
    let db =
        askance::store::Db::open(&format!("sqlite://{}", operator.path("askance.db").display()), 1).unwrap();
    db.migrate().unwrap();
    let mut seen = Vec::new();
    let mut folders = vec![operator.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let mode = std::fs::metadata(&entry).unwrap().mode() & 0o777;
            assert_eq!(mode, if entry.is_dir() { 0o700 } else { 0o600 }, "{}", entry.display());
            seen.push(entry.file_name().unwrap().to_string_lossy().into_owned());
            if entry.is_dir() {
                folders.push(entry);
            }
        }
    }
    for name in ["askance.db", "askance.db-wal", "askance.db-shm", "askance.db.key", "blobs", "spool"] {
        assert!(seen.iter().any(|found| found == name), "{name} is not in {seen:?}");
    }
}

#[test]
fn first_starts_at_the_same_time_all_find_a_schema_and_one_key() {
    for _ in 0..3 {
        let operator = Operator::new();
        std::thread::scope(|scope| {
            for n in 0..6 {
                let operator = &operator;
                scope.spawn(move || {
                    let email = format!("m{n}@askance.example");
                    let run = operator.runs(&["user", "add", &email, "--role", "admin"], b"");
                    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
                });
            }
        });
    }
}

#[test]
fn rocket_s_own_variables_work_for_every_command() {
    let operator = Operator::new().with_file("[default]\nport = 8123\n");
    assert!(operator.runs(&["check"], b"").out.contains("pages at http://127.0.0.1:8123"));
    let operator = operator.with("ROCKET_PORT", "8124");
    assert!(operator.runs(&["check"], b"").out.contains("pages at http://127.0.0.1:8124"));
    let operator = operator.with("ASKANCE_PUBLIC_URL", "https://askance.example/");
    let out = operator.runs(&["check"], b"").out;
    assert!(out.contains("pages at https://askance.example\n"), "{out}");
}

#[test]
fn check_finds_what_the_machine_lacks() {
    let operator = Operator::new();
    std::fs::write(operator.path("blobs"), "a file where the folder should be").unwrap();
    let run = operator.runs(&["check"], b"");
    assert_eq!(run.code, Some(78));
    assert!(
        run.out.contains("WRONG  blobs: setting `blob_url` = `file://blobs`: ")
            && run.out.contains("ok     database: "),
        "{}",
        run.out
    );
    let data = operator.runs(&["check", "--data"], b"");
    assert_eq!((data.code, data.out.lines().count()), (Some(0), 3), "{}", data.out);
}

#[test]
fn check_tries_the_door_and_leaves_an_open_one_alone() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("lmtp");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let living = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for address in [taken.local_addr().unwrap().to_string(), format!("unix:{}", socket.display())] {
        let run = Operator::new().with("ASKANCE_LMTP_LISTEN", &address).runs(&["check"], b"");
        let told = format!("ok     mail in: {address} is in use, by Askance itself?\n");
        assert!(run.code == Some(0) && run.out.contains(&told), "{}", run.out);
    }
    std::os::unix::net::UnixStream::connect(&socket).unwrap();
    drop(living);
    let free = format!("unix:{}", folder.path().join("free").display());
    let run = Operator::new().with("ASKANCE_LMTP_LISTEN", &free).runs(&["check"], b"");
    assert!(run.code == Some(0) && run.out.contains(&format!("mail in: {free} is free\n")), "{}", run.out);
    assert!(!folder.path().join("free").exists(), "nothing is left behind");
    let away = format!("{}/none/lmtp", folder.path().display());
    for (address, told) in [
        ("nowhere", "`lmtp_listen` = `nowhere`: expected an address and port such as `127.0.0.1:2424`, or"),
        ("127.0.0.1:port", "`lmtp_listen` = `127.0.0.1:port`: expected an address and port such as"),
        (away.as_str(), "/none/lmtp`"),
    ] {
        let run = Operator::new().with("ASKANCE_LMTP_LISTEN", address).runs(&["check"], b"");
        assert!(run.code == Some(78) && run.out.contains(": setting `lmtp_listen`"), "{}", run.out);
        assert!(run.out.contains(told), "{}", run.out);
    }
}

#[test]
fn own_templates_are_parsed_before_they_are_served() {
    let operator = Operator::new();
    let own = operator.path("own/public");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("about.html"), "{% block main %}").unwrap();
    let operator = operator.with("ASKANCE_TEMPLATES_DIR", "own");
    let found = refused(&operator);
    assert!(
        found.contains("setting `templates_dir` = `own`: expected templates that can be used, found: "),
        "{found}"
    );
    assert!(found.contains("public/about.html"), "{found}");
    let run = operator.runs(&["check"], b"");
    assert!(
        run.code == Some(78) && run.out.contains("WRONG  own templates: setting `templates_dir` = `own`"),
        "{}",
        run.out
    );
    std::fs::write(own.join("about.html"), "fine").unwrap();
    let run = operator.with("ASKANCE_FILES_URL", "https://files.example/").runs(&["check"], b"");
    assert!(
        run.code == Some(0) && run.out.contains("attachments: their links lead to https://files.example\n"),
        "{}",
        run.out
    );
    assert!(run.out.contains("parsed, with own\n"), "{}", run.out);
}

/// Each command with its help, and those below it.
fn helps(operator: &Operator, words: &[&str]) -> Vec<(String, String)> {
    let run = operator.runs(&[words, &["--help"]].concat(), b"");
    assert_eq!(run.code, Some(0), "{words:?}: {}", run.err);
    let below: Vec<String> = run
        .out
        .split_once("\nCommands:\n")
        .map(|(_, list)| list.lines().take_while(|line| line.starts_with("  ")))
        .into_iter()
        .flatten()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().map(str::to_owned))
        .filter(|name| !name.is_empty() && name != "help")
        .collect();
    let mut found = vec![(words.join(" "), run.out)];
    for name in &below {
        found.extend(helps(operator, &[words, &[name.as_str()]].concat()));
    }
    found
}

#[test]
fn the_help_of_every_command_has_an_example() {
    let all = helps(&Operator::new(), &[]);
    for name in ["serve", "read", "user add", "user password", "import authorities", "audit verify", "check"]
    {
        assert!(all.iter().any(|(found, _)| found == name), "`{name}` was not found");
    }
    for (name, help) in all.iter().filter(|(name, _)| !name.is_empty()) {
        let example = help.split("Example").nth(1).unwrap_or_default();
        assert!(example.contains(&format!("askance {name}")), "askance {name}: {help}");
    }
}

#[test]
fn the_program_says_how_it_is_called() {
    let operator = Operator::new();
    for words in
        [&["fly"][..], &["due"], &["due", "--regime", "at-ifg"], &["read"], &["receive", "--to", "x"], &[]]
    {
        let run = operator.runs(words, b"");
        assert_eq!(run.code, Some(64), "{words:?}: {}", run.err);
        assert!(run.err.contains("Usage: "), "{words:?}: {}", run.err);
    }
    let run = operator.runs(&["due", "--regime", "at-igf", "--received", "2026-03-06"], b"");
    assert_eq!(run.code, Some(65));
    assert!(run.err.contains("did you mean"), "{}", run.err);
    let run = operator.runs(&["read", "missing.eml"], b"");
    assert_eq!(run.code, Some(74));
    assert!(run.err.contains("`missing.eml` could not be read"), "{}", run.err);
    assert_eq!(operator.runs(&["--help"], b"").code, Some(0));
    assert_eq!(std::fs::read_dir(operator.folder()).unwrap().count(), 0, "none of these stores anything");
}
