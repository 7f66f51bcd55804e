//! Which automatic mails are alike, so that of a storm one line is shown; what may say more is never folded away.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::delivery::Automatic;
use crate::domain::incoming::proposal::is_plain;
use std::fmt::Write;

/// What makes an automatic mail, or one that runs in circles, one of a storm: mails with the same key say the same. None for what a person may have
/// written, and for a mail that is longer than what is read of it.
///
/// Where the head says that a machine answers (RFC 3834) and nothing more is in it, its sender is enough. Where only
/// the words say so, or more may be in it, a mail is folded only into one that says the same, word for word.
pub fn key(incoming: &Incoming, looping: bool) -> Option<String> {
    if incoming.beyond.unread || (incoming.automatic == Automatic::None && !looping) {
        return None;
    }
    let what = match incoming.automatic {
        Automatic::AutoReply | Automatic::Receipt if !incoming.automatic_by_words && is_plain(incoming) => {
            String::new()
        }
        Automatic::AutoReply | Automatic::Receipt => whole(incoming, |_| true),
        Automatic::List => return None,
        Automatic::Bounce | Automatic::None => report(incoming),
    };
    Some(format!("{}\n{}\n{what}", incoming.automatic.as_str(), domain(incoming)))
}

fn domain(incoming: &Incoming) -> String {
    let address = incoming.from.as_ref().map(|from| from.address.as_str()).unwrap_or_default();
    address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default()
}

/// The same letter to the same addresses came back; queue numbers and times differ from report to report.
fn report(incoming: &Incoming) -> String {
    let mut key = String::new();
    if let Some(bounce) = &incoming.bounce {
        let mut recipients = bounce.recipients.clone();
        recipients.sort_unstable();
        let _ = writeln!(key, "{} {:?} {recipients:?}", bounce.permanent, bounce.status);
    }
    let mut returned = incoming.returned_ids.clone();
    returned.sort_unstable();
    let _ = writeln!(key, "{returned:?}");
    key + &whole(incoming, |word| !numbered(word))
}

/// Everything that a mail says: subject, text, quote, hidden text and files. The number in a subject is that of the
/// mail, as ticket systems count them.
fn whole(incoming: &Incoming, counts: impl Fn(&&str) -> bool) -> String {
    let hidden = incoming.hidden_text.as_deref().unwrap_or_default();
    let mut out = String::new();
    for word in incoming.subject.split_whitespace().filter(|word| !numbered(word)) {
        let _ = write!(out, "{word} ");
    }
    for text in [incoming.full_text.as_str(), hidden] {
        out.push('\n');
        for word in text.split_whitespace().filter(&counts) {
            let _ = write!(out, "{word} ");
        }
    }
    // A report brings the letter itself along and a part with times; what it says stands in its text.
    if incoming.automatic != Automatic::Bounce {
        for file in &incoming.attachments {
            let _ = write!(out, "\n{}", file.sha256);
        }
    }
    out
}

fn numbered(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit())
}
