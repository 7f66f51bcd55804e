//! What whoever signs in must not read of a request that is another's: who knows its reply address, or the Message-ID of
//! its letter, writes as the authority does (R15).

use crate::web::desk::letters::Letter;

/// What stands where an address was.
const MASK: &str = "[reply address]";
/// What stands between name and domain, also where a server quotes it in a link or in a MIME word.
const SIGNS: [&str; 3] = ["@", "%40", "=40"];

/// A text without reply addresses, in use or given up: servers quote the sender of a letter in what they answer.
pub fn without_reply_addresses(text: &str, reply_domain: &str) -> String {
    let (folded, domain) = (text.to_ascii_lowercase(), reply_domain.to_ascii_lowercase());
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in folded.match_indices(&domain) {
        let Some(before) = folded.get(done..at) else { continue };
        let Some(local) = SIGNS.iter().find_map(|sign| before.strip_suffix(sign)) else { continue };
        let begins = local.rfind(|c: char| !is_of_a_name(c)).map_or(0, |end| end + 1);
        if local.get(begins..).is_some_and(|name| name.contains("r-")) {
            out.push_str(text.get(done..done + begins).unwrap_or_default());
            out.push_str(MASK);
            done = at + domain.len();
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// Letters, digits and the marks of our own local parts.
fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+')
}

/// A letter for those whose request it is not.
pub fn masked(letter: Letter, reply_domain: &str) -> Letter {
    let without = |text: String| without_reply_addresses(&text, reply_domain);
    Letter {
        body: without(letter.body),
        server_reply: letter.server_reply.map(without),
        last_error: letter.last_error.map(without),
        message_id: None,
        ..letter
    }
}

#[cfg(test)]
mod tests {
    use super::without_reply_addresses;

    #[test]
    fn no_way_of_writing_an_address_shows_it() {
        let shown = |text: &str| without_reply_addresses(text, "post.askance.example");
        for (line, left) in [
            (
                "550 5.1.8 <r-2026-0001-abcdefghij@post.askance.example>: Sender address rejected",
                "550 5.1.8 <[reply address]>: Sender address rejected",
            ),
            (
                "550 see http://spf.example/Why?s=mfrom;id=R-2026-0001-ABC%40POST.askance.example;ip=1",
                "550 see http://spf.example/Why?s=mfrom;id=[reply address];ip=1",
            ),
            ("r-1-a=40post.askance.example", "[reply address]"),
            ("r-1-a@post.askance.example,r-2-b@post.askance.example.", "[reply address],[reply address]."),
            (
                "250 2.0.0 queued as 4f at post.askance.example",
                "250 2.0.0 queued as 4f at post.askance.example",
            ),
            ("Größe: r-1-a@post.askance.example ü", "Größe: [reply address] ü"),
            ("550 <postmaster@post.askance.example>", "550 <postmaster@post.askance.example>"),
        ] {
            assert_eq!(shown(line), left);
        }
    }
}
