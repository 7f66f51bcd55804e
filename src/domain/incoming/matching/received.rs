//! The address that a trace field says a mail was for (RFC 5321 §4.4: `for <…>`).

/// How many trace fields are looked at; the last hops stand first.
const MOST: usize = 20;

/// The addresses in some `Received` fields, each once.
pub fn recipients<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for field in fields.take(MOST) {
        let text = String::from_utf8_lossy(field.get(..4_096).unwrap_or(field));
        let mut rest: &str = &text;
        let mut before = None;
        while let Some((skipped, behind)) = split_at_for(rest) {
            before = skipped.chars().next_back().or(before);
            let free = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
            before = Some('r');
            rest = behind;
            let Some((address, behind)) = address(behind).filter(|_| free) else { continue };
            (before, rest) = (address.chars().next_back(), behind);
            if !found.iter().any(|known| known.eq_ignore_ascii_case(address)) {
                found.push(address.to_owned());
            }
        }
    }
    found
}

/// What stands before and behind the next "for", in whatever case.
fn split_at_for(text: &str) -> Option<(&str, &str)> {
    let at = text.as_bytes().windows(3).position(|word| word.eq_ignore_ascii_case(b"for"))?;
    Some((text.get(..at)?, text.get(at + 3..)?))
}

/// The address behind blanks and an angle, and what follows it.
fn address(text: &str) -> Option<(&str, &str)> {
    let bare = text.trim_start();
    if bare.len() == text.len() {
        return None;
    }
    let bare = bare.strip_prefix('<').unwrap_or(bare);
    let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | ';' | ',' | '(' | ')');
    let word = bare.get(..bare.find(ends).unwrap_or(bare.len()))?;
    // The last `@` that leaves a name of 64 characters at most, and something behind it.
    let named = word.char_indices().take(65).filter(|(at, c)| *c == '@' && *at > 0 && at + 1 < word.len());
    let (at, _) = named.last()?;
    let end = word.get(at + 1..)?.char_indices().nth(253).map_or(word.len(), |(end, _)| at + 1 + end);
    Some((word.get(..end)?, bare.get(end..)?))
}

#[cfg(test)]
mod tests {
    use super::recipients;

    #[test]
    fn the_address_behind_the_word_for_is_read_and_nothing_else() {
        let fields: [&[u8]; 5] = [
            b"from a.example by b.example\n\tfor <r-1@post.example>; Tue",
            b"from a.example (for b@no.example) FOR c@x@post.example id 1",
            b"xfor <d@post.example> for e, for @f, for for g@post.example",
            b"by mx.example for <R-1@post.example>",
            b"for",
        ];
        let found = recipients(fields.into_iter());
        assert_eq!(found, ["r-1@post.example", "b@no.example", "c@x@post.example", "g@post.example"]);
    }
}
