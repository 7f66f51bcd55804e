//! Whom a bounce speaks of: the addresses in its words, ranked by where they stand.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::delivery::sender;
use crate::domain::incoming::mime::{Mail, Notes, address, header};
use regex::Regex;
use std::sync::LazyLock;

static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\p{L}\p{N}._%+=&'/-]{1,64}@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+").ok());
/// Where the returned letter begins: its own header, or the line above it.
static RETURNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?im)^[|>\s]*(?:(?:received|return-path|message-id|dkim-signature|x-[a-z-]+|mime-version):\s|[-=\s|]{2,}[^\n]*(?:copy of (?:the|your) message|original message|unsent message|undelivered message|returned message|message text follows|message header)|(?:the )?(?:original|your) message (?:follows|as received)|the first \d+ lines of your)",
    )
    .ok()
});

/// The most addresses one bounce may name.
const MOST: usize = 50;

/// The server's own words, before the letter it returns.
pub(super) fn head(text: &str) -> &str {
    let start = RETURNED.as_ref().and_then(|r| r.find(text)).map_or(text.len(), |m| m.start());
    let head = text.get(..start).unwrap_or(text);
    if head.trim().is_empty() { text } else { head }
}

/// The addresses that were not reached, best guess if the server does not say it plainly.
pub(super) fn failed(mail: &Mail, incoming: &Incoming) -> Vec<String> {
    if let Some(named) = mail.headers.first("X-Failed-Recipients") {
        let named: Vec<String> = named
            .split([',', ';', ' ', '\t'])
            .map(|a| a.trim_matches(['<', '>', '"', ' ']))
            .filter(|a| a.contains('@'))
            .take(MOST)
            .map(str::to_owned)
            .collect();
        if !named.is_empty() {
            return named;
        }
    }
    let mut ranked = ranked(head(&incoming.full_text), incoming);
    if ranked.is_empty() {
        ranked = self::ranked(&incoming.subject, incoming);
    }
    let best = ranked.iter().map(|(_, score)| *score).max().unwrap_or_default();
    if best >= 2 {
        return ranked.into_iter().filter(|(_, s)| *s + 1 >= best).map(|(a, _)| a).take(MOST).collect();
    }
    let bare = bare_names(incoming);
    if !bare.is_empty() {
        return bare;
    }
    let returned = addressees_of_returned(mail);
    if !returned.is_empty() {
        return returned;
    }
    ranked.into_iter().max_by_key(|(_, s)| *s).map(|(a, _)| a).into_iter().collect()
}

fn ranked(text: &str, incoming: &Incoming) -> Vec<(String, i32)> {
    let Some(regex) = ADDRESS.as_ref() else { return Vec::new() };
    let from = sender(incoming);
    let ours = |a: &str| incoming.to.iter().any(|to| to.address.eq_ignore_ascii_case(a));
    let mut found: Vec<(String, i32)> = Vec::new();
    let mut above = "";
    for line in text.lines().take(400).filter(|l| !l.trim().is_empty()) {
        for hit in regex.find_iter(line) {
            let address = bare(hit.as_str());
            let before = line.get(..hit.start()).unwrap_or_default();
            let after = line.get(hit.end()..).unwrap_or_default();
            let mut score = standing(above, before, after);
            if address.eq_ignore_ascii_case(&from) || ours(&address) || is_help(&address) {
                score -= 8;
            }
            if let Some((_, known)) = found.iter_mut().find(|(a, _)| a.eq_ignore_ascii_case(&address)) {
                *known = (*known).max(score);
            } else if found.len() < MOST {
                found.push((address, score));
            }
        }
        above = line;
    }
    found.retain(|(_, score)| *score > -4);
    found
}

/// Without what clings to it: `SMTP=a@b.example`, `'a@b.example`.
fn bare(written: &str) -> String {
    let written = written.trim_matches(['\'', '.', '/', '-']);
    match written.split_once('=') {
        Some((label, rest))
            if rest.contains('@') && label.chars().all(|c| c.is_alphanumeric() || c == '-') =>
        {
            let known = ["smtp", "rfc822", "to", "for", "mailto"];
            let label = label.to_lowercase();
            if known.contains(&label.as_str()) { rest.to_owned() } else { written.to_owned() }
        }
        _ => written.to_owned(),
    }
}

/// Addresses at which somebody helps: never the one that failed unless nothing else is named.
fn is_help(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_lowercase();
    ["postmaster", "mailer-daemon", "abuse", "helpdesk", "support", "hostmaster", "servicedesk"]
        .contains(&local.as_str())
}

/// How much the place of an address says that it is the one that failed.
fn standing(above: &str, before: &str, after: &str) -> i32 {
    let (above, before, after) = (above.trim().to_lowercase(), before.to_lowercase(), after.to_lowercase());
    let has = |text: &str, words: &[&str]| words.iter().any(|w| text.contains(w));
    let mut score = 0;
    if before.chars().all(|c| !c.is_alphanumeric()) {
        score += 3;
    }
    let failing =
        ["recipient", "address", "deliver", "following", "user", "mailbox", "rcpt", "undeliverable"];
    if above.ends_with(':') || has(&above, &failing) {
        score += 2;
    }
    let named = ["to:", "to ", "to <", "für ", "an ", "à ", "al ", "smtp=", "for "];
    if has(&before, &failing)
        || named.iter().any(|w| before.ends_with(w) || before.trim_end().ends_with(w.trim_end()))
    {
        score += 2;
    }
    let refused = [
        "unknown", "not ", "no such", "full", "quota", "reject", "disabled", "fail", "invalid", "550", "554",
        "said:", "...", ">:",
    ];
    if has(&after, &refused) || has(&before, &["550", "554", "553", "unknown", "no such"]) {
        score += 1;
    }
    let other = [
        "from",
        "contact",
        "assistance",
        "reply to",
        "questions",
        "by ",
        "e.g.",
        "try ",
        "sender",
        "von ",
        "reporting",
    ];
    let plain = after.starts_with(">:");
    if has(&before, &other) || (!plain && has(&above, &["contact", "assistance", "message sent by"])) {
        score -= 5;
    }
    score
}

/// "… to the following recipients could not be delivered: / screenname": a name at the server's own domain.
fn bare_names(incoming: &Incoming) -> Vec<String> {
    let from = sender(incoming);
    let Some((_, domain)) = from.split_once('@') else { return Vec::new() };
    let lines: Vec<&str> =
        head(&incoming.full_text).lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let opening = |l: &str| {
        let l = l.to_lowercase();
        l.ends_with(':')
            && (l.contains("recipient") || l.contains("following") || l.contains("accepting mail"))
    };
    let Some(start) = lines.iter().position(|l| opening(l)) else { return Vec::new() };
    let is_name = |l: &str| {
        let name = l.split("  ").next().unwrap_or_default();
        (2..=40).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let names = lines.iter().skip(start + 1).take_while(|l| is_name(l)).take(MOST);
    names.map(|l| format!("{}@{domain}", l.split("  ").next().unwrap_or_default())).collect()
}

/// To whom the returned letter was written.
fn addressees_of_returned(mail: &Mail) -> Vec<String> {
    let returned = mail.leaves.iter().find(|l| l.is_mail || l.content_type == "text/rfc822-headers");
    let Some(leaf) = returned else { return Vec::new() };
    let (fields, _) = header::split(&leaf.data, &mut Notes::default());
    let Some(raw) = fields.first_raw("To") else { return Vec::new() };
    address::list(raw, &mut Notes::default())
        .into_iter()
        .map(|a| a.address)
        .filter(|a| a.contains('@'))
        .take(MOST)
        .collect()
}
