//! Whose a mail is when its address does not say so, and that no stranger speaks for an authority.

use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::incoming::matching::{Match, Reason};
use askance::domain::incoming::proposal::Proposal;
use askance::service::triage::{assign, proposed_settlement, settle};
use askance::store::messages;
use askance::store::requests::RequestRow;
use askance::store::types::{MessageState, Role};
use diesel::connection::SimpleConnection;

pub(crate) const INFO: &str = "info@post.askance.example";
pub(crate) const RECEIPT: &str = "Sehr geehrte Frau Varga,\n\nhiermit bestätige ich den Eingang Ihres Antrags. Ihr Antrag ist hier eingegangen und wird unter dem Aktenzeichen 32-1024/2026 bearbeitet.\n\nMit freundlichen Grüßen";
pub(crate) const REFUSAL: &str = "Sehr geehrte Frau Varga,\n\nIhr Antrag wird abgelehnt. Dem Informationszugang steht § 6 Satz 1 Buchst. a IFG NRW entgegen.\n\nMit freundlichen Grüßen";

pub(crate) fn matches(site: &Site, id: i64) -> Vec<Match> {
    serde_json::from_str::<Proposal>(&site.message(id).proposal).unwrap().matches
}

fn words(found: &Match) -> String {
    let warnings = found.warnings.iter().map(askance::domain::incoming::matching::Warning::in_words);
    found.reasons.iter().map(Reason::in_words).chain(warnings).collect::<Vec<_>>().join(" ")
}

/// What everybody reads of a request.
fn public(site: &Site, request: &RequestRow) -> String {
    let browser = site.browser();
    let page = browser.get(format!("/requests/{}", request.reference)).dispatch().into_string().unwrap();
    let json = browser.get(format!("/requests/{}.json", request.reference)).dispatch().into_string();
    page + &json.unwrap_or_default()
}

fn letter_of(site: &Site) -> String {
    let sent = site.sent.lock().unwrap().last().unwrap().clone();
    mailparse::parse_mail(&sent.bytes).unwrap().get_body().unwrap().replace('\r', "")
}

/// The reply address with its last letter but two changed.
pub(crate) fn with_typo(address: &str) -> String {
    let (local, domain) = address.split_once('@').unwrap();
    let mut letters: Vec<char> = local.chars().collect();
    let at = letters.len() - 3;
    letters[at] = if letters[at] == 'a' { 'b' } else { 'a' };
    format!("{}@{domain}", letters.into_iter().collect::<String>())
}

stories! {
    fn reply_that_lost_its_reference_is_known_by_the_letter_it_quotes(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let request = site.sends(activist, site.city());
        let before = public(site, &request);
        let letter = letter_of(site);
        let lines = letter.lines().filter(|line| !line.contains(&request.reference));
        let quoted = lines.map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n");
        let reply = Reply::to(&request, "brandau.example")
            .about("Ihre Anfrage")
            .addressed(INFO)
            .saying(&format!("{REFUSAL}\n\n{quoted}"));
        site.receives(&reply.raw(), INFO);
        let first = &matches(site, 1)[0];
        assert!(words(first).contains("It quotes our letter ("), "{}", words(first));
        assert!(first.certain && !first.foreign_sender);
        assert_eq!((site.message(1).request_id, site.message(1).state), (Some(request.id), MessageState::Held));
        assert_eq!(site.kinds(request.id), ["filed", "sent"]);
        assert_eq!(public(site, &request), before, "nothing is told before a person settled it");
    }

    fn typo_in_the_address_is_proposed_from_the_authority_and_only_ranked_from_others(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let request = site.sends(activist, site.city());
        let before = public(site, &request);
        let typo = with_typo(&request.reply_address);
        let reply = Reply::to(&request, "brandau.example").about("Eingang").addressed(&typo).saying(RECEIPT);
        site.receives(&reply.raw(), &typo);
        let first = &matches(site, 1)[0];
        assert!(words(first).contains("the reply address of this request, one letter differs."), "{}", words(first));
        assert_eq!((site.message(1).request_id, site.message(1).state), (Some(request.id), MessageState::Held));
        assert_eq!(site.kinds(request.id), ["filed", "sent"], "a near miss records nothing by itself");
        // The reference is wrong as well: only the hashes of all near tokens find it.
        let elsewhere = typo.replace(&request.reference, "2026-9999");
        let spoof = Reply::to(&request, "evil.example").about("Eingang").addressed(&elsewhere).saying(RECEIPT);
        site.receives(&spoof.raw(), &elsewhere);
        let second = matches(site, 2);
        assert!(!second[0].certain && second[0].foreign_sender && second[0].request_id == request.id);
        assert_eq!((site.message(2).request_id, site.message(2).state), (None, MessageState::Unmatched));
        assert_eq!(public(site, &request), before);
    }

    fn clerk_who_forwards_from_another_domain_is_matched_and_warned_of(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let request = site.sends(activist, site.city());
        let before = public(site, &request);
        let forwarded = format!("Zur Kenntnis. {REFUSAL}\n\n-------- Weitergeleitete Nachricht --------\n{}", letter_of(site));
        let reply = Reply::to(&request, "brandau.example")
            .from("P. Kern <kern@kanzlei.example>")
            .about(&format!("WG: Antrag [{}]", request.reference))
            .addressed(INFO)
            .saying(&forwarded);
        site.receives(&reply.raw(), INFO);
        let first = &matches(site, 1)[0];
        assert!(first.certain && first.foreign_sender, "{first:?}");
        let said = words(first);
        assert!(said.contains("From kanzlei.example; the authority writes from brandau.example."), "{said}");
        assert!(said.contains("The reply address of this request stands in its text."), "{said}");
        assert_eq!((site.message(1).request_id, site.message(1).state), (Some(request.id), MessageState::Held));
        assert_eq!(site.kinds(request.id), ["filed", "sent"]);
        assert_eq!(public(site, &request), before);
    }

    fn one_mail_to_three_requests_is_one_message_in_each_by_one_delivery_and_by_three(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let requests: Vec<RequestRow> = ["Amt Eins", "Amt Zwei", "Amt Drei"]
            .iter()
            .map(|name| site.authority(name, (AuthorityKind::Municipality, "de-nw-ifg", "de"), "brandau.example"))
            .map(|authority| site.sends(activist, authority))
            .collect();
        let to: Vec<&str> = requests.iter().map(|request| request.reply_address.as_str()).collect();
        let mail = |id: &str| {
            let one = Reply::to(&requests[0], "brandau.example").with_id(id).about("Sammelbescheid");
            one.addressed(&to.join(",\r\n ")).saying(&format!("{REFUSAL} {id}")).raw()
        };
        let filed = |site: &Site, key: &str| -> Vec<Option<i64>> {
            let all = (1..20).filter_map(|id| messages::find(&mut site.conn(), id).unwrap());
            let mut found: Vec<_> = all.filter(|m| m.own_text.contains(key)).map(|m| m.request_id).collect();
            found.sort_unstable();
            found
        };
        let wanted: Vec<Option<i64>> = requests.iter().map(|request| Some(request.id)).collect();
        site.receives(&mail("once@brandau.example"), to[1]);
        assert_eq!(filed(site, "once@"), wanted);
        for recipient in &to {
            site.receives(&mail("thrice@brandau.example"), recipient);
        }
        assert_eq!(filed(site, "thrice@"), wanted);
        for request in &requests {
            assert_eq!(site.kinds(request.id), ["filed", "sent"]);
        }
    }

    fn spoofed_sender_with_the_right_address_says_nothing_in_public(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let request = site.sends(activist, site.city());
        let before = public(site, &request);
        let spoof = Reply::to(&request, "brandau.example").from("\"foi@brandau.example\" <foi@brandau.example.evil.example>");
        site.receives(&spoof.clone().about("Eingang").saying(RECEIPT).raw(), &request.reply_address);
        let away = spoof.with("Auto-Submitted: auto-replied").with_id("2@evil.example").about("Abwesend");
        site.receives(&away.saying("Ich bin nicht im Büro.").raw(), &request.reply_address);
        for id in [1, 2] {
            let row = site.message(id);
            assert_eq!((row.request_id, row.state), (Some(request.id), MessageState::Held));
            let proposal: Proposal = serde_json::from_str(&row.proposal).unwrap();
            let asked = proposal.ask.unwrap();
            assert!(asked.contains("From brandau.example.evil.example; the authority writes from brandau.example."), "{asked}");
            assert_eq!(proposal.event, None);
        }
        assert_eq!(site.kinds(request.id), ["filed", "sent"]);
        assert_eq!(public(site, &request), before);
    }

    fn file_number_of_an_earlier_reply_finds_the_request(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let receipt = Reply::to(&request, "brandau.example").about("Eingang").saying(RECEIPT);
        site.receives(&receipt.raw(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent", "acknowledged"]);
        let later = Reply::to(&request, "brandau.example").about("Bescheid").addressed(INFO).with_id("later@brandau.example");
        site.receives(&later.saying("Az. 32 - 1024 / 2026\n\nIhr Antrag wird abgelehnt.").raw(), INFO);
        let first = &matches(site, 2)[0];
        assert!(words(first).contains("It has the file number 32-1024/2026"), "{}", words(first));
        assert!(first.certain && !first.is_proved());
        assert_eq!((site.message(2).request_id, site.message(2).state), (Some(request.id), MessageState::Held));
    }

    fn file_number_counts_no_more_once_its_message_is_filed_elsewhere(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let (wrong, right) = (site.sends(activist, site.city()), {
            let other = site.authority("Kreis Altmoor", (AuthorityKind::Municipality, "de-nw-ifg", "de"), "altmoor.example");
            site.sends(activist, other)
        });
        let receipt = Reply::to(&wrong, "brandau.example").about("Eingang").saying(RECEIPT);
        site.receives(&receipt.raw(), &wrong.reply_address);
        assign(&site.ctx, &mut site.conn(), volunteer, 1, &right.reference).unwrap();
        let later = Reply::to(&wrong, "elsewhere.example").about("Az. 32-1024/2026").addressed(INFO).with_id("2@elsewhere.example");
        site.receives(&later.raw(), INFO);
        assert!(matches(site, 2).is_empty(), "{:?}", matches(site, 2));
        // Settled where it is now, it counts there, and its sender is a clue but not the authority.
        let proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        settle(&site.ctx, &mut site.conn(), volunteer, &proposed).unwrap();
        let again = Reply::to(&wrong, "brandau.example").about("Az. 32-1024/2026").addressed(INFO).with_id("3@brandau.example");
        site.receives(&again.raw(), INFO);
        let found = matches(site, 3);
        let settled = found.iter().find(|found| found.request_id == right.id).unwrap();
        assert!(words(settled).contains("a reply from there was settled before"), "{}", words(settled));
        assert!(settled.foreign_sender);
    }

    fn several_requests_are_ranked_with_reasons_and_filed_by_one_press(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let city = site.city();
        let first = site.sends(activist, city);
        site.ctx.clock.set(site.now() + chrono::TimeDelta::hours(1));
        let mut filing = crate::support::filing_of(&[city], "second-form");
        filing.signed_as = "Jo Brandt".to_owned();
        askance::service::filing::file(&site.ctx, &mut site.conn(), activist, &filing).unwrap();
        site.ctx.clock.set(site.now() + chrono::TimeDelta::hours(1));
        site.works();
        let reply = Reply::to(&first, "brandau.example").about("Antrag auf Informationszugang: Verträge").addressed(INFO);
        site.receives(&reply.saying(REFUSAL).raw(), INFO);
        assert_eq!((site.message(1).request_id, site.message(1).state), (None, MessageState::Unmatched));
        let found = matches(site, 1);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|found| !found.certain && words(found).contains("Its sender is at brandau.example")));
        assert!(found[0].points >= found[1].points);
        let before = public(site, &first);
        assign(&site.ctx, &mut site.conn(), volunteer, 1, &first.reference).unwrap();
        assert_eq!(site.message(1).request_id, Some(first.id));
        assert_eq!(public(site, &first), before, "to file is not to publish");
        let proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        settle(&site.ctx, &mut site.conn(), volunteer, &proposed).unwrap();
        assert_ne!(public(site, &first), before);
    }

    fn what_fits_nowhere_is_kept_with_its_best_guesses(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let request = site.sends(activist, site.city());
        let wrong = format!("r-{}-aaaabbbbccccddddeeee@post.askance.example", request.reference);
        let mail = Reply::to(&request, "evil.example").about("Hello").addressed(&wrong).saying("Please read.");
        site.receives(&mail.raw(), &wrong);
        let found = matches(site, 1);
        assert_eq!((found.len(), found[0].certain), (1, false));
        assert!(words(&found[0]).contains("but its secret part is another one"), "{}", words(&found[0]));
        let nothing = Reply::to(&request, "evil.example").about("Hello").addressed(INFO).with_id("n@evil.example");
        site.receives(&nothing.saying("Which request is this?").raw(), INFO);
        assert!(matches(site, 2).is_empty());
        for id in [1, 2] {
            assert_eq!((site.message(id).request_id, site.message(id).state), (None, MessageState::Unmatched));
        }
    }

    fn reply_to_a_closed_request_and_one_in_upper_case_reach_it(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let request = site.sends(activist, site.city());
        let loud = request.reply_address.to_uppercase().replace('@', "+FOI@");
        // Blind copy: only the envelope says for whom it is.
        let refusal = Reply::to(&request, "brandau.example").about("Bescheid").addressed("undisclosed-recipients:;");
        site.receives(&refusal.saying(REFUSAL).raw(), &loud);
        assert_eq!(site.message(1).request_id, Some(request.id));
        let proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        settle(&site.ctx, &mut site.conn(), volunteer, &proposed).unwrap();
        let more = Reply::to(&request, "brandau.example").about("Nachtrag").with_id("more@brandau.example");
        site.receives(&more.saying("Ergänzend teilen wir mit, dass wir die Akten nun doch herausgeben.").raw(), &request.reply_address);
        assert_eq!((site.message(2).request_id, site.message(2).state), (Some(request.id), MessageState::Held));
        assert!(words(&matches(site, 2)[0]).contains("The request is closed."));
    }

    fn free_mailbox_is_nobodys_domain(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let village = site.authority("Gemeinde Ried", (AuthorityKind::Municipality, "de-nw-ifg", "de"), "gmx.de");
        let request = site.sends(activist, village);
        let other = Reply::to(&request, "gmx.de").about("Eingang").saying(RECEIPT);
        site.receives(&other.raw(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent"]);
        assert!(words(&matches(site, 1)[0]).contains("the authority writes from foi@gmx.de"));
        let own = other.from("foi@gmx.de").with_id("own@gmx.de");
        site.receives(&own.raw(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent", "acknowledged"]);
    }

    fn look_up_among_many_requests_is_bounded_and_quick(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let many = 20_000;
        site.conn().batch_execute(&format!(
            "INSERT INTO requests (reference, authority_id, person_id, form_key, bundle, language, title, signed_as, \
             regime, regime_version, reply_token_hash, reply_address, status, filed_at, last_event_at, events_count, folded) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many}) \
             SELECT '2020-' || (10000 + i), {city}, {activist}, 'many-' || i, 'x', 'de', 'x', 'x', 'de-nw-ifg', '1', \
             'hash-' || i, 'r-2020-' || (10000 + i) || '-aaaabbbbccccddddeeee@post.askance.example', 'sent', \
             '2020-01-01 00:00:00', '2020-01-01 00:00:00', 1, 'x' FROM n"
        )).unwrap();
        let typo = with_typo(&request.reply_address);
        let numbers: Vec<String> = (0..3_000).map(|n| format!("2020-{} Az. {n}/2020-X", 10_000 + n)).collect();
        let numbers = numbers.join(" ");
        let hostile = Reply::to(&request, "brandau.example").about("Antrag").addressed(&typo).saying(&numbers);
        let start = std::time::Instant::now();
        site.receives(&hostile.raw(), &typo);
        let patience = std::time::Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });
        assert!(start.elapsed() < patience, "took {:?}", start.elapsed());
        let found = matches(site, 1);
        assert!(found.len() <= 10 && found[0].request_id == request.id, "{found:?}");
    }
}
