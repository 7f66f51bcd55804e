//! Mail that reached us is never lost, hidden or shown twice.

use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::service::intake::{Mail, accept, sweep};
use askance::store::types::{MessageState, Role};
use askance::store::{AnyConn, messages};
use diesel::connection::SimpleConnection;

/// The states of all messages.
fn states(site: &Site) -> Vec<MessageState> {
    (1..200).filter_map(|id| messages::find(&mut site.conn(), id).unwrap()).map(|m| m.state).collect()
}

stories! {
    fn same_mail_by_two_ways_is_one_message(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let reply = Reply::to(&request, "brandau.example").saying("Der Antrag wird abgelehnt.");
        site.receives(&reply.raw(), &request.reply_address);
        site.receives(&reply.raw(), &request.reply_address);
        // Another route adds another Received line.
        site.receives(&reply.clone().with("Received: from elsewhere.example by us.example; Mon, 14 Sep 2026 09:00:01 +0200").raw(), &request.reply_address);
        assert_eq!(states(site), [MessageState::Held]);
    }

    fn same_mail_in_sixteen_deliveries_at_once_is_one_message(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let raw = Reply::to(&request, "brandau.example").saying("Der Antrag wird abgelehnt.").raw();
        let recipients = [request.reply_address.clone()];
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    let mail = Mail { raw: &raw, recipients: &recipients, via: "lmtp", handed: None };
                    accept(site.ctx.door(), Some(&site.db), mail).unwrap();
                });
            }
        });
        site.works();
        assert_eq!(states(site), [MessageState::Held]);
        assert!(site.ctx.blobs.spooled().unwrap().is_empty());
    }

    fn same_message_id_with_another_content_is_kept_and_flagged(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let reply = Reply::to(&request, "brandau.example").with_id("one@brandau.example");
        site.receives(&reply.clone().saying("Ihr Antrag ist hier eingegangen.").raw(), &request.reply_address);
        site.receives(&reply.saying("Der Antrag wird abgelehnt.").raw(), &request.reply_address);
        let held = messages::find(&mut site.conn(), 2).unwrap().unwrap();
        assert_eq!(held.state, MessageState::Held);
        assert!(held.proposal.contains("same Message-ID"), "{}", held.proposal);
    }

    fn one_mail_to_three_requests_is_one_message_in_each(site: &mut Site) {
        use askance::domain::authority::AuthorityKind;
        let activist = site.person("Mara Varga", Role::Activist);
        let requests: Vec<_> = ["a", "b", "c"]
            .iter()
            .map(|n| site.authority(&format!("Stadt {n}"), (AuthorityKind::Municipality, "de-nw-ifg", "de"), "brandau.example"))
            .map(|city| site.sends(activist, city))
            .collect();
        let to = requests.iter().map(|r| r.reply_address.clone()).collect::<Vec<_>>().join(", ");
        let raw = Reply::to(&requests[0], "brandau.example").addressed(&to).saying("Die Anträge werden abgelehnt.").raw();
        // Once for all, then once for each.
        site.receives(&raw, &requests[0].reply_address);
        for request in &requests {
            site.receives(&raw, &request.reply_address);
        }
        let filed: Vec<Option<i64>> =
            (1..50).filter_map(|id| messages::find(&mut site.conn(), id).unwrap()).map(|m| m.request_id).collect();
        for request in &requests {
            assert_eq!(filed.iter().filter(|of| **of == Some(request.id)).count(), 1, "{filed:?}");
        }
        assert_eq!(filed.len(), 3);
    }

    fn mail_that_matches_no_request_waits(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let reply = Reply::to(&request, "brandau.example").about("Wegen Ihrer Anfrage").saying("Der Antrag wird abgelehnt.");
        site.receives(&reply.addressed("r-2026-0001-aaaaaaaaaaaaaaaaaaaa@post.askance.example").raw(), "r-2026-0001-aaaaaaaaaaaaaaaaaaaa@post.askance.example");
        assert_eq!(states(site), [MessageState::Unmatched]);
    }

    fn one_bad_entry_of_the_spool_holds_up_no_other_mail(site: &mut Site) {
        let spool = site.ctx.config.blob_dir.join("spool");
        std::fs::create_dir(spool.join("00-folder.json")).unwrap();
        std::os::unix::fs::symlink("/nowhere", spool.join("01-link.json")).unwrap();
        std::fs::write(spool.join("02-note.json"), "no note").unwrap();
        // No database takes this: the number is larger than any.
        std::fs::write(spool.join("03-note.json"), r#"{"sha256":"","size":99999999999999999999,"recipients":[""],"via":"pipe","arrived_at":"2026-09-07T10:00:00Z"}"#).unwrap();
        let raw = b"Subject: Ihr Antrag\r\n\r\nDer Antrag wird abgelehnt.\r\n";
        accept(site.ctx.door(), None, Mail { raw, recipients: &["x@post.askance.example".to_owned()], via: "pipe", handed: None }).unwrap();
        for entered in [1, 0] {
            assert_eq!(sweep(site.ctx.door(), &site.db).unwrap(), entered);
        }
        assert_eq!(states(site).len(), 1);
        let left: Vec<String> = site.ctx.blobs.spooled().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(left, ["02-note.json", "03-note.json"], "they stay where they are");
    }

    fn a_locked_database_keeps_no_sender_waiting(site: &mut Site) {
        let mut other = site.conn();
        match &mut *other {
            AnyConn::Sqlite(c) => c.batch_execute("BEGIN IMMEDIATE").unwrap(),
            AnyConn::Postgres(c) => c.batch_execute("BEGIN; LOCK TABLE messages IN ACCESS EXCLUSIVE MODE").unwrap(),
        }
        // Without an end of its patience this would wait for ever: the lock is ours.
        let mail = Mail { raw: b"Subject: x\r\n\r\nx\r\n", recipients: &["x@post.askance.example".to_owned()], via: "lmtp", handed: None };
        accept(site.ctx.door(), Some(&site.db), mail).unwrap();
        assert_eq!(site.ctx.blobs.spooled().unwrap().len(), 1);
        other.batch_execute("ROLLBACK").unwrap();
        assert_eq!((sweep(site.ctx.door(), &site.db).unwrap(), states(site).len()), (1, 1));
    }

    fn half_written_files_are_removed_when_they_are_old(site: &mut Site) {
        let folder = site.ctx.config.blob_dir.join("tmp");
        std::fs::write(folder.join("old"), "private").unwrap();
        std::fs::write(folder.join("new"), "being written").unwrap();
        let hour = std::time::Duration::from_secs(3600);
        let now = std::fs::metadata(folder.join("new")).unwrap().modified().unwrap();
        std::fs::File::options().write(true).open(folder.join("old")).unwrap().set_modified(now - hour * 2).unwrap();
        assert_eq!([site.ctx.blobs.tidy(now - hour).unwrap(), site.ctx.blobs.tidy(now - hour).unwrap()], [1, 0]);
        assert!(folder.join("new").exists() && !folder.join("old").exists());
    }

    fn note_that_the_database_refuses_holds_up_no_other_mail(site: &mut Site) {
        let recipients = ["x@post.askance.example".to_owned()];
        for raw in ["Subject: one\r\n\r\none\r\n", "Subject: two\r\n\r\ntwo\r\n"] {
            let mail = Mail { raw: raw.as_bytes(), recipients: &recipients, via: "pipe", handed: None };
            accept(site.ctx.door(), None, mail).unwrap();
        }
        let first = askance::store::blobs::sha256(b"Subject: one\r\n\r\none\r\n");
        match &mut *site.conn() {
            AnyConn::Sqlite(c) => c.batch_execute(&format!("CREATE TRIGGER refuses BEFORE INSERT ON messages WHEN NEW.blob_sha256 = '{first}' BEGIN SELECT RAISE(ABORT, 'no'); END")).unwrap(),
            AnyConn::Postgres(c) => c.batch_execute(&format!("ALTER TABLE messages ADD CHECK (blob_sha256 <> '{first}')")).unwrap(),
        }
        assert_eq!(sweep(site.ctx.door(), &site.db).unwrap(), 1);
        assert_eq!((states(site).len(), site.ctx.blobs.spooled().unwrap().len()), (1, 1));
    }

    fn reply_address_in_capitals_is_the_same_address(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let raw = Reply::to(&request, "brandau.example").addressed("undisclosed-recipients:;").saying("Der Antrag wird abgelehnt.").raw();
        site.receives(&raw, &request.reply_address.to_uppercase());
        assert_eq!(messages::find(&mut site.conn(), 1).unwrap().unwrap().request_id, Some(request.id));
    }

    fn rubbish_is_kept_and_shown(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let rubbish: Vec<u8> = (0..4000_u32).map(|n| u8::try_from(n * 7 % 256).unwrap()).collect();
        site.receives(&rubbish, &request.reply_address);
        let kept = messages::find(&mut site.conn(), 1).unwrap().unwrap();
        assert_eq!(kept.request_id, Some(request.id));
        assert_eq!(site.ctx.blobs.get(&kept.blob_sha256).unwrap(), rubbish);
    }
}

stories! {
    fn mail_with_a_monstrous_message_id_stops_no_other(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        // Random, so that the database cannot press it small.
        let monstrous: String = (0..9000_u64)
            .map(|n| char::from(b'a' + u8::try_from(n.wrapping_mul(2_654_435_761) / 65_536 % 26).unwrap()))
            .collect();
        let reply = Reply::to(&request, "brandau.example").saying("Der Antrag wird abgelehnt.");
        site.receives(&reply.clone().with_id(&format!("{monstrous}@brandau.example")).raw(), &request.reply_address);
        site.receives(&reply.with_id("small@brandau.example").raw(), &request.reply_address);
        assert_eq!(states(site), [MessageState::Held, MessageState::Held]);
    }

    fn mail_to_thousands_of_invented_addresses_stops_no_other(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let crowd: Vec<String> = (0..20_000)
            .map(|n| format!("r-2026-{n:04}-{}@post.askance.example", "abcdefghij".repeat(2).replace('j', &char::from(b'a' + u8::try_from(n % 26).unwrap()).to_string())))
            .collect();
        let reply = Reply::to(&request, "brandau.example").saying("Der Antrag wird abgelehnt.");
        site.receives(&reply.clone().addressed(&crowd.join(",\r\n ")).raw(), &request.reply_address);
        site.receives(&reply.with_id("small@brandau.example").raw(), &request.reply_address);
        assert!(states(site).iter().all(|state| *state == MessageState::Held), "{:?}", states(site));
    }

    fn four_readers_record_each_mail_once(site: &mut Site) {
        use askance::service::triage::read_next;
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let recipients = [request.reply_address.clone()];
        for n in 0..12 {
            let raw = Reply::to(&request, "brandau.example")
                .about("Automatische Antwort")
                .with("Auto-Submitted: auto-replied")
                .with_id(&format!("auto-{n}@brandau.example"))
                .saying(&format!("Ich bin nicht im Büro. ({n})"))
                .raw();
            accept(site.ctx.door(), Some(&site.db), Mail { raw: &raw, recipients: &recipients, via: "lmtp", handed: None }).unwrap();
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| while read_next(&site.ctx, &site.db, &site.cage, 100).unwrap() > 0 {});
            }
        });
        // They say the same, so one is recorded and stands for the rest.
        let events = site.kinds(request.id);
        assert_eq!(events.iter().filter(|kind| **kind == "auto_replied").count(), 1, "{events:?}");
        let lines = askance::store::desk::requests::messages(&mut site.conn(), request.id).unwrap();
        assert_eq!(lines.iter().map(|line| line.folded + 1).sum::<i64>(), 12);
    }
}
