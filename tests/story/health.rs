//! What a monitor sees at `/healthz`.

use crate::support::{Site, stories};
use askance::service::delivery;
use askance::store::outbox;
use askance::store::types::Role;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::fs::File;

fn seen(site: &Site) -> (u16, Value) {
    let browser = site.browser();
    let answer = browser.get("/healthz").dispatch();
    let status = answer.status().code;
    (status, serde_json::from_str(&answer.into_string().unwrap()).unwrap())
}

fn well(spool: i64, unknown: i64, oldest: i64) -> (u16, Value) {
    let told = json!({"database": true, "spool_oldest_seconds": spool, "letters_unknown": unknown,
                      "letters_oldest_seconds": oldest});
    (200, told)
}

stories! {
    fn monitor_sees_mail_and_letters_that_wait(site: &mut Site) {
        assert_eq!(seen(site), well(0, 0, 0));
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let filed = site.files(activist, city);
        assert_eq!(seen(site), well(0, 0, 0), "it may still be taken back");
        site.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(90));
        let note = site.ctx.config.blob_dir.join("spool/note.json");
        std::fs::write(&note, "{}").unwrap();
        File::options().write(true).open(&note).unwrap().set_modified((site.now() - TimeDelta::seconds(30)).into()).unwrap();
        assert_eq!(seen(site), well(30, 0, 90));
        let claim = outbox::Claim { worker: "dead", now: site.now(), until: site.now() + TimeDelta::seconds(45), per_minute: 0 };
        let (letter, _) = outbox::claim_due(&mut site.conn(), &claim).unwrap().unwrap();
        assert!(outbox::in_doubt(&mut site.conn(), letter.id, &claim).unwrap());
        site.ctx.clock.set(site.now() + TimeDelta::seconds(60));
        delivery::expire_leases(&site.ctx, &site.db).unwrap();
        assert_eq!(seen(site), well(90, 1, 0));
    }

    fn monitor_is_told_when_mail_cannot_be_taken_in(site: &mut Site) {
        let spool = site.ctx.config.blob_dir.join("spool");
        std::fs::remove_dir(&spool).unwrap();
        std::fs::write(&spool, "a file where the folder should be").unwrap();
        let (status, told) = seen(site);
        assert_eq!((status, &told["database"], &told["spool_oldest_seconds"]), (503, &json!(true), &Value::Null));
    }

    fn monitor_is_told_when_the_database_does_not_answer(site: &mut Site) {
        use askance::store::AnyConn;
        use diesel::connection::SimpleConnection;
        let gone = "ALTER TABLE outbox RENAME TO elsewhere";
        match &mut *site.conn() {
            AnyConn::Sqlite(c) => c.batch_execute(gone).unwrap(),
            AnyConn::Postgres(c) => c.batch_execute(gone).unwrap(),
        }
        let (status, told) = seen(site);
        assert_eq!((status, &told["database"], &told["letters_unknown"]), (503, &json!(false), &Value::Null));
    }
}
