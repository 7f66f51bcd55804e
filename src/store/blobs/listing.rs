//! What an object store says in XML: a list of names, or the code of an error. Nothing in it is looked up.

use quick_xml::Reader;
use quick_xml::events::Event;

/// A part of a list of names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    /// The names, whole.
    pub keys: Vec<String>,
    /// By what the next part is asked for.
    pub more: Option<String>,
}

/// Reads an answer to `ListObjectsV2`; none = it is no such answer, or was cut off.
pub(super) fn read(xml: &str) -> Option<Listed> {
    let (mut listed, mut truncated, mut whole) = (Listed::default(), false, false);
    walk(xml, |path, text| match path {
        ["ListBucketResult", "Contents", "Key"] => listed.keys.push(text.to_owned()),
        ["ListBucketResult", "IsTruncated"] => truncated = text == "true",
        ["ListBucketResult", "NextContinuationToken"] => listed.more = Some(text.to_owned()),
        ["ListBucketResult"] => whole = true,
        _ => {}
    })?;
    match (whole, truncated, &listed.more) {
        (false, ..) | (true, true, None) => None,
        (true, true, Some(_)) => Some(listed),
        (true, false, _) => Some(Listed { more: None, ..listed }),
    }
}

/// The code of an error, if it is one word.
pub(super) fn code(xml: &str) -> Option<String> {
    let mut code = None;
    walk(xml, |path, text| {
        if path == ["Error", "Code"] {
            code = Some(text.to_owned());
        }
    });
    code.filter(|code| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Tells each element when it closes, with the names around it and its own text; none = it is not well formed.
fn walk(xml: &str, mut visit: impl FnMut(&[&str], &str)) -> Option<()> {
    let mut reader = Reader::from_str(xml);
    let (mut path, mut text) = (Vec::<String>::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                // Lists are three deep.
                if path.len() > 8 {
                    return None;
                }
                path.push(tag.local_name().as_ref().to_owned());
                text.clear();
            }
            Event::End(_) => {
                let names: Vec<&str> = path.iter().map(String::as_str).collect();
                visit(&names, &text);
                path.pop();
                text.clear();
            }
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(name) => text.push_str(resolved(&name)?),
            Event::Eof => return path.is_empty().then_some(()),
            _ => {}
        }
    }
}

/// The five entities of XML; names of ours need no other.
fn resolved(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" | "#38" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" | "#34" => "\"",
        "apos" | "#39" => "'",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whole_or_not_at_all() {
        let xml = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>\
                   <IsTruncated>true</IsTruncated><Contents><Key>a/ab</Key><Size>1</Size></Contents><Contents>\
                   <Key>a/c&amp;d</Key></Contents><NextContinuationToken>x=&quot;</NextContinuationToken></ListBucketResult>";
        let keys = vec!["a/ab".to_owned(), "a/c&d".to_owned()];
        assert_eq!(read(xml), Some(Listed { keys: keys.clone(), more: Some("x=\"".to_owned()) }));
        assert_eq!(read(&xml.replace("true", "false")), Some(Listed { keys, more: None }));
        assert_eq!(read(xml.split("<Next").next().unwrap()), None, "cut off");
        assert_eq!(read("<html><body>Welcome</body></html>"), None);
        assert_eq!(read(&"<a>".repeat(1000)), None);
        assert_eq!(
            code("<Error><Code>NoSuchBucket</Code><Key>k</Key></Error>").as_deref(),
            Some("NoSuchBucket")
        );
        assert_eq!(code("<Error><Code>AKID/secret</Code></Error>"), None);
    }
}
