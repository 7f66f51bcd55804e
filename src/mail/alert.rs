//! A mail of the service to its own administrator: plain, in ASCII, marked as made by a machine.

use chrono::{DateTime, Utc};

/// Writes the mail; what is not ASCII becomes `?`, and no text can begin a header of its own.
pub fn write(to: &str, (subject, body): (&str, &str), (id, date): (&str, DateTime<Utc>)) -> Vec<u8> {
    let one_line =
        |text: &str| -> String { ascii(text).replace(['\r', '\n'], " ").chars().take(200).collect() };
    let mut mail = format!(
        "From: Askance <{to}>\r\nTo: <{to}>\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{id}>\r\n\
         Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\n",
        one_line(subject),
        date.to_rfc2822(),
    );
    for line in ascii(body).lines() {
        for piece in folded(line) {
            mail += &piece;
            mail += "\r\n";
        }
    }
    mail.into_bytes()
}

fn ascii(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || (c.is_ascii() && !c.is_ascii_control()) { c } else { '?' }).collect()
}

/// A line as lines of at most some seventy characters, broken at blanks (RFC 5322 §2.1.1).
fn folded(line: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let full = lines.last().is_some_and(|last| !last.is_empty() && last.len() + word.len() >= 72);
        if full {
            lines.push(String::new());
        }
        if let Some(last) = lines.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word.get(..900).unwrap_or(word));
        }
    }
    lines
}
