//! The authority answers, a volunteer settles it, the clock follows the law.

use crate::support::mail::Reply;
use crate::support::{Site, day, stories};
use askance::domain::request::state::{Outcome, Status};
use askance::service::triage::{assign, proposed_settlement, settle};
use askance::store::messages;
use askance::store::types::{MessageState, Role};

stories! {
    fn acknowledgement_is_recorded_by_itself_and_stops_no_clock(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let reply = Reply::to(&request, "brandau.example")
            .about("Eingangsbestätigung")
            .saying("Sehr geehrte Frau Varga,\n\nhiermit bestätige ich den Eingang Ihres Antrags. Ihr Antrag ist hier eingegangen und wird unter dem Aktenzeichen 12-345/2026 bearbeitet.\n\nMit freundlichen Grüßen");
        site.receives(&reply.raw(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent", "acknowledged"]);
        site.days_pass(40);
        assert_eq!(site.kinds(request.id).last(), Some(&"overdue"));
        assert!(site.standing(&request.reference).starts_with("Overdue by"));
    }

    fn out_of_office_reply_hides_no_late_authority(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let reply = Reply::to(&request, "brandau.example")
            .about("Automatische Antwort: Antrag")
            .with("Auto-Submitted: auto-replied")
            .saying("Ich bin bis zum 30. September nicht im Büro.");
        site.receives(&reply.raw(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent", "auto_replied"]);
        assert_eq!(site.request(&request.reference).status, Status::Sent);
        site.days_pass(40);
        assert!(site.standing(&request.reference).starts_with("Overdue by"));
    }

    fn refusal_waits_for_a_person_and_then_ends_the_request(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let city = site.city();
        let request = site.sends(activist, city);
        let reply = Reply::to(&request, "brandau.example").saying(
            "Sehr geehrte Frau Varga,\n\nIhr Antrag wird abgelehnt. Dem Informationszugang steht § 6 Satz 1 Buchst. a IFG NRW entgegen.\nRückfragen an sachbearbeitung@brandau.example, Tel. 0211 1234567.\n\nMit freundlichen Grüßen\nPetra Mustermann",
        );
        site.receives(&reply.raw(), &request.reply_address);
        let waiting = messages::find(&mut site.conn(), 1).unwrap().unwrap();
        assert_eq!(waiting.state, MessageState::Held);
        assert_eq!(site.request(&request.reference).status, Status::Sent, "nothing is decided without a person");

        let proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        assert_eq!(proposed.outcome, Some(Outcome::Refused));
        let public = proposed.publish.clone().unwrap();
        for private in ["Varga", "Petra", "1234567", "sachbearbeitung@"] {
            assert!(!public.contains(private), "{private} in {public}");
        }
        settle(&site.ctx, &mut site.conn(), volunteer, &proposed).unwrap();
        let ended = site.request(&request.reference);
        assert_eq!((ended.status, ended.outcome), (Status::Answered, Some(Outcome::Refused)));
        site.days_pass(60);
        assert_eq!(site.standing(&request.reference), "Refused");
    }

    fn extension_within_the_law_moves_the_due_day(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let county = site.authority("Carrowmore County Council", (askance::domain::authority::AuthorityKind::Municipality, "ie-foi", "en"), "carrowmore.example");
        let request = site.sends(activist, county);
        assert_eq!(request.due_on, Some(day("2026-10-05")));
        let reply = Reply::to(&request, "carrowmore.example")
            .saying("Dear Ms Varga,\n\nWe are extending the time limit under section 14 of the Act. You can expect our decision by 2 November 2026.\n\nYours sincerely");
        site.receives(&reply.raw(), &request.reply_address);
        let mut proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        proposed.kind = askance::domain::incoming::reading::Kind::Extension;
        proposed.until = Some(day("2026-11-02"));
        settle(&site.ctx, &mut site.conn(), volunteer, &proposed).unwrap();
        let extended = site.request(&request.reference);
        assert_eq!((extended.status, extended.due_on), (Status::Extended, Some(day("2026-11-02"))));
        site.days_pass(50);
        assert_eq!(site.state(request.id).overdue_since, None);
        site.days_pass(10);
        assert_eq!(site.state(request.id).overdue_since, Some(day("2026-11-02")));
    }

    fn extension_beyond_the_maximum_moves_the_due_day_only_to_the_maximum(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let county = site.authority("Carrowmore County Council", (askance::domain::authority::AuthorityKind::Municipality, "ie-foi", "en"), "carrowmore.example");
        let request = site.sends(activist, county);
        let reply = Reply::to(&request, "carrowmore.example").saying("We are extending the time limit. You can expect our decision by 24 December 2026.");
        site.receives(&reply.raw(), &request.reply_address);
        let mut proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        proposed.kind = askance::domain::incoming::reading::Kind::Extension;
        proposed.until = Some(day("2026-12-24"));
        settle(&site.ctx, &mut site.conn(), volunteer, &proposed).unwrap();
        // 20 and 20 working days, with the October bank holiday left out: s. 14 FOI Act 2014.
        assert_eq!(site.request(&request.reference).due_on, Some(day("2026-11-03")));
    }

    fn bounce_says_that_the_letter_did_not_arrive(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let sent = site.sent.lock().unwrap()[0].clone();
        let id = mailparse::parse_headers(&sent.bytes).unwrap().0.iter().find(|h| h.get_key() == "Message-ID").unwrap().get_value();
        let report = format!(
            "From: MAILER-DAEMON@mx.brandau.example\r\nTo: {}\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <b1@mx.brandau.example>\r\nDate: Mon, 07 Sep 2026 12:30:00 +0200\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nThis is the mail system. Your message could not be delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.brandau.example\r\n\r\nFinal-Recipient: rfc822; foi@brandau.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {id}\r\nSubject: Antrag\r\n\r\n--b--\r\n",
            request.reply_address
        );
        site.receives(report.as_bytes(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent", "bounced"]);
        assert_eq!(site.request(&request.reference).status, Status::Undelivered);
    }

    fn bounce_of_a_letter_we_never_wrote_is_put_before_a_person(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let report = |recipient: &str, id: &str| {
            format!(
                "From: MAILER-DAEMON@mx.elsewhere.example\r\nTo: {}\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <{id}@mx.elsewhere.example>\r\nDate: Mon, 07 Sep 2026 12:30:00 +0200\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.elsewhere.example\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n",
                request.reply_address
            )
        };
        site.receives(report("nobody@elsewhere.example", "f1").as_bytes(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent"]);
        assert_eq!(messages::find(&mut site.conn(), 1).unwrap().unwrap().state, MessageState::Held);
        site.receives(report("FOI@brandau.example", "f2").as_bytes(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent", "bounced"]);
        let letters = askance::store::desk::letters::of_pile(&mut site.conn(), askance::store::desk::letters::Pile::NeedYou, 0).unwrap();
        assert_eq!(letters.iter().map(|letter| letter.reference.as_str()).collect::<Vec<_>>(), [request.reference.as_str()]);
        assert!(letters.iter().all(askance::store::desk::letters::Letter::came_back));
    }

    fn sender_of_another_domain_never_speaks_for_the_authority(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let reply = Reply::to(&request, "brandau.example")
            .from("Poststelle <poststelle@elsewhere.example>")
            .about("Eingangsbestätigung")
            .saying("hiermit bestätige ich den Eingang Ihres Antrags. Ihr Antrag ist hier eingegangen.");
        site.receives(&reply.raw(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent"]);
        assert_eq!(messages::find(&mut site.conn(), 1).unwrap().unwrap().state, MessageState::Held);
    }

    fn unmatched_mail_is_filed_by_a_person(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let volunteer = site.person("Theo Okafor", Role::Volunteer);
        let city = site.city();
        let request = site.sends(activist, city);
        let raw = Reply::to(&request, "brandau.example").about("Wegen Ihrer Anfrage").addressed("info@post.askance.example").saying("Ihr Antrag wird abgelehnt.").raw();
        site.receives(&raw, "info@post.askance.example");
        assign(&site.ctx, &mut site.conn(), volunteer, 1, &request.reference).unwrap();
        let message = messages::find(&mut site.conn(), 1).unwrap().unwrap();
        // The sender is compared with the authority it is filed under now.
        assert!(message.proposal.contains("\"foreign_sender\":false"), "{}", message.proposal);
        assert_eq!((message.request_id, message.state), (Some(request.id), MessageState::Held));
        let proposed = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        settle(&site.ctx, &mut site.conn(), volunteer, &proposed).unwrap();
        assert_eq!(site.request(&request.reference).outcome, Some(Outcome::Refused));
    }

    fn chains_of_events_and_audit_are_whole_and_show_a_change(site: &mut Site) {
        use askance::store::{audit, requests};
        use diesel::connection::SimpleConnection;
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        assert_eq!(requests::verify_chain(&mut site.conn()).unwrap(), (2, None));
        assert_eq!(audit::verify(&mut site.conn()).unwrap(), (1, None));
        site.conn().batch_execute("UPDATE events SET person_id = 1 WHERE seq = 2").unwrap();
        assert_eq!(requests::verify_chain(&mut site.conn()).unwrap().1, Some((request.id, 2)));
    }
}

stories! {
    fn decision_that_a_machine_sent_waits_for_a_person(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let reply = Reply::to(&request, "brandau.example")
            .about("Bescheid")
            .with("Auto-Submitted: auto-generated")
            .saying("Sehr geehrte Frau Varga,\n\nIhr Antrag wird abgelehnt. Dem Informationszugang steht § 6 Satz 1 Buchst. a IFG NRW entgegen.");
        site.receives(&reply.raw(), &request.reply_address);
        assert_eq!(site.kinds(request.id), ["filed", "sent"]);
        assert_eq!(messages::find(&mut site.conn(), 1).unwrap().unwrap().state, MessageState::Held);
    }

    fn reply_to_a_letter_of_unknown_fate_proves_that_it_arrived(site: &mut Site) {
        use askance::service::delivery;
        use askance::store::outbox;
        use askance::store::types::OutboxState;
        use chrono::TimeDelta;
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let filed = site.files(activist, city);
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        let claim = outbox::Claim { worker: "dead", now: site.now(), until: site.now() + TimeDelta::minutes(1), per_minute: 0 };
        let (letter, _) = outbox::claim_due(&mut site.conn(), &claim).unwrap().unwrap();
        assert!(outbox::in_doubt(&mut site.conn(), letter.id, &claim).unwrap());
        site.ctx.clock.set(site.now() + TimeDelta::hours(1));
        delivery::expire_leases(&site.ctx, &site.db).unwrap();
        let request = site.request(&filed.reference);
        let reply = Reply::to(&request, "brandau.example")
            .about("Eingangsbestätigung")
            .saying("hiermit bestätige ich den Eingang Ihres Antrags. Ihr Antrag ist hier eingegangen und wird unter dem Aktenzeichen 12-345/2026 bearbeitet.");
        site.receives(&reply.raw(), &request.reply_address);
        assert_eq!(outbox::find(&mut site.conn(), letter.id).unwrap().unwrap().state, OutboxState::Accepted);
        site.works();
        let request = site.request(&filed.reference);
        assert_eq!((request.status, request.due_on), (Status::Acknowledged, Some(day("2026-10-07"))));
        site.days_pass(40);
        assert_eq!(site.state(request.id).overdue_since, Some(day("2026-10-07")));
    }
}
