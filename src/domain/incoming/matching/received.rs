//! The address that a trace field says a mail was for (RFC 5321 §4.4: `for <…>`).

use regex::Regex;
use std::sync::LazyLock;

static FOR: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\bfor\s+<?([^\s<>;,()]{1,64}@[^\s<>;,()]{1,253})>?").ok());

/// How many trace fields are looked at; the last hops stand first.
const MOST: usize = 20;

/// The addresses in some `Received` fields, each once.
pub fn recipients<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let Some(regex) = FOR.as_ref() else { return Vec::new() };
    let mut found: Vec<String> = Vec::new();
    for field in fields.take(MOST) {
        let text = String::from_utf8_lossy(field.get(..4_096).unwrap_or(field)).into_owned();
        for address in regex.captures_iter(&text).filter_map(|hit| hit.get(1)) {
            let address = address.as_str().to_owned();
            if !found.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
                found.push(address);
            }
        }
    }
    found
}
