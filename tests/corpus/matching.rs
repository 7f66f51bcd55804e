//! To which request a mail belongs: the strongest clue wins, and who wrote it is a separate question.

use super::{KNOWLEDGE, REPLY_DOMAIN};
use askance::domain::incoming::matching::{Candidate, Clues, Match, Reason, clues, rank};
use askance::domain::incoming::understand;

fn candidate(id: i64, reference: &str) -> Candidate {
    Candidate {
        request_id: id,
        reference: reference.to_owned(),
        reply_token: false,
        letter_message_ids: vec![format!("letter-{id}@post.askance.example")],
        letter_addresses: vec!["foi@council.example".to_owned()],
        authority_domains: vec!["council.example".to_owned()],
    }
}

fn arrives(headers: &str, recipient: &str) -> Clues {
    let raw = format!("{headers}Date: Tue, 14 Apr 2026 09:12:00 +0000\r\n\r\nHello\r\n");
    clues(&understand(raw.as_bytes(), &KNOWLEDGE), recipient, REPLY_DOMAIN)
}

fn ids(matches: &[Match]) -> Vec<i64> {
    matches.iter().map(|m| m.request_id).collect()
}

#[test]
fn reply_address_beats_a_letter_answered_and_a_reference_in_the_subject() {
    let found = arrives(
        "From: a@foi.council.example\r\nSubject: Re: [2026-0003] x\r\nIn-Reply-To: <letter-2@post.askance.example>\r\n",
        "r-2026-0001-abcdefghijklmnop23@post.askance.example",
    );
    assert_eq!(found.reply_tokens, ["abcdefghijklmnop23"]);
    let mut addressed = candidate(1, "2026-0001");
    addressed.reply_token = true;
    let matches = rank(&found, &[candidate(3, "2026-0003"), candidate(2, "2026-0002"), addressed]);
    assert_eq!(ids(&matches), [1, 2, 3]);
    assert!(matches[0].certain && !matches[1].certain && !matches[2].certain);
    assert!(!matches[0].foreign_sender, "a subdomain of the authority is the authority");
    assert_eq!(matches[0].reasons, [Reason::ReplyAddress]);
    assert!(matches[2].reasons[0].in_words().contains("2026-0003"));
}

#[test]
fn one_mail_to_two_requests_is_certain_of_neither() {
    let found = arrives(
        "From: a@council.example\r\nTo: r-2026-0001-abcdefghijklmnop23@post.askance.example,\r\n R-2026-0002-BCDEFGHIJKLMNOPQ23@post.askance.example\r\nSubject: both\r\n",
        "",
    );
    assert_eq!(found.reply_tokens.len(), 2);
    let mut both = [candidate(1, "2026-0001"), candidate(2, "2026-0002")];
    for candidate in &mut both {
        candidate.reply_token = true;
    }
    let matches = rank(&found, &both);
    assert_eq!(matches.len(), 2);
    assert!(matches.iter().all(|m| !m.certain));
}

#[test]
fn a_stranger_with_the_right_address_is_marked_as_a_stranger() {
    let found = arrives(
        "From: a@notcouncil.example\r\nSubject: x\r\nReferences: <other@x.example> <letter-2@post.askance.example>\r\n",
        "",
    );
    let matches = rank(&found, &[candidate(2, "2026-0002")]);
    assert!(matches[0].certain && matches[0].foreign_sender);
}

#[test]
fn a_reference_is_found_in_a_subject_but_not_inside_a_longer_number() {
    let found =
        arrives("From: a@council.example\r\nSubject: Askance 2026-0417, 2026-0418 und 12026-0419-7\r\n", "");
    assert_eq!(found.references, ["2026-0417", "2026-0418"]);
}

#[test]
fn a_mail_without_clues_matches_nothing() {
    let found = arrives("From: a@council.example\r\nSubject: Hello\r\n", "desk@post.askance.example");
    assert!(rank(&found, &[candidate(1, "2026-0001")]).is_empty());
}
