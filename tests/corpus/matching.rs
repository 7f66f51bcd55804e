//! To which request a mail belongs: every clue has its weight, and who wrote it is a separate question.

use super::{KNOWLEDGE, REPLY_DOMAIN};
use askance::domain::incoming::matching::domains::{Kin, Known, Source, host_of_website, kin, registrable};
use askance::domain::incoming::matching::reply::{Slip, slip, variants};
use askance::domain::incoming::matching::{
    Addressed, Candidate, Clues, Match, Ours, Reason, Warning, clues, keys, numbers, rank,
};
use askance::domain::incoming::understand;

const BODY: &str = "Dear Sir or Madam, under the Act I ask for the contract on the live camera system of your \
    town, for the assessment of its risks and for the number of persons it compared in the years since it was \
    bought. Please send the answer in electronic form as a reply to this message. If fees arise tell me first.";

fn candidate(id: i64, reference: &str) -> Candidate {
    Candidate {
        request_id: id,
        reference: reference.to_owned(),
        letters: vec![Ours {
            message_id: format!("letter-{id}@post.askance.example"),
            address: "foi@council.example".to_owned(),
            subject: format!("Request for access to information: live cameras [{reference}]"),
            body: format!("{BODY} Our reference is {reference}."),
        }],
        known: vec![Known::of_address("foi@council.example", false).unwrap()],
        sent_at: Some("2026-04-01T10:00:00Z".parse().unwrap()),
        open: true,
        ..Candidate::default()
    }
}

fn addressed(id: i64, reference: &str, addressed: Addressed) -> Candidate {
    Candidate { addressed, ..candidate(id, reference) }
}

fn arrives(headers: &str, recipient: &str) -> Clues {
    says(headers, recipient, "Hello")
}

fn says(headers: &str, recipient: &str, body: &str) -> Clues {
    let raw = format!("{headers}Date: Tue, 14 Apr 2026 09:12:00 +0000\r\n\r\n{body}\r\n");
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
    let first = addressed(1, "2026-0001", Addressed::Exactly(0));
    let matches = rank(&found, &[candidate(3, "2026-0003"), candidate(2, "2026-0002"), first]);
    assert_eq!(ids(&matches), [1, 2, 3]);
    assert!(matches[0].certain && !matches[1].certain && !matches[2].certain);
    assert!(!matches[0].foreign_sender, "a subdomain of the authority is the authority");
    assert_eq!(matches[0].reasons[0], Reason::ReplyAddress);
    let other = Warning::AlsoPointsTo { reference: "2026-0002".to_owned() };
    assert_eq!(matches[0].warnings, [other], "it answers the letter of another request: a person decides");
    assert!(matches[2].reasons[0].in_words().contains("2026-0003"));
}

#[test]
fn one_mail_to_two_requests_is_certain_of_neither_and_begins_with_the_recipient() {
    let found = arrives(
        "From: a@council.example\r\nTo: r-2026-0001-abcdefghijklmnop23@post.askance.example,\r\n R-2026-0002-BCDEFGHIJKLMNOPQ23@post.askance.example\r\nSubject: both\r\n",
        "r-2026-0002-bcdefghijklmnopq23@post.askance.example",
    );
    assert_eq!(found.reply_tokens, ["bcdefghijklmnopq23", "abcdefghijklmnop23"]);
    let both =
        [addressed(1, "2026-0001", Addressed::Exactly(1)), addressed(2, "2026-0002", Addressed::Exactly(0))];
    let matches = rank(&found, &both);
    assert_eq!(ids(&matches), [2, 1]);
    assert!(matches.iter().all(|m| !m.certain));
}

#[test]
fn a_stranger_with_the_right_letter_is_matched_and_warned_of() {
    let found = arrives(
        "From: a@notcouncil.example\r\nSubject: x\r\nReferences: <other@x.example> <letter-2@post.askance.example>\r\n",
        "",
    );
    let matches = rank(&found, &[candidate(2, "2026-0002")]);
    assert!(matches[0].certain && matches[0].foreign_sender);
    let words = matches[0].warnings[0].in_words();
    assert_eq!(words, "From notcouncil.example; the authority writes from council.example.");
}

#[test]
fn a_reference_is_found_in_a_subject_but_not_inside_a_longer_number() {
    let found =
        arrives("From: a@council.example\r\nSubject: Askance 2026-0417, 2026-0418 und 12026-0419-7\r\n", "");
    assert_eq!(found.references, ["2026-0417", "2026-0418"]);
}

#[test]
fn a_mail_without_clues_matches_nothing() {
    let found = arrives("From: a@elsewhere.example\r\nSubject: Hello\r\n", "desk@post.askance.example");
    assert!(rank(&found, &[candidate(1, "2026-0001")]).is_empty());
}

#[test]
fn the_address_is_found_in_every_field_that_may_hold_it() {
    let address = "R-2026-0417-ABCDEFGHIJKLMNOPQ234+foi@POST.askance.example";
    for field in ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"] {
        let found = arrives(&format!("From: a@council.example\r\n{field}: <{address}>\r\n"), "");
        assert_eq!(found.reply_tokens, ["abcdefghijklmnopq234"], "{field}");
    }
    let trace = format!(
        "Received: from a by b with ESMTPS id 1\r\n\tfor <{address}>; Tue, 14 Apr 2026 09:12:00 +0000\r\n"
    );
    assert_eq!(arrives(&trace, "").reply_tokens, ["abcdefghijklmnopq234"]);
    let quoted = says("From: a@council.example\r\n", "", &format!("> Please answer to {address}."));
    assert!(quoted.reply_tokens.is_empty());
    assert_eq!(quoted.text_tokens, ["abcdefghijklmnopq234"]);
}

#[test]
fn one_slip_in_an_address_is_named_and_two_are_another_address() {
    let right = "r-2026-0417-abcdefghijklmnopq234@post.askance.example";
    let slips = [
        ("r-2026-0417-abcdefghxjklmnopq234", Some(Slip::Differs)),
        ("r-2026-0417-abcdefgh1jklmnopq234", Some(Slip::Differs)),
        ("r-2026-0417-abcdefghjklmnopq234", Some(Slip::Missing)),
        ("r-2026-0417-aabcdefghijklmnopq234", Some(Slip::TooMany)),
        ("r-2026-0417-bacdefghijklmnopq234", Some(Slip::Swapped)),
        ("r2026-0417-abcdefghijklmnopq234", Some(Slip::Elsewhere)),
        ("r-2026-0714-abcdefghijklmnopq243", Some(Slip::Swapped)),
        ("r-2026-0417-abxdexghijklmnopq234", None),
        ("r-2026-0417-abcdefghijklmnopq234", None),
        ("r-2026-0417-", None),
        ("", None),
    ];
    for (written, expected) in slips {
        assert_eq!(slip(written, right), expected, "{written}");
        if let Some(said) = expected.filter(|said| *said != Slip::Elsewhere) {
            let found = variants(written);
            assert!(found.contains(&"abcdefghijklmnopq234".to_owned()), "{written} {said:?}");
            assert!(found.len() < 2_000 && found.iter().all(|token| token.len() == 20));
        }
    }
    assert!(variants("info").is_empty() && variants("r-2026-0417-äbcdefghijklmnopq234").is_empty());
}

#[test]
fn a_slip_is_a_clear_winner_only_from_the_authority() {
    let near = addressed(1, "2026-0001", Addressed::Nearly(Slip::Differs));
    let own = rank(&arrives("From: a@council.example\r\nSubject: x\r\n", ""), std::slice::from_ref(&near));
    assert!(own[0].certain && !own[0].is_proved(), "{own:?}");
    let subject =
        "From: a@other.example\r\nSubject: [2026-0001] Request for access to information: live cameras\r\n";
    let foreign = rank(&arrives(subject, ""), &[near]);
    assert!(
        !foreign[0].certain && foreign[0].points > 90,
        "public facts do not add up to a proof: {foreign:?}"
    );
}

#[test]
fn a_letter_that_is_quoted_whole_explains_the_set_phrases_of_the_others() {
    let mail = says(
        "From: clerk@home.example\r\nSubject: FW: your request\r\n",
        "",
        &format!("We forward our answer: no.\r\n\r\n{BODY}\r\n> something else"),
    );
    let mut other = candidate(2, "2026-0002");
    other.letters[0].body = format!("Good day. {} Thank you for your time and your help.", &BODY[150..]);
    let matches = rank(&mail, &[other, candidate(1, "2026-0001")]);
    assert_eq!(ids(&matches), [1], "{matches:?}");
    assert!(matches[0].certain && matches[0].foreign_sender);
    assert!(matches[0].reasons[0].in_words().starts_with("It quotes our letter ("));
    let twins = rank(&mail, &[candidate(1, "2026-0001"), candidate(3, "2026-0003")]);
    assert!(twins.len() == 2 && twins.iter().all(|found| !found.certain), "{twins:?}");
}

#[test]
fn a_reference_in_the_name_of_a_file_is_a_clue() {
    let raw = "From: a@council.example\r\nSubject: Answer\r\nDate: Tue, 14 Apr 2026 09:12:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--b\r\nContent-Type: application/pdf; name=\"answer_2026-0001_final.pdf\"\r\n\r\nx\r\n--b--\r\n";
    let found = clues(&understand(raw.as_bytes(), &KNOWLEDGE), "info@post.askance.example", REPLY_DOMAIN);
    let matches = rank(&found, &[candidate(1, "2026-0001")]);
    let file = matches[0].reasons.iter().any(|reason| matches!(reason, Reason::ReferenceInFile { .. }));
    assert!(file && matches[0].certain, "{matches:?}");
}

#[test]
fn a_file_number_is_known_however_it_is_spaced() {
    let number = numbers::folded("IV A 3 – 12/2026").unwrap();
    let found = numbers::in_texts(["Unser Zeichen: IV A 3-12/2026, Ihr Schreiben vom 1.4."]);
    assert!(found.contains(&number), "{found:?}");
    for nothing in ["2026", "A-1", "Hello", "12/3"] {
        assert_eq!(numbers::folded(nothing), None, "{nothing}");
    }
    let mail = arrives("From: a@council.example\r\nSubject: Az.: IV A 3 - 12/2026\r\n", "");
    let mut numbered = candidate(1, "2026-0001");
    numbered.file_numbers = vec![(number, "IV A 3 – 12/2026".to_owned())];
    let matches = rank(&mail, &[candidate(2, "2026-0002"), numbered]);
    assert_eq!(ids(&matches), [1, 2]);
    assert!(matches[0].certain && matches[0].reasons[0].in_words().contains("IV A 3 – 12/2026"));
}

#[test]
fn file_numbers_are_looked_for_within_bounds_whatever_a_mail_is_made_of() {
    // Fifty files, each longer than a book: numbers without end, one word without end, digits between marks.
    let numbers: Vec<String> = (0..200_000).map(|n| format!("{n}/2026-{n}")).collect();
    let numbers = numbers.join(" ");
    let word = "1".repeat(5_000_000);
    let marks = "1/-.".repeat(1_000_000);
    let same = "12345/26 ".repeat(500_000);
    let files = [&numbers, &word, &marks, &same].into_iter().cycle().take(200).map(String::as_str);
    // Without bounds it takes minutes.
    let patience = std::time::Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });
    let start = std::time::Instant::now();
    let found = numbers::in_texts(std::iter::once("Az. 32-1024/2026").chain(files));
    let took = start.elapsed();
    assert!(found.len() <= 400 && found.iter().all(|number| number.chars().count() <= 40));
    assert_eq!(
        found[0],
        numbers::folded("32-1024/2026").unwrap(),
        "what the sender says first is looked up first"
    );
    assert!(took < patience, "took {took:?}");
    let repeated = std::iter::repeat_n(same.as_str(), 200);
    let start = std::time::Instant::now();
    assert!(numbers::in_texts(repeated).len() < 20);
    assert!(start.elapsed() < patience, "took {:?}", start.elapsed());
    assert_eq!(numbers::folded(&marks), None);
}

#[test]
fn mail_is_found_again_by_a_bounded_number_of_keys_and_no_free_mailbox_stands_for_all() {
    let many: Vec<String> = (0..3_000).map(|n| format!("2020-{} Az. {n}/2020-X", 10_000 + n)).collect();
    let ids: Vec<String> = (0..500).map(|n| format!("<{n}{}@x.example>", "y".repeat(n))).collect();
    let head = format!("From: a@ref.bmi.bund.de\r\nReferences: {}\r\nSubject: x\r\n", ids.join("\r\n "));
    let found = keys::of_mail(&says(&head, "", &many.join(" ")));
    assert!((100..=200).contains(&found.len()), "{}", found.len());
    assert!(found.iter().all(|key| key.len() <= 500));
    let hosts = ["host:bmi.bund.de", "host:bund.de", "host:ref.bmi.bund.de"];
    assert!(hosts.iter().all(|host| found.contains(&(*host).to_owned())), "{found:?}");
    assert_eq!(keys::of_host("post.bmi.bund.de").as_deref(), Some("host:post.bmi.bund.de"));
    assert_eq!(keys::of_host("a.council.gov.uk").as_deref(), Some("domain:council.gov.uk"));
    assert_eq!(keys::of_host("gmail.com"), None);
    let free = keys::of_mail(&arrives("From: Village@gmail.com\r\nSubject: x\r\n", ""));
    assert_eq!(free, ["mailbox:village@gmail.com"]);
    assert_eq!(keys::of_address("Village@gmail.com").as_deref(), Some("mailbox:village@gmail.com"));
}

#[test]
fn domains_are_compared_by_the_public_suffix_list() {
    assert_eq!(registrable("a.b.council.gov.uk").as_deref(), Some("council.gov.uk"));
    let of = |address: &str| vec![Known::of_address(address, false).unwrap()];
    let cases = [
        ("foi@brent.gov.uk", "FOI@brent.gov.uk", Kin::Address),
        ("foi@brent.gov.uk", "x@mail.brent.gov.uk", Kin::Host),
        ("foi@post.brent.gov.uk", "x@planning.brent.gov.uk", Kin::Sibling),
        ("foi@brent.gov.uk", "x@camden.gov.uk", Kin::Stranger),
        ("foi@brent.gov.uk", "x@brent.gov.uk.evil.example", Kin::Stranger),
        ("foi@brent.gov.uk", "x@notbrent.gov.uk", Kin::Stranger),
        ("poststelle@bmi.bund.de", "x@bka.bund.de", Kin::Stranger),
        ("poststelle@bmi.bund.de", "x@ref.bmi.bund.de", Kin::Host),
        ("village@gmail.com", "village@gmail.com", Kin::Address),
        ("village@gmail.com", "other@gmail.com", Kin::Stranger),
        ("foi@brent.gov.uk", "no address", Kin::Stranger),
    ];
    for (known, from, expected) in cases {
        assert_eq!(kin(Some(from), &of(known)), expected, "{known} {from}");
    }
    let shared = [Known::of_address("a@one.town.example", true).unwrap()];
    assert_eq!(kin(Some("b@two.town.example"), &shared), Kin::Stranger, "another body lives there too");
    let seen =
        [Known { host: "it-service.example".into(), address: None, source: Source::Reply, shared: false }];
    assert_eq!(kin(Some("b@it-service.example"), &seen), Kin::Seen);
    assert!(!Kin::Seen.is_own(), "a clue, but nobody entered it in the register");
    assert_eq!(host_of_website("https://www.Council.example:443/foi?x").as_deref(), Some("council.example"));
    assert_eq!(host_of_website("https://facebook.com/village"), None);
}

#[test]
fn several_senders_and_bounces_that_go_elsewhere_are_odd() {
    let two = arrives("From: a@council.example\r\nFrom: b@evil.example\r\nSubject: x\r\n", "");
    let matches = rank(&two, &[addressed(1, "2026-0001", Addressed::Exactly(0))]);
    assert!(matches[0].foreign_sender && matches[0].warnings.contains(&Warning::SeveralSenders));
    let back = arrives("Return-Path: <x@evil.example>\r\nFrom: a@council.example\r\nSubject: x\r\n", "");
    let matches = rank(&back, &[addressed(1, "2026-0001", Addressed::Exactly(0))]);
    assert!(matches[0].warnings[0].in_words().contains("goes back to evil.example"));
}

#[test]
fn a_mail_older_than_our_letter_is_no_answer_to_it() {
    let mut late = candidate(1, "2026-0001");
    late.sent_at = Some("2026-05-01T10:00:00Z".parse().unwrap());
    let found = arrives("From: a@council.example\r\nSubject: [2026-0001]\r\n", "");
    let matches = rank(&found, &[late]);
    assert!(!matches[0].certain && matches[0].reasons.contains(&Reason::BeforeLetter));
    let mut closed = candidate(1, "2026-0001");
    closed.open = false;
    let matches = rank(&found, &[closed]);
    assert!(matches[0].certain && matches[0].warnings == [Warning::Closed], "kept, and said: {matches:?}");
}
