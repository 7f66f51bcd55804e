//! The keys there are, and what is right for each.

/// Each key with what it takes, in the order of `Rocket.toml`.
const KEYS: [(&str, &str); 31] = [
    ("database_url", "`sqlite://path` or `postgres://user@host/name`"),
    ("blob_url", "`file://folder` or `s3://bucket/prefix?endpoint=https://host&region=name`"),
    ("spool_dir", "a folder such as `spool`"),
    ("s3_access_key", "the name of a key"),
    ("s3_secret_key", "the key that belongs to `s3_access_key`"),
    ("public_url", "a web address such as `https://askance.example`"),
    ("files_url", "a web address such as `https://files.askance.example`"),
    ("reply_domain", "a domain such as `post.askance.example`"),
    ("smtp_url", "`smtp://host:port`, `smtps://user:password@host` or `smtp+starttls://user:password@host`"),
    (
        "lmtp_listen",
        "an address and port such as `127.0.0.1:2424`, or a socket such as `unix:/run/askance/lmtp`",
    ),
    ("smtp_listen", "an address and port such as `0.0.0.0:25`, or a socket such as `unix:/run/askance/smtp`"),
    ("unknown_recipients", "`keep` or `refuse`"),
    ("imap_url", "`imaps://user:password@host/INBOX` or `imap+starttls://user:password@host/INBOX`"),
    ("imap_moved_to", "a folder such as `Askance`, or nothing"),
    ("dns", "`system`, `off` or the address of a name server such as `127.0.0.1:53`"),
    ("authserv_id", "the name that our own mail server writes, such as `mx.askance.example`"),
    ("arc_sealers", "domains with blanks between them"),
    ("dkim_selector", "a name such as `askance`, under which the public key is published"),
    ("dkim_key", "the path of a private key in PEM, such as `/etc/askance/dkim.pem`"),
    ("letters_per_minute", "a whole number from 0"),
    ("repeat_unknown_hours", "a whole number from 0"),
    ("admin_email", "an address such as `admin@askance.example`"),
    (
        "alert_smtp_url",
        "`smtp://host:port`, `smtps://user:password@host` or `smtp+starttls://user:password@host`",
    ),
    ("keep_set_aside_days", "a whole number from 0"),
    ("metrics_token", "at least 20 characters without blanks (`openssl rand -hex 20`)"),
    ("health_listen", "an address and port such as `127.0.0.1:8001`"),
    ("log_format", "`text` or `json`"),
    ("undo_minutes", "a whole number from 0"),
    ("secret_key", "at least 32 random bytes in base64 (`openssl rand -base64 32`)"),
    ("templates_dir", "a folder such as `templates`"),
    ("clock", "`system` or `fixed:2026-11-21T12:00:00Z`"),
];

/// What the key takes, in words with an example.
pub fn expected(key: &str) -> Option<&'static str> {
    KEYS.iter().find(|(known, _)| *known == key).map(|(_, expected)| *expected)
}

/// What is said of a key that there is not: the one that was meant, if one is near, and all there are.
pub fn no_setting(found: &str) -> String {
    let nearest = KEYS.iter().map(|(known, _)| (distance(found, known), *known)).min();
    let hint = match nearest {
        Some((far, known)) if far <= 2 || far * 3 <= known.len() => {
            format!("did you mean `{known}`? There are")
        }
        _ => "there are".to_owned(),
    };
    let all: Vec<&str> = KEYS.iter().map(|(known, _)| *known).collect();
    format!("`{found}` is no setting; {hint} {}", all.join(", "))
}

/// How many letters must be put in, left out or changed to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for (y, pair) in b.chars().zip(row.windows(2)) {
            let [above_left, above] = pair else { continue };
            left = (above_left + usize::from(x != y)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
