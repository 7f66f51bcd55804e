//! What `serve` refuses to start with, because it would work and not be safe (R58).

use crate::config::refused;
use crate::support::operator::Operator;
use std::os::unix::fs::PermissionsExt;

const GOOD_KEY: &str = "uMZoBVgWtr5B0Qm1C2VhlxwnG4ZZr0yF0c1KkCmlqPA=";

fn mode(operator: &Operator, name: &str, mode: u32) {
    std::fs::set_permissions(operator.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A key file with these permissions.
pub fn key_file(operator: &Operator, name: &str, (pem, bits): (&str, u32)) {
    std::fs::write(operator.path(name), pem).unwrap();
    mode(operator, name, bits);
}

/// Refused by `serve`; no secret is repeated.
fn is_refused(operator: &Operator, told: &str) {
    let found = refused(operator);
    assert!(found.contains(told), "expected `{told}`, found `{found}`");
    assert!(!found.contains("geheim") && !found.contains("AAAAAAAA"), "{found}");
}

/// Nothing is wrong with it.
fn is_fine(operator: &Operator) {
    let check = operator.runs(&["check"], b"");
    assert_eq!(check.code, Some(0), "{}", check.out);
    assert!(check.out.contains("ok     safety: nothing that `serve` refuses"), "{}", check.out);
}

#[test]
fn r58_check_names_all_that_serve_would_refuse() {
    let operator = Operator::new()
        .with_file("[default.askance]\nmetrics_token = \"geheim-0a1b2c3d4e5f6071\"\n")
        .with("ASKANCE_PUBLIC_URL", "http://askance.example")
        .with("ASKANCE_LMTP_LISTEN", "203.0.113.9:2424")
        .with("ASKANCE_SECRET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        .with("ASKANCE_ALERT_SMTP_URL", "smtp://us:geheim@mail.example");
    mode(&operator, "Rocket.toml", 0o644);
    let check = operator.runs(&["check"], b"");
    assert_eq!(check.code, Some(78), "{}", check.out);
    for told in [
        "safety: setting `secret_key`: expected random bytes",
        "Rocket.toml`: everybody may read it, and `metrics_token` in it is a secret",
        "safety: setting `public_url` = `http://askance.example`: passwords",
        "safety: setting `lmtp_listen` = `203.0.113.9:2424`: everybody who reaches it",
        "safety: setting `alert_smtp_url`: would send a password in the clear",
    ] {
        let named = check.out.lines().any(|line| line.starts_with("WRONG  ") && line.contains(told));
        assert!(named, "`{told}`: {}", check.out);
    }
    assert!(!check.out.contains("geheim") && !check.out.contains("AAAAAAAA"), "{}", check.out);
}

#[test]
fn r58_password_of_the_database_in_settings_that_all_may_read_is_refused_however_it_is_written() {
    for url in [
        "postgres://askance:geheim@db.example/askance",
        "postgres://askance@db.example/askance?password=geheim",
    ] {
        let operator = Operator::new()
            .with_file(&format!("[default.askance]\ndatabase_url = \"{url}\"\n"))
            .with("ASKANCE_SECRET_KEY", "q83vEjRWeJASNFZ4kBI0VniQq83vASNFZ4kBI0VniQo=");
        mode(&operator, "Rocket.toml", 0o644);
        let check = operator.runs(&["check"], b"");
        assert!(
            check.out.contains("everybody may read it, and `database_url` in it is a secret"),
            "{}",
            check.out
        );
        assert!(!check.out.contains("geheim"), "{}", check.out);
    }
}

#[test]
fn r58_keys_that_can_be_guessed_are_refused() {
    for (key, told) in [
        ("", "setting `secret_key`: expected at least 32 random bytes"),
        ("Z2VoZWlt", "setting `secret_key`: expected at least 32 random bytes"),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "setting `secret_key`: expected random bytes"),
        ("Y2hhbmdlbWVjaGFuZ2VtZWNoYW5nZW1lY2hhbmdlbWU=", "setting `secret_key`: expected random bytes"),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "setting `secret_key`: expected random bytes"),
    ] {
        is_refused(&Operator::new().with("ASKANCE_SECRET_KEY", key), told);
    }
    is_fine(&Operator::new().with("ASKANCE_SECRET_KEY", GOOD_KEY));
    let short = Operator::new().with("ASKANCE_METRICS_TOKEN", "geheim");
    is_refused(&short, "setting `metrics_token`: expected at least 20 characters");
}

#[test]
fn r58_settings_that_others_read_or_write_are_refused() {
    for text in [
        "secret_key = \"uMZoBVgWtr5B0Qm1C2VhlxwnG4ZZr0yF0c1KkCmlqPA=\"",
        "smtp_url = \"smtps://us:geheim@127.0.0.1:1\"\nreply_domain = \"post.askance.example\"",
        "metrics_token = \"geheim-0a1b2c3d4e5f6071\"",
    ] {
        let operator = Operator::new().with_file(&format!("[default.askance]\n{text}\n"));
        mode(&operator, "Rocket.toml", 0o644);
        is_refused(&operator, "Rocket.toml`: everybody may read it, and `");
    }
    let operator = Operator::new().with_file("[default.askance]\nundo_minutes = 1\n");
    // There is no secret in it; where there is one, its group may read it: the pipe of a mail server.
    mode(&operator, "Rocket.toml", 0o644);
    is_fine(&operator);
    let operator = operator.with_file(
        "[default.askance]
metrics_token = \"geheim-0a1b2c3d4e5f6071\"
",
    );
    mode(&operator, "Rocket.toml", 0o640);
    is_fine(&operator);
    mode(&operator, "Rocket.toml", 0o666);
    is_refused(&operator, "Rocket.toml`: everybody may write it; `chmod o-w` it");
}

#[test]
fn r58_mail_and_keys_that_others_can_read_are_refused() {
    let operator = Operator::new();
    is_fine(&operator);
    for (name, wrong, right, told) in [
        (
            "askance.db.key",
            0o640,
            0o600,
            "setting `secret_key` = `askance.db.key`: expected a key file that others",
        ),
        (
            "askance.db",
            0o644,
            0o640,
            "setting `database_url` = `askance.db`: expected a database that others",
        ),
        ("blobs", 0o755, 0o750, "setting `blob_url` = `blobs`: expected a folder of mail that others"),
    ] {
        mode(&operator, name, wrong);
        is_refused(&operator, told);
        let problem = refused(&operator);
        let says_how = problem.contains(&format!("found mode {wrong:o}")) && problem.contains("`chmod ");
        assert!(says_how, "{problem}");
        mode(&operator, name, right);
    }
    is_fine(&operator);
    let operator = Operator::new();
    std::fs::create_dir(operator.path("own")).unwrap();
    mode(&operator, "own", 0o777);
    is_refused(
        &operator.with("ASKANCE_TEMPLATES_DIR", "own"),
        "setting `templates_dir` = `own`: everybody may write",
    );
}

#[test]
fn r58_pages_in_the_clear_a_standing_clock_and_a_talkative_log_are_refused() {
    for url in ["http://askance.example", "http://192.168.1.7:8000", "http://localhost.example"] {
        is_refused(
            &Operator::new().with("ASKANCE_PUBLIC_URL", url),
            &format!("setting `public_url` = `{url}`: passwords"),
        );
    }
    for url in [
        "http://localhost:8000",
        "http://[::1]:8000",
        "http://abcdefghijklmnop.onion",
        "https://askance.example",
    ] {
        is_fine(&Operator::new().with("ASKANCE_PUBLIC_URL", url));
    }
    let files = Operator::new().with("ASKANCE_FILES_URL", "http://files.askance.example");
    is_refused(&files, "setting `files_url` = `http://files.askance.example`: passwords and sessions");
    let public = || Operator::new().with("ASKANCE_PUBLIC_URL", "https://askance.example");
    is_refused(
        &public().with("ASKANCE_CLOCK", "fixed:2026-11-21T12:00:00Z"),
        "setting `clock`: a public service whose",
    );
    is_refused(&public().with("ROCKET_LOG_LEVEL", "debug"), "setting `log_level` = `debug`: its lines hold");
    for level in ["debug", "info,rocket=trace", "hyper=debug"] {
        let operator = public().with("RUST_LOG", level);
        let run = operator.runs(&["serve"], b"");
        assert_eq!(run.code, Some(78), "{level}: {}", run.err);
        assert!(
            run.err.contains(&format!("setting `RUST_LOG` = `{level}`: the lines of libraries")),
            "{}",
            run.err
        );
    }
    is_fine(&public().with("RUST_LOG", "info,askance=debug"));
}

#[test]
fn r58_doors_without_sign_in_and_passwords_in_the_clear_are_refused() {
    for address in ["0.0.0.0:2424", "[::]:2424", "203.0.113.9:2424"] {
        let operator = Operator::new().with("ASKANCE_LMTP_LISTEN", address);
        is_refused(&operator, &format!("setting `lmtp_listen` = `{address}`: everybody who reaches it"));
    }
    let open = Operator::new().with("ASKANCE_SMTP_LISTEN", "0.0.0.0:2525");
    is_refused(&open, "setting `reply_domain` = `localhost`: mail comes in from outside");
    let mailbox = Operator::new().with("ASKANCE_REPLY_DOMAIN", "post.askance.example");
    let mailbox = mailbox.with("ASKANCE_IMAP_URL", "imap://us:geheim@mail.example/INBOX");
    is_refused(&mailbox, "setting `imap_url`: would send a password in the clear; use `imaps://`");
    let alarm = Operator::new().with("ASKANCE_ALERT_SMTP_URL", "smtp://us:geheim@mail.example");
    is_refused(&alarm, "setting `alert_smtp_url`: would send a password in the clear; use `smtps://`");
    let letters = Operator::new().with("ASKANCE_REPLY_DOMAIN", "post.askance.example");
    let letters = letters.with("ASKANCE_SMTP_URL", "smtp://us:geheim@mail.example");
    is_refused(&letters, "setting `smtp_url`: would send a password in the clear");
}

#[test]
fn r58_no_secret_stands_where_others_on_the_machine_can_read_it() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let operator = Operator::new()
        .with("ASKANCE_SECRET_KEY", GOOD_KEY)
        .with("ASKANCE_REPLY_DOMAIN", "post.askance.example")
        .with("ASKANCE_SMTP_URL", "smtps://us:geheim@127.0.0.1:1")
        .with("ASKANCE_METRICS_TOKEN", "geheim-0a1b2c3d4e5f6071")
        .with("RUST_LOG", "debug");
    let mut command = operator.command(&["serve"]);
    command.env("ROCKET_PORT", port.to_string()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(std::time::Instant::now() < patience);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    // `ps` reads the words of every process; those of the readers of mail below it are the program's own.
    let words = std::fs::read_to_string(format!("/proc/{}/cmdline", child.id())).unwrap();
    let mut said = String::new();
    for path in ["/healthz", "/metrics", "/none", "/desk/sign-in"] {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        said += &agent
            .get(format!("http://127.0.0.1:{port}{path}"))
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
    }
    let number = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &number]).status().unwrap().success());
    let mut log = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut log).unwrap();
    child.wait().unwrap();
    assert!(log.contains("serving") && words.contains("serve"));
    for secret in ["geheim", GOOD_KEY, "uMZoBVgW"] {
        for (place, text) in [("ps", &words), ("pages", &said), ("log", &log)] {
            assert!(!text.contains(secret), "{place}: {text}");
        }
    }
}

/// 1,024 bits.
const SHORT_KEY: &str = include_str!("short-key.pem");

#[test]
fn r58_keys_of_signatures_that_others_read_or_that_sign_nothing_are_refused() {
    let good = include_str!("../corpus/signed/key-of-the-tests.pem");
    let signing = |pem: &str, bits: u32| {
        let operator =
            Operator::new().with("ASKANCE_DKIM_SELECTOR", "askance").with("ASKANCE_DKIM_KEY", "dkim.pem");
        key_file(&operator, "dkim.pem", (pem, bits));
        operator
    };
    is_fine(&signing(good, 0o640));
    is_refused(
        &signing(good, 0o644),
        "setting `dkim_key` = `dkim.pem`: expected a private key that others cannot",
    );
    let none =
        "setting `dkim_key` = `dkim.pem`: expected a private key in PEM without a password, found none";
    for pem in ["", "geheim", "-----BEGIN PUBLIC KEY-----\nAAAAAAAA\n-----END PUBLIC KEY-----\n"] {
        is_refused(&signing(pem, 0o600), none);
    }
    let cut: Vec<&str> = good.lines().filter(|line| !line.starts_with("MII")).collect();
    let cut = cut.join("\n");
    for pem in [SHORT_KEY, &cut] {
        is_refused(&signing(pem, 0o600), "expected an RSA key of 2048 to 4096 bits or an Ed25519 key");
    }
    let away =
        Operator::new().with("ASKANCE_DKIM_SELECTOR", "askance").with("ASKANCE_DKIM_KEY", "nowhere.pem");
    is_refused(
        &away,
        "setting `dkim_key` = `nowhere.pem`: expected a private key, found a file that cannot be read",
    );
    // Who only takes mail in need not be able to read it.
    assert_eq!(away.runs(&["receive", "--recipient=r-x@localhost"], b"Subject: x\n\nx\n").code, Some(0));
    let half = Operator::new().with("ASKANCE_DKIM_SELECTOR", "askance");
    is_refused(&half, "setting `dkim_selector` = `askance`: needs `dkim_key` too");
    let other_half = Operator::new().with("ASKANCE_DKIM_KEY", "dkim.pem");
    is_refused(&other_half, "setting `dkim_key` = `dkim.pem`: needs `dkim_selector` too");
    let no_name = signing(good, 0o600).with("ASKANCE_DKIM_SELECTOR", "no name");
    is_refused(&no_name, "setting `dkim_selector` = `no name`: expected a name such as `askance`");
}
