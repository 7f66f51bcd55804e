//! Mail that matches no request is ranked again when something is learnt, at whatever instant; nobody waits for that.

use crate::story::matching::{INFO, RECEIPT, matches};
use crate::story::placing::slow_mail;
use crate::support::mail::Reply;
use crate::support::{Site, stories};
use askance::domain::incoming::matching::Reason;
use askance::service::intake::{self, Mail};
use askance::service::triage::{rank_next, read_next};
use askance::store::matching::again::{self, ANYWAY};
use askance::store::requests::RequestRow;
use askance::store::types::{MessageState, Role};
use askance::store::{Error, matching, messages, transaction};
use askance::worker::{self, Parts};
use diesel::connection::SimpleConnection;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Is safe, and not read yet.
fn waits(site: &Site, raw: &[u8], recipient: &str) {
    let recipients = [recipient.to_owned()];
    intake::accept(
        site.ctx.door(),
        Some(&site.db),
        Mail { raw, recipients: &recipients, via: "lmtp", handed: None },
    )
    .unwrap();
}

/// A stranger's mail that names a file number.
fn about(request: &RequestRow, key: &str, number: &str) -> Vec<u8> {
    let mail = Reply::to(request, "elsewhere.example").about(&format!("Az. {number}")).addressed(INFO);
    mail.with_id(&format!("{key}@elsewhere.example")).saying(&format!("Guten Tag. {key}")).raw()
}

fn words(site: &Site, id: i64) -> String {
    matches(site, id)
        .iter()
        .flat_map(|found| &found.reasons)
        .map(Reason::in_words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A request, and a reply to it that gives no file number.
fn answered(site: &Site) -> RequestRow {
    let request = site.sends(site.person("Mara Varga", Role::Activist), site.city());
    let reply = Reply::to(&request, "brandau.example").about("Rückruf").saying("Bitte rufen Sie zurück.");
    site.receives(&reply.raw(), &request.reply_address);
    assert_eq!(site.message(1).request_id, Some(request.id));
    request
}

fn marked(site: &Site) -> usize {
    again::touched(&mut site.conn(), 99).unwrap().len()
}

stories! {
    fn mail_that_is_placed_while_something_is_learnt_is_ranked_by_it(site: &mut Site) {
        let request = answered(site);
        waits(site, &about(&request, "2", "32-1024/2026"), INFO);
        std::thread::scope(|scope| {
            transaction(&mut site.conn(), |conn| {
                matching::know_file_numbers(conn, (request.id, 1), &["32-1024/2026".to_owned()])?;
                scope.spawn(|| read_next(&site.ctx, &site.db, &site.cage, 10).unwrap());
                // Long enough to rank a small mail by what was known before; PostgreSQL places it, too.
                std::thread::sleep(Duration::from_millis(800));
                Ok::<(), Error>(())
            })
            .unwrap();
        });
        assert_eq!(site.message(2).state, MessageState::Unmatched);
        site.works();
        assert!(words(site, 2).contains("the file number 32-1024/2026"), "{}", words(site, 2));
        assert_eq!(marked(site), 0);
    }

    fn mail_is_ranked_again_only_where_something_was_learnt_since(site: &mut Site) {
        let request = answered(site);
        waits(site, &about(&request, "2", "32-1024/2026"), INFO);
        read_next(&site.ctx, &site.db, &site.cage, 10).unwrap();
        assert_eq!(marked(site), 1, "until it is known that nothing was learnt while it was placed");
        let guessed = |words: &str| {
            let sql = format!("UPDATE messages SET proposal = '{words}' WHERE id = 2");
            site.conn().batch_execute(&sql).unwrap();
        };
        // Whoever ranks it puts its own guess in this one's place.
        guessed("null");
        rank_next(&site.ctx, &site.db, 10).unwrap();
        assert_eq!((site.message(2).proposal.as_str(), marked(site)), ("null", 0), "nothing was learnt");
        let learn = |number: &str| {
            transaction(&mut site.conn(), |conn| matching::know_file_numbers(conn, (request.id, 1), &[number.to_owned()]))
                .unwrap();
        };
        learn("99-9999/2026");
        rank_next(&site.ctx, &site.db, 10).unwrap();
        assert_eq!(site.message(2).proposal, "null", "what was learnt is nothing to it");
        learn("32-1024/2026");
        rank_next(&site.ctx, &site.db, 10).unwrap();
        assert!(words(site, 2).contains("the file number 32-1024/2026"));
        assert_eq!(marked(site), 0);
    }

    fn mail_that_is_written_after_mail_was_told_what_its_ranking_did_not_know_is_ranked_by_it(site: &mut Site) {
        let request = answered(site);
        waits(site, &about(&request, "2", "32-1024/2026"), INFO);
        read_next(&site.ctx, &site.db, &site.cage, 10).unwrap();
        let ranked_at = again::turn(&mut site.conn()).unwrap();
        // As if it were ranked and not written yet: nobody finds it.
        transaction(&mut site.conn(), |conn| {
            again::drop_keys(conn, 2)?;
            matching::know_file_numbers(conn, (request.id, 1), &["32-1024/2026".to_owned()])
        })
        .unwrap();
        assert_eq!(rank_next(&site.ctx, &site.db, 10).unwrap(), 0);
        // Now it is written, as its ranking saw it.
        transaction(&mut site.conn(), |conn| {
            again::keep(conn, 2, &["host:elsewhere.example".to_owned()])?;
            again::mark(conn, 2, ranked_at)
        })
        .unwrap();
        assert!(!words(site, 2).contains("the file number"));
        rank_next(&site.ctx, &site.db, 10).unwrap();
        assert!(words(site, 2).contains("the file number 32-1024/2026"), "{}", words(site, 2));
        assert_eq!(marked(site), 0);
    }

    fn two_who_learn_of_the_same_mails_in_another_order_do_not_wait_for_each_other(site: &mut Site) {
        let request = answered(site);
        for (key, number) in [("2", "32-1024/2026"), ("3", "32-2048/2026")] {
            site.receives(&about(&request, key, number), INFO);
        }
        let receipt = Reply::to(&request, "brandau.example").about("Eingang").with_id("four@brandau.example");
        site.receives(&receipt.saying(&RECEIPT.replace("32-1024", "32-4096")).raw(), &request.reply_address);
        let keys: Vec<String> = ["32-1024/2026", "32-2048/2026"].map(str::to_owned).into();
        let learn = |message: i64, order: [usize; 2], (tell, heard): (std::sync::mpsc::Sender<()>, std::sync::mpsc::Receiver<()>)| {
            transaction(&mut site.conn(), |conn| {
                matching::know_file_numbers(conn, (request.id, message), &[keys[order[0]].clone()])?;
                let _ = tell.send(());
                // On SQLite the other begins when this one has ended.
                let _ = heard.recv_timeout(Duration::from_millis(700));
                matching::know_file_numbers(conn, (request.id, message), &[keys[order[1]].clone()])
            })
        };
        let ((tell_one, hear_one), (tell_two, hear_two)) = (channel(), channel());
        let (one, two) = std::thread::scope(|scope| {
            let learn = &learn;
            let one = scope.spawn(move || learn(1, [0, 1], (tell_one, hear_two)));
            let two = scope.spawn(move || learn(4, [1, 0], (tell_two, hear_one)));
            (one.join().unwrap(), two.join().unwrap())
        });
        assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
        site.works();
        // Each message gives the number that it was last said to give.
        assert!(words(site, 2).contains("the file number 32-1024/2026"), "{}", words(site, 2));
        assert!(words(site, 3).contains("the file number 32-2048/2026"), "{}", words(site, 3));
    }

    fn four_who_mark_and_rank_at_once_leave_nothing_undone(site: &mut Site) {
        let request = answered(site);
        for n in 2..8 {
            site.receives(&about(&request, &n.to_string(), "32-1024/2026"), INFO);
        }
        let (site, number) = (&*site, "32-1024/2026".to_owned());
        std::thread::scope(|scope| {
            for turn in 0..4 {
                let number = number.clone();
                scope.spawn(move || {
                    // Each has something to tell; one of them something that is news to the mails.
                    let keys = [format!("number:{turn}")];
                    transaction(&mut site.conn(), |conn| match turn {
                        3 => matching::know_file_numbers(conn, (request.id, 1), &[number]),
                        _ => again::touch(conn, &keys),
                    })
                    .unwrap();
                    rank_next(&site.ctx, &site.db, 100).unwrap();
                });
            }
        });
        site.works();
        assert_eq!(marked(site), 0);
        for id in 2..8 {
            assert!(words(site, id).contains("the file number 32-1024/2026"), "{id}: {}", words(site, id));
        }
    }

    fn mail_that_is_ranked_again_slowly_keeps_no_new_mail_waiting(site: &mut Site) {
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let slow = String::from_utf8(slow_mail(site, (activist, city), 20)).unwrap();
        for n in 0..3 {
            waits(site, slow.replace("Message-ID: <", &format!("Message-ID: <{n}")).as_bytes(), INFO);
        }
        site.works();
        assert!(messages::find(&mut site.conn(), 3).unwrap().is_some());
        for id in 1..=3 {
            transaction(&mut site.conn(), |conn| again::mark(conn, id, ANYWAY)).unwrap();
        }
        let cage = Arc::new(askance::service::cage::Cage::here(site.ctx.library.knowledge.clone()));
        let parts = Parts { context: Arc::clone(&site.ctx), db: site.db.clone(), cage, transport: None };
        let workers = worker::start(&parts).unwrap();
        waits(site, &Reply::to(&site.request("2020-10001"), "brandau.example").saying("Guten Tag.").raw(), INFO);
        let began = Instant::now();
        while site.message(4).state == MessageState::Received && began.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let left = marked(site);
        workers.stop(Duration::from_secs(60));
        assert_ne!(site.message(4).state, MessageState::Received);
        assert!(left > 0, "read only when all were ranked, after {:?}", began.elapsed());
    }
}
