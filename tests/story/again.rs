//! R10, R11, R12: what comes again is shown once, what only looks the same is kept, one mail to many is in each thread.

use crate::support::house::asked;
use crate::support::mail::Reply;
use crate::support::{LIBRARY, Site, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::incoming::documents::Supplied;
use askance::domain::incoming::understand_with_files;
use askance::service::intake::{Mail, accept, sweep};
use askance::store::requests::RequestRow;
use askance::store::schema::{arrivals, messages};
use askance::store::types::Role;
use diesel::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;

/// Mails of the corpus, evenly picked.
fn corpus(most: u64) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for folder in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")).unwrap() {
        let Ok(mails) = std::fs::read_dir(folder.unwrap().path()) else { continue };
        files.extend(
            mails
                .map(|mail| mail.unwrap().path())
                .filter(|path| path.extension().is_some_and(|e| e == "eml")),
        );
    }
    files.sort();
    assert!(files.len() > 50, "only {} mails", files.len());
    let step = files.len().div_ceil(usize::try_from(most).unwrap()).max(1);
    files.iter().step_by(step).map(|path| std::fs::read(path).unwrap()).collect()
}

fn city(site: &Site, n: usize) -> i64 {
    site.authority(&format!("Stadt {n}"), (AuthorityKind::Municipality, "de-nw-ifg", "de"), "brandau.example")
}

/// Messages now, and arrivals now.
fn counted(site: &Site) -> (i64, i64) {
    let mut conn = site.conn();
    (
        messages::table.count().get_result(&mut *conn).unwrap(),
        arrivals::table.count().get_result(&mut *conn).unwrap(),
    )
}

fn of(site: &Site, request: &RequestRow) -> i64 {
    messages::table.filter(messages::request_id.eq(request.id)).count().get_result(&mut *site.conn()).unwrap()
}

/// The same mail by another server, which writes its line at the top of the head.
fn came_another_way(raw: &[u8], n: usize) -> Vec<u8> {
    let line =
        format!("Received: from relay{n}.example by us.example; Mon, 14 Sep 2026 09:00:0{n} +0200\r\n");
    // A head that begins below empty lines begins there for that server, too.
    let (empty, rest) = raw.split_at(raw.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count());
    [empty, line.as_bytes(), rest].concat()
}

stories! {
    fn r10_every_mail_of_the_corpus_that_comes_again_is_shown_once(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let mails = corpus(asked("ASKANCE_MAILS_AGAIN", 12));
        let to = site.sends(person, city(site, 0)).reply_address;
        let (mut failed, mut known) = (Vec::new(), BTreeSet::new());
        for (number, raw) in mails.iter().enumerate() {
            let before = counted(site);
            // The same bytes; another Received; two routes at the same time.
            site.receives(raw, &to);
            site.receives(raw, &to);
            site.receives(&came_another_way(raw, 1), &to);
            let recipients = [to.clone()];
            std::thread::scope(|scope| {
                for (raw, via) in [(raw.clone(), "pipe"), (came_another_way(raw, 2), "imap")] {
                    let (site, recipients) = (&*site, &recipients);
                    scope.spawn(move || {
                        let db = (via == "imap").then_some(&site.db);
                        accept(site.ctx.door(), db, Mail { raw: &raw, recipients, via, handed: None }).unwrap();
                        sweep(site.ctx.door(), &site.db).unwrap();
                    });
                }
            });
            site.works();
            let after = counted(site);
            // Some mails of the corpus are one mail that is written in several ways.
            let (read, _) = understand_with_files(raw, &LIBRARY.knowledge, &Supplied::new());
            let new = i64::from(known.insert(read.content_key));
            if (after.0 - before.0, after.1 - before.1) != (new, 5) {
                failed.push((number, after.0 - before.0, after.1 - before.1));
            }
        }
        println!("r10 mails {} each five times, {} of them different; wrong: {failed:?}", mails.len(), known.len());
        assert!(known.len() * 4 > mails.len() * 3, "{} different mails", known.len());
        assert!(failed.is_empty(), "mail, messages, arrivals: {failed:?}");
    }

    fn r10_sixteen_at_once_are_one_message_with_sixteen_arrivals(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let request = site.sends(person, city(site, 0));
        let raw = Reply::to(&request, "brandau.example").saying("Der Antrag wird abgelehnt.").raw();
        let recipients = [request.reply_address.clone()];
        std::thread::scope(|scope| {
            for n in 0..16 {
                let (site, raw, recipients) = (&*site, &raw, &recipients);
                scope.spawn(move || {
                    let raw = if n % 2 == 0 { raw.clone() } else { came_another_way(raw, n % 10) };
                    let db = (n % 4 < 2).then_some(&site.db);
                    accept(site.ctx.door(), db, Mail { raw: &raw, recipients, via: "lmtp", handed: None }).unwrap();
                });
            }
        });
        site.works();
        assert_eq!(counted(site), (1, 16));
        assert_eq!(of(site, &request), 1);
    }

    fn r11_same_message_id_with_another_content_is_two_messages_and_people_are_told(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let contents = ["Ihr Antrag ist hier eingegangen.", "Der Antrag wird abgelehnt.", "Anbei die Unterlagen."];
        for n in 0..4 {
            let request = site.sends(person, city(site, n));
            let reply = Reply::to(&request, "brandau.example").with_id("one@brandau.example");
            for content in contents {
                site.receives(&reply.clone().saying(content).raw(), &request.reply_address);
            }
            assert_eq!(of(site, &request), 3, "thread {n}");
            let proposals: Vec<String> = messages::table
                .filter(messages::request_id.eq(request.id))
                .order(messages::id.asc())
                .select(messages::proposal)
                .load(&mut *site.conn())
                .unwrap();
            assert!(proposals[1..].iter().all(|text| text.contains("same Message-ID")), "{proposals:?}");
        }
    }

    fn r12_one_mail_to_k_requests_is_in_each_once_by_one_delivery_and_by_k(site: &mut Site) {
        let person = site.person("Mara Varga", Role::Activist);
        let mut made = 0;
        for (round, k) in [2, 3, 6].into_iter().enumerate() {
            for by_k in [false, true] {
                let requests: Vec<RequestRow> = (0..k).map(|_| { made += 1; site.sends(person, city(site, made)) }).collect();
                let addresses: Vec<String> = requests.iter().map(|request| request.reply_address.clone()).collect();
                let reply = Reply::to(&requests[0], "brandau.example").with_id(&format!("{round}-{by_k}@brandau.example"));
                let raw = reply.addressed(&addresses.join(", ")).saying("Die Anträge werden abgelehnt.").raw();
                let deliveries: Vec<Vec<String>> =
                    if by_k { addresses.iter().map(|one| vec![one.clone()]).collect() } else { vec![addresses.clone()] };
                // Each delivery comes twice.
                for recipients in deliveries.iter().chain(&deliveries) {
                    accept(site.ctx.door(), Some(&site.db), Mail { raw: &raw, recipients, via: "lmtp", handed: None }).unwrap();
                }
                site.works();
                let copies: Vec<i64> = requests.iter().map(|request| of(site, request)).collect();
                assert_eq!(copies, vec![1; k], "k {k}, by k deliveries: {by_k}");
            }
        }
    }
}
