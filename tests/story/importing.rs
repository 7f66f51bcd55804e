//! Mail that was kept elsewhere is brought in once, and counts from the day on which it arrived there.

use crate::support::operator::Operator;
use askance::store::{Db, messages};
use std::collections::BTreeSet;
use std::fs;

fn mail(number: usize, received: &str) -> String {
    let trace = match received {
        "" => String::new(),
        day => format!("Received: from amt.example by mx.example; {day} 10:00:00 +0200\n"),
    };
    format!(
        "{trace}From: Amt <amt@stadt.example>\nTo: r-2026-{number:04}-aaaa@localhost\nSubject: Mail {number}\n\
         Message-ID: <{number}@stadt.example>\nDate: Fri, 4 Sep 2026 09:00:00 +0200\n\nNummer {number}\n"
    )
}

/// A mailbox of three mails, one twice; a Maildir; a folder with a mail and what is none.
fn collection(operator: &Operator) {
    let quoted = mail(2, "Tue, 8 Sep 2026") + "\n>From hier an gilt\n>>From dort\n";
    let mut mbox = String::new();
    for mail in [mail(1, "Mon, 7 Sep 2026"), quoted, mail(3, ""), mail(1, "Mon, 7 Sep 2026")] {
        mbox.extend(["From amt@stadt.example Mon Sep  7 08:00:00 2026\n", &mail, "\n"]);
    }
    fs::write(operator.path("archive.mbox"), mbox).unwrap();
    for folder in ["Maildir/new", "Maildir/cur", "Maildir/tmp", "folder"] {
        fs::create_dir_all(operator.path(folder)).unwrap();
    }
    fs::write(operator.path("Maildir/new/1.host"), mail(4, "Wed, 9 Sep 2026")).unwrap();
    fs::write(operator.path("Maildir/cur/2.host:2,S"), mail(5, "Thu, 10 Sep 2026")).unwrap();
    fs::write(operator.path("Maildir/tmp/3.host"), mail(99, "")).unwrap();
    fs::write(operator.path("folder/six.eml"), mail(6, "Fri, 11 Sep 2026").replace('\n', "\r\n")).unwrap();
    fs::write(operator.path("folder/nothing.eml"), "").unwrap();
}

const PATHS: [&str; 5] = ["import", "mail", "archive.mbox", "Maildir", "folder"];

#[test]
fn r48_imported_mail_counts_from_its_arrival_where_it_was_kept_and_comes_once() {
    let operator = Operator::new();
    collection(&operator);
    let dry = operator.runs(&[&PATHS[..], &["--dry-run", "--json"]].concat(), b"");
    assert_eq!(dry.code, Some(65), "{}", dry.err);
    let said: serde_json::Value = serde_json::from_str(&dry.out).unwrap();
    let expected = serde_json::json!({"taken": 6, "already_there": 1, "unreadable": 1, "dry_run": true});
    assert_eq!(said, expected);
    assert!(dry.err.contains("nothing.eml` was not taken: expected a mail"), "{}", dry.err);
    assert!(fs::read_dir(operator.path("blobs/spool")).unwrap().next().is_none());

    let run = operator.runs(&PATHS, b"");
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(65), "6 taken, 1 already there, 1 not taken\n"),
        "{}",
        run.err
    );
    let again = operator.runs(&PATHS[..4], b"");
    assert_eq!(
        (again.code, again.out.as_str()),
        (Some(0), "0 taken, 6 already there, 0 not taken\n"),
        "{}",
        again.err
    );

    let db = Db::open(&format!("sqlite://{}", operator.path("askance.db").display()), 1).unwrap();
    let rows: Vec<_> =
        (1..20).filter_map(|id| messages::find(&mut db.conn().unwrap(), id).unwrap()).collect();
    let arrived: BTreeSet<(String, String)> =
        rows.iter().map(|row| (row.recipient.clone(), row.received_at.to_string())).collect();
    let arrived: Vec<(&str, &str)> = arrived.iter().map(|(to, at)| (to.as_str(), at.as_str())).collect();
    assert_eq!(
        arrived,
        [
            ("r-2026-0001-aaaa@localhost", "2026-09-07 08:00:00"),
            ("r-2026-0002-aaaa@localhost", "2026-09-08 08:00:00"),
            // No mail server wrote when it came; the sender says so.
            ("r-2026-0003-aaaa@localhost", "2026-09-04 07:00:00"),
            ("r-2026-0004-aaaa@localhost", "2026-09-09 08:00:00"),
            ("r-2026-0005-aaaa@localhost", "2026-09-10 08:00:00"),
            ("r-2026-0006-aaaa@localhost", "2026-09-11 08:00:00"),
        ]
    );
    let blobs = askance::store::blobs::Blobs::open(&operator.path("blobs")).unwrap();
    let second = rows.iter().find(|row| row.recipient.contains("-0002-")).unwrap();
    let raw = String::from_utf8(blobs.get(&second.blob_sha256).unwrap()).unwrap();
    assert!(raw.contains("\nFrom hier an gilt\n>From dort\n"), "{raw}");
}

#[test]
fn an_import_that_cannot_go_on_says_so_and_goes_on_later() {
    let operator = Operator::new();
    collection(&operator);
    let missing = operator.runs(&["import", "mail", "nowhere.mbox", "archive.mbox"], b"");
    assert_eq!((missing.code, missing.out.as_str()), (Some(74), "3 taken, 1 already there, 1 not taken\n"));
    assert!(missing.err.contains("`nowhere.mbox` was not taken"), "{}", missing.err);
    assert_eq!(operator.runs(&["import", "mail"], b"").code, Some(64));
}
