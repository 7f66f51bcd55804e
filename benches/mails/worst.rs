//! The worst single mails, which reliability R22 and R24 name, with what each may cost.

use crate::mails::attach;
use std::fmt::Write as _;

const HEAD: &str =
    "From: a@b.example\r\nSubject: worst\r\nDate: Tue, 14 Apr 2026 09:12:00 +0000\r\nMIME-Version: 1.0\r\n";

/// A mail that is meant to hurt.
pub struct Worst {
    /// What hurts.
    pub name: &'static str,
    /// The mail.
    pub raw: Vec<u8>,
    /// Seconds that it may take.
    pub seconds: f64,
    /// Megabytes that the child may hold.
    pub megabytes: u64,
}

fn of(name: &'static str, raw: String) -> Worst {
    Worst { name, raw: raw.into_bytes(), seconds: 2.0, megabytes: 256 }
}

fn text(name: &'static str, fields: &str, body: &str) -> Worst {
    of(name, format!("{fields}{HEAD}\r\n{body}\r\n"))
}

fn html(name: &'static str, body: &str) -> Worst {
    of(name, format!("{HEAD}Content-Type: text/html\r\n\r\n{body}"))
}

fn mixed() -> String {
    format!("{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n")
}

/// All of them.
pub fn worst() -> Vec<Worst> {
    [fields(), structure(), bodies(), large()].into_iter().flatten().collect()
}

fn fields() -> Vec<Worst> {
    let comments = "(".repeat(100_000) + &")".repeat(100_000);
    let pieces: String = (0..10_000).fold(String::new(), |mut all, n| {
        let _ = write!(all, ";\r\n filename*{n}*=utf-8''%41%42{n}");
        all
    });
    let pieces = format!(
        "{}--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment{pieces}\r\n\r\nx\r\n--b--\r\n",
        mixed()
    );
    let commented = format!(
        "From: {comments} a@b.example\r\nDate: {comments} Tue, 14 Apr 2026 09:12:00 +0000\r\nContent-Type: text/plain {comments}\r\n\r\nbody\r\n"
    );
    vec![
        text("50,000 header fields", &"X-A: b\r\n".repeat(50_000), "body"),
        text("header of 1 MB", &format!("Subject: {}\r\n", "word ".repeat(200_000)), "body"),
        text(
            "To with 50,000 people",
            &format!("To: {}x@y.example\r\n", "A B <a@b.example>, ".repeat(50_000)),
            "body",
        ),
        text(
            "encoded words, 1 MB",
            &format!("Subject: {}\r\n", "=?utf-8?q?=C3=A4?= ".repeat(50_000)),
            "body",
        ),
        of("RFC 2231 in 10,000 pieces", pieces),
        of("100,000 nested comments", commented),
    ]
}

fn structure() -> Vec<Worst> {
    let nest = (0..20_000).fold(HEAD.to_owned(), |mut all, level| {
        let _ = write!(all, "Content-Type: multipart/mixed; boundary=\"n{level}\"\r\n\r\n--n{level}\r\n");
        all
    }) + "Content-Type: text/plain\r\n\r\nWe do not hold it.\r\n";
    let mails = format!("{HEAD}{}", "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n".repeat(20_000));
    let many = |part: &dyn Fn(u32) -> String| {
        (0..100_000).fold(mixed(), |all, n| all + "--b\r\nContent-Type: " + &part(n) + "\r\n")
    };
    let parts = many(&|n| format!("text/plain\r\n\r\npart {n}"));
    let files = many(&|n| format!("application/pdf; name=f{n}.pdf\r\n\r\n%PDF-1.4 {n}"));
    vec![
        of("multiparts nested 20,000", nest),
        of("mails nested 20,000", mails),
        Worst { seconds: 5.0, ..of("100,000 text parts", parts) },
        Worst { seconds: 5.0, ..of("100,000 files", files) },
    ]
}

fn bodies() -> Vec<Worst> {
    let table = format!("<table>{}</table>", "<tr><td>a<td>b".repeat(360_000));
    let notice = "550 5.1.1 user unknown\r\n\r\n".to_owned() + &"Heading of a part:\r\n".repeat(19_000);
    vec![
        text("bounce with 19,000 headings", "", &notice),
        text("line of 5 MB", "", &"a".repeat(5 << 20)),
        text("5 MB of short words", "", &"we do not hold it ".repeat(5 << 16)),
        text("5 MB of empty lines", "", &"\r\n".repeat(5 << 19)),
        text("5 MB of quote marks", "", &"> > > >>>\r\n".repeat(5 << 17)),
        html("HTML, 100,000 deep", &("<div>".repeat(100_000) + "x")),
        html("HTML table, 5 MB", &table),
    ]
}

fn large() -> Vec<Worst> {
    let file = |megabytes: usize| {
        let mut out = mixed() + "--b\r\nContent-Type: text/plain\r\n\r\nHerewith the file.\r\n";
        let bytes: Vec<u8> = (0..=255).cycle().take(megabytes << 20).collect();
        attach(&mut out, "b", "camera.bin", "application/octet-stream", &bytes);
        out + "--b--\r\n"
    };
    let may = |worst| Worst { seconds: 15.0, megabytes: 400, ..worst };
    vec![may(of("file of 50 MB", file(50))), may(of("mail of 120 MB", file(88)))]
}
