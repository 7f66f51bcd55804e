//! Which settings file is read, which keys it may have, and what is said of places that cannot be used.

use crate::config::refused;
use crate::servers::smtp_sink::{Act, Script, SmtpSink, Stage};
use crate::support::operator::Operator;

#[test]
fn a_broken_settings_file_is_told_in_one_line_with_its_place() {
    let operator = Operator::new().with_file("[default.askance]\nundo_minutes = 10\nclock == \"system\"\n");
    let found = refused(&operator);
    let file = operator.path("Rocket.toml").canonicalize().unwrap();
    let told =
        format!("askance: settings file `{}`, line 3, column 8: expected TOML, found: ", file.display());
    assert!(found.starts_with(&told), "expected `{told}`, found `{found}`");
    let check = operator.runs(&["check"], b"");
    assert_eq!(check.code, Some(78));
    assert!(check.out.contains("WRONG  settings: settings file `"), "{}", check.out);
}

#[test]
fn the_settings_file_is_named_and_must_be_there_if_it_was_asked_for() {
    for words in [&["serve"][..], &["check"], &["demo"], &["user", "add", "a@b.example", "--role", "admin"]] {
        let run = Operator::new().with("ROCKET_CONFIG", "none.toml").runs(words, b"");
        let told = "setting `ROCKET_CONFIG` = `none.toml`: expected a settings file, found none there";
        assert_eq!(run.code, Some(78), "{words:?}: {}{}", run.out, run.err);
        assert!(format!("{}{}", run.out, run.err).contains(told), "{words:?}: {}{}", run.out, run.err);
    }
    let run = Operator::new().runs(&["check"], b"");
    assert_eq!(run.code, Some(0), "{}", run.out);
    assert!(run.out.contains("ok     settings: no `Rocket.toml` in this folder or above it"), "{}", run.out);
    let operator = Operator::new();
    std::fs::write(operator.path("other.toml"), "[default]\nport = 8125\n").unwrap();
    let operator = operator.with("ROCKET_CONFIG", "other.toml");
    let out = operator.runs(&["check"], b"").out;
    assert!(out.contains("/other.toml`, then variables\n") && out.contains("http://127.0.0.1:8125"), "{out}");
}

#[test]
fn r55_check_tells_that_a_mail_server_takes_no_mail_without_a_sender() {
    for (script, takes, told) in [
        (Script::friendly(), true, "answers and lets us in"),
        (
            Script::friendly().at(Stage::Mail, Act::say("550 5.7.1 sender rejected")),
            false,
            "the server turned down `MAIL FROM:<>`, with which notices to our own people leave: 550 5.7.1 sender rejected",
        ),
    ] {
        let sink = SmtpSink::start(script);
        let operator = Operator::new().with("ASKANCE_SMTP_URL", &sink.url()).with("ASKANCE_DNS", "off");
        let check = operator.with("ASKANCE_REPLY_DOMAIN", "post.askance.example").runs(&["check"], b"");
        let line: String = check.out.lines().filter(|line| line.contains(" mail server: ")).collect();
        println!("R55: {line}");
        assert_eq!(line.starts_with("ok "), takes, "{}", check.out);
        assert!(takes || check.code == Some(78), "{:?}", check.code);
        assert!(check.out.contains(told) && sink.letters().is_empty(), "{}", check.out);
    }
}

#[test]
fn a_place_that_cannot_be_used_is_named_with_its_key() {
    let operator = Operator::new();
    std::fs::write(operator.path("file"), "no database and no folder").unwrap();
    for (name, value, told) in [
        (
            "BLOB_URL",
            "file://file",
            "setting `blob_url` = `file://file`: expected a folder that can be made and",
        ),
        (
            "BLOB_URL",
            "file:///proc/askance",
            "setting `blob_url` = `file:///proc/askance`: expected a folder",
        ),
        ("BLOB_URL", "file://", "setting `blob_url` = `file://`: expected `file://folder`"),
        ("DATABASE_URL", "sqlite://none/a.db", "a folder that is there, found no folder `none`"),
        ("DATABASE_URL", "sqlite://file/a.db", "a folder that is there, found no folder `file`"),
        ("DATABASE_URL", "sqlite:///proc/a.db", "expected a file in a folder that can be written, found: "),
        (
            "DATABASE_URL",
            "sqlite://file",
            "can be read and written, found: a file that is no SQLite database",
        ),
        ("DATABASE_URL", "sqlite://.", "setting `database_url` = `sqlite://.`: expected a database"),
        ("DATABASE_URL", "sqlite://", "setting `database_url` = `sqlite://`: expected `sqlite://path` or"),
    ] {
        let operator = Operator::new();
        std::fs::write(operator.path("file"), "no database and no folder").unwrap();
        // One that others could read would be refused for that.
        let only_mine = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(operator.path("file"), only_mine).unwrap();
        let operator = operator.with(&format!("ASKANCE_{name}"), value);
        let found = refused(&operator);
        let key = format!("setting `{}` = `{value}`: expected ", name.to_lowercase());
        assert!(found.contains(&key) && found.contains(told), "expected `{told}`, found `{found}`");
        let check = operator.runs(&["check"], b"");
        assert_eq!(check.code, Some(78), "{}", check.out);
        assert!(check.out.contains(&key) && check.out.contains(told), "{}", check.out);
    }
    assert_eq!(std::fs::read_to_string(operator.path("file")).unwrap(), "no database and no folder");
    // A key that is given does not hide that the folder cannot be written.
    let found = refused(
        &Operator::new()
            .with("ASKANCE_SECRET_KEY", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ6d83vEjRWeI=")
            .with("ASKANCE_DATABASE_URL", "sqlite:///proc/a.db"),
    );
    assert!(
        found.contains("setting `database_url` = `sqlite:///proc/a.db`: expected a database that"),
        "{found}"
    );
}

#[test]
fn a_database_that_does_not_answer_is_named_with_its_key_and_without_its_password() {
    let run = Operator::new()
        .with("ASKANCE_DATABASE_URL", "postgres://us:geheim@127.0.0.1:1/x")
        .with("ASKANCE_SECRET_KEY", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ6d83vEjRWeI=")
        .runs(&["serve"], b"");
    assert_eq!(run.code, Some(74), "{}", run.err);
    let last = run.err.lines().last().unwrap();
    assert!(
        last.contains("setting `database_url`: expected a database that answers, found: "),
        "{}",
        run.err
    );
    assert!(!run.err.contains("geheim"), "{}", run.err);
}

#[test]
fn the_keys_that_are_listed_are_those_of_the_settings_file_and_all_are_taken() {
    let found = refused(&Operator::new().with("ASKANCE_SOMETHING_ELSE", "x"));
    let listed: Vec<&str> = found.split_once("is no setting; there are ").unwrap().1.split(", ").collect();
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Rocket.toml")).unwrap();
    let section = file.split_once("\n[default.askance]\n").unwrap().1;
    let described: Vec<&str> =
        section.lines().map(|line| line.trim_start_matches("# ").split_once(" = ").unwrap().0).collect();
    let sorted = |mut keys: Vec<&str>| -> Vec<String> {
        keys.sort_unstable();
        keys.into_iter().map(str::to_owned).collect()
    };
    assert_eq!(sorted(listed.clone()), sorted(described));
    for key in listed {
        let found = refused(&Operator::new().with_file(&format!("[default.askance]\n{key} = []\n")));
        assert!(found.contains(&format!("setting `{key}`: expected ")), "{found}");
        assert!(found.contains("found "), "{found}");
    }
}

#[test]
fn r58_a_command_of_another_user_than_the_owner_of_the_data_changes_nothing_and_names_the_line_to_use() {
    // Only root can do what this keeps it from.
    if !std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0) {
        return;
    }
    for theirs in ["blobs", "askance.db"] {
        let operator = Operator::new();
        assert_eq!(operator.runs(&["user", "list"], b"").code, Some(0), "where nothing is, nothing is asked");
        std::os::unix::fs::chown(operator.path(theirs), Some(65_534), Some(65_534)).unwrap();
        let folder = operator.folder().canonicalize().unwrap();
        let backup = operator.path("backup").display().to_string();
        for words in [
            &["user", "list"][..],
            &["erase", "--message", "1", "--reason", "x", "--yes"],
            &["backup", &backup],
            &["check"],
        ] {
            let run = operator.runs(words, b"");
            let said = format!("{}{}", run.out, run.err);
            assert_eq!(run.code, Some(78), "{words:?}: {said}");
            let line = format!("`runuser -u nobody -- env -C {} askance …`", folder.display());
            assert!(said.contains(&line) && said.contains("it is `nobody`'s"), "{words:?}: {said}");
        }
        assert!(!operator.path("backup").exists());
        // Mail is never turned away for it.
        let mail = b"From: a@b.example\r\nSubject: x\r\n\r\nx\r\n";
        assert_eq!(operator.runs(&["receive"], mail).code, Some(0));
    }
}

#[test]
fn an_address_that_is_in_use_is_named_with_its_key_and_may_be_free_at_the_next_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, port) = (taken.local_addr().unwrap(), taken.local_addr().unwrap().port());
    for (name, value, key) in [
        ("ROCKET_PORT", port.to_string(), "setting `port`: `"),
        ("ASKANCE_LMTP_LISTEN", address.to_string(), "setting `lmtp_listen`: expected to listen on `"),
        ("ASKANCE_SMTP_LISTEN", address.to_string(), "setting `smtp_listen`: expected to listen on `"),
    ] {
        let run = Operator::new().with("ROCKET_PORT", "0").with(name, &value).runs(&["serve"], b"");
        // systemd starts nothing again that ended with 78.
        assert_eq!(run.code, Some(74), "{}", run.err);
        let told = format!("{key}{address}`");
        assert!(run.err.contains(&told), "expected `{told}`, found {}", run.err);
    }
}

#[test]
fn what_check_says_is_in_words_and_a_wrong_folder_of_backups_is_told_as_one() {
    let operator = Operator::new();
    let out = operator.runs(&["check"], b"").out;
    assert!(out.contains("note   mail out: `smtp_url` is not set: letters wait\n"), "{out}");
    assert!(out.contains("ok     attachments: their links lead to the same address as the pages\n"), "{out}");
    let out = Operator::new()
        .with("ASKANCE_SMTP_URL", "smtps://us:geheim@127.0.0.1:1")
        .with("ASKANCE_REPLY_DOMAIN", "post.askance.example")
        .runs(&["check"], b"")
        .out;
    assert!(out.contains("ok     mail out: letters go to smtps://127.0.0.1:1, signed in as `us`\n"), "{out}");
    assert!(!out.contains("geheim"), "{out}");
    for folder in [".", "nowhere"] {
        let run = operator.runs(&["restore", folder], b"");
        let told =
            format!("expected a finished backup (`copies/<time>/manifest.json`) in `{folder}`, found none");
        assert!(run.code == Some(65) && run.err.contains(&told), "{}", run.err);
    }
    let operator = Operator::new().with_file("[default.askance]\nlog_format = json\n");
    let found = refused(&operator);
    assert!(
        found.contains("line 2, column 14: expected a text in quotation marks, `log_format = \"…\"`"),
        "{found}"
    );
}

#[test]
fn r58_a_socket_for_mail_in_a_folder_that_all_may_enter_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode;
    std::fs::set_permissions(folder.path(), mode(0o750)).unwrap();
    let address = format!("unix:{}", folder.path().join("lmtp").display());
    let operator = Operator::new().with("ASKANCE_LMTP_LISTEN", &address);
    let told = format!("every user of this machine can enter `{}`", folder.path().display());
    let run = operator.runs(&["check"], b"");
    assert!(run.code == Some(0) && !run.out.contains(&told), "{}", run.out);
    std::fs::set_permissions(folder.path(), mode(0o755)).unwrap();
    let run = operator.runs(&["check"], b"");
    assert!(run.code == Some(0) && run.out.contains(&format!("note   mail in: {told}")), "{}", run.out);
}
