//! A queue that grew long: everything is in it, in its order, and a page of it costs what a page costs.

use super::{Desk, between};
use crate::support::stories;
use diesel::connection::SimpleConnection;
use std::time::{Duration, Instant};

/// Messages `from..=to` wait, each with a reading as long as a letter with files; every third is a refusal.
fn wait(desk: &Desk, (from, to): (i64, i64)) {
    let long = "lorem ipsum dolor ".repeat(2_500);
    let reading = format!(
        "{{\"full_text\":\"{long}\",\"reading\":{{\"kind\":\"refusal\",\"evidence\":[{{\"text\":\"Ihr Antrag wird abgelehnt\",\"where\":\"body\"}}]}}}}"
    );
    desk.db
        .conn()
        .unwrap()
        .batch_execute(&format!(
            "INSERT INTO messages (direction, state, content_key, scope, blob_sha256, size, recipient, received_at, \
             to_addresses, subject, automatic, language, kind, confidence, own_text, reading, proposal, held_reason, told) \
             WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to}) \
             SELECT 'in', 'unmatched', 'c-' || i, 's-' || i, 'x', 1, 'x', '2026-11-01 00:00:00', '[]', \
             'Letter no. ' || i, 'none', 'de', CASE WHEN i % 3 = 0 THEN 'refusal' ELSE 'other' END, 0.5, '{long}', \
             '{reading}', 'null', 'Say what it is.', FALSE FROM n"
        ))
        .unwrap();
}

/// The quickest of some calls, after one that warms up.
fn quickest(desk: &Desk, path: &str) -> Duration {
    desk.page(path);
    let call = || {
        let start = Instant::now();
        desk.page(path);
        start.elapsed()
    };
    (0..15).map(|_| call()).min().unwrap()
}

stories! {
    fn queue_of_thousands_is_whole_in_order_and_as_quick_as_a_short_one(desk: &mut Desk) {
        let (late, soon) = (desk.asks("Stadt Brandau"), desk.asks("Stadt Altmoor"));
        desk.volunteer_signs_in();
        wait(desk, (1, 60));
        let short = quickest(desk, "/desk");
        assert!(desk.page("/desk").contains("1–50 of 60"));
        wait(desk, (61, 3_000));
        let long = quickest(desk, "/desk");
        let deep = quickest(desk, "/desk?page=59");
        println!("a page of 60: {short:?}, of 3,000: {long:?}, the last of them: {deep:?}");
        let page = desk.page("/desk");
        assert!(page.contains("1–50 of 3000") && page.contains("3,000 messages wait"), "{}", between(&page, "<h1", "<table"));
        assert!(page.contains("Ihr Antrag wird abgelehnt"), "the passage that shows its kind");
        assert!(page.contains("Letter no. 1<") && !page.contains("Letter no. 51<"));
        let last = desk.page("/desk?page=59");
        assert!(last.contains("2951–3000 of 3000") && last.contains("Letter no. 3000<"));
        let refusals = desk.page("/desk?kind=refusal&page=19");
        assert!(refusals.contains("951–1000 of 1000") && refusals.contains("1000 of 3,000 messages wait"));
        assert!(refusals.contains("Letter no. 3000<") && !refusals.contains("Letter no. 2999<"));
        assert!(long < 2 * short + Duration::from_millis(60), "{short:?} for 60, {long:?} for 3,000");
        assert!(deep < 2 * short + Duration::from_millis(60), "{short:?} for 60, {deep:?} for the last of 3,000");
        // What falls due stands on top, the earliest first, however late it came; what is not owed any more does not.
        desk.db.conn().unwrap().batch_execute(&format!(
            "UPDATE requests SET status = 'sent', due_on = '2026-12-24' WHERE reference = '{late}'; \
             UPDATE requests SET status = 'sent', due_on = '2026-11-23' WHERE reference = '{soon}'; \
             UPDATE messages SET state = 'held', request_id = (SELECT id FROM requests WHERE reference = '{late}') WHERE subject = 'Letter no. 2000'; \
             UPDATE messages SET state = 'held', request_id = (SELECT id FROM requests WHERE reference = '{soon}') WHERE subject = 'Letter no. 2500'"
        )).unwrap();
        let page = desk.page("/desk");
        let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words}"));
        assert!(at("Letter no. 2500<") < at("Letter no. 2000<") && at("Letter no. 2000<") < at("Letter no. 1<"));
        assert!(page.contains("1 lapses within three days."));
        desk.db.conn().unwrap().batch_execute(&format!("UPDATE requests SET status = 'answered' WHERE reference = '{soon}'")).unwrap();
        let page = desk.page("/desk");
        assert!(!page.contains("Letter no. 2500<") && page.contains("No answer falls due within three days."));
    }
}
