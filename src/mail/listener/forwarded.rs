//! XFORWARD, by which Postfix says from whom it got the mail that it hands on: its `XFORWARD_README`.

use std::net::IpAddr;

/// Who handed a message to the mail server before us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// Its network address; none = it was handed in on that machine, or it is not known.
    pub address: Option<IpAddr>,
    /// The name it gave itself.
    pub greeted_as: Option<String>,
}

impl Forwarded {
    /// What is offered: address and greeting are kept, the name is looked up by nobody.
    pub const OFFER: &'static str = "XFORWARD NAME ADDR HELO";

    /// Takes the attributes of one command, as in `ADDR=192.0.2.7 HELO=mx.stadt.example`; none = it is malformed.
    pub fn learn(&mut self, attributes: &str) -> Option<()> {
        if attributes.is_empty() {
            return None;
        }
        for attribute in attributes.split_ascii_whitespace() {
            let (name, value) = attribute.split_once('=')?;
            let value = xtext(value)?;
            let known = !matches!(value.to_ascii_uppercase().as_str(), "[UNAVAILABLE]" | "[TEMPUNAVAIL]");
            match name.to_ascii_uppercase().as_str() {
                "ADDR" if known => {
                    let bare = value.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPV6:"));
                    let bare = bare.map_or(value.as_str(), |tag| value.get(tag.len()..).unwrap_or_default());
                    self.address = Some(bare.parse().ok()?);
                }
                "ADDR" => self.address = None,
                "HELO" => {
                    let name = value.chars().filter(|c| !c.is_control()).take(255);
                    self.greeted_as = known.then(|| name.collect());
                }
                "NAME" => {}
                _ => return None,
            }
        }
        Some(())
    }
}

/// Text in which `+2B` stands for an octet (RFC 3461 §4).
fn xtext(written: &str) -> Option<String> {
    let (mut octets, mut rest) = (Vec::new(), written.as_bytes());
    while let [first, after @ ..] = rest {
        if *first == b'+' {
            let digits = after.get(..2).filter(|two| two.iter().all(u8::is_ascii_hexdigit))?;
            octets.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after.get(2..)?;
        } else {
            octets.push(*first);
            rest = after;
        }
    }
    Some(String::from_utf8_lossy(&octets).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(attributes: &str) -> Option<(Option<String>, Option<String>)> {
        let mut forwarded = Forwarded::default();
        forwarded.learn(attributes)?;
        Some((forwarded.address.map(|address| address.to_string()), forwarded.greeted_as))
    }

    #[test]
    fn what_postfix_says_is_understood_and_nothing_else() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            learnt("NAME=mx.stadt.example ADDR=192.0.2.7 HELO=mx+2Bstadt.example"),
            Some((some("192.0.2.7"), some("mx+stadt.example")))
        );
        assert_eq!(learnt("addr=IPv6:2001:db8::1"), Some((some("2001:db8::1"), None)));
        assert_eq!(learnt("ADDR=[UNAVAILABLE] HELO=[UNAVAILABLE]"), Some((None, None)));
        assert_eq!(learnt("HELO=a+0D+0Ab"), Some((None, some("ab"))));
        for wrong in ["", "ADDR", "ADDR=everywhere", "LOGIN=root", "HELO=+2", "HELO=+\u{fc}1", "ADDR=IPV6:"] {
            assert_eq!(learnt(wrong), None, "{wrong}");
        }
    }
}
