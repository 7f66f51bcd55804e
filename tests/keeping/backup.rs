//! R53: a backup that is taken under load comes back whole, on either database, and no letter leaves twice.

use crate::keeping::house::{House, city, files, many, person, request, rows, until};
use crate::support::{Backend, Site};
use askance::mail::lmtp;
use askance::service::backup;
use askance::store::blobs::sha256;
use askance::store::types::OutboxState;
use askance::store::{dump, messages, outbox, schema};
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn mail(number: usize) -> Vec<u8> {
    format!(
        "From: poststelle@brandau.example\r\nTo: r-{number}@post.askance.example\r\nSubject: Ihr Antrag {number}\r\n\
         Message-ID: <{number}@brandau.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\nSchreiben Nummer {number} über Kameras.\r\n{}\r\n",
        "Anlage ".repeat(number % 50)
    )
    .into_bytes()
}

/// The lines of a copy's tables, heads left out.
fn written(copy: &Path) -> BTreeMap<String, Vec<String>> {
    let tables = std::fs::read_dir(copy.join("tables")).unwrap();
    tables
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, text.lines().skip(1).map(str::to_owned).collect())
        })
        .collect()
}

fn last_copy(folder: &Path) -> PathBuf {
    let mut copies: Vec<PathBuf> =
        std::fs::read_dir(folder.join("copies")).unwrap().map(|entry| entry.unwrap().path()).collect();
    copies.sort();
    copies.pop().unwrap()
}

fn only_its_owners(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        if path.is_dir() {
            only_its_owners(&path);
        }
    }
}

/// Mail comes in and letters are filed while backups are taken; the last one is restored to another database.
#[expect(clippy::too_many_lines, reason = "one story from the first mail to the restored house")]
fn survives(from: Backend, to: Backend) {
    let n = many("ASKANCE_MAILS", 24);
    let house = House::new(from);
    let service = house.serves();
    let (ctx, db, door) = (house.context(), house.db(), service.door);
    let conn = &mut *db.conn().unwrap();
    let (mara, brandau) = (person(conn, "mara@askance.example", "Mara Varga"), city(conn, "Stadt Brandau"));
    let (safe, next) = (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(AtomicUsize::new(0)));
    let over = Arc::new(AtomicBool::new(false));
    let feeders: Vec<_> = (0..2)
        .map(|_| {
            let (safe, next, over) = (Arc::clone(&safe), Arc::clone(&next), Arc::clone(&over));
            std::thread::spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    // Mail goes on coming in for as long as a backup is under way.
                    if number >= n && over.load(Ordering::SeqCst) {
                        return;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    let (raw, to) = (mail(number), format!("r-{number}@post.askance.example"));
                    let replies = lmtp::deliver(door, "poststelle@brandau.example", &[&to], &raw).unwrap();
                    assert!(replies[0].starts_with("250"), "{replies:?}");
                    safe.lock().unwrap().insert(sha256(&raw));
                }
            })
        })
        .collect();
    let done = AtomicBool::new(false);
    let folder = house.operator.path("backup");
    let place = folder.display().to_string();
    let (mut began, mut backed_up) = (Instant::now(), Duration::ZERO);
    let promised = std::thread::scope(|scope| {
        scope.spawn(|| {
            let conn = &mut *db.conn().unwrap();
            for letter in 0..10_usize {
                files(&ctx, conn, (mara, brandau), &format!("form-{letter}"));
            }
            done.store(true, Ordering::SeqCst);
        });
        house.does(&["backup", &place]);
        // What was safe before the last backup began must be in it.
        until("half of the mail", || (safe.lock().unwrap().len() * 2 > n).then_some(()));
        let promised = safe.lock().unwrap().clone();
        began = Instant::now();
        assert!(house.does(&["backup", &place]).starts_with("Backup "));
        backed_up = began.elapsed();
        over.store(true, Ordering::SeqCst);
        promised
    });
    for feeder in feeders {
        feeder.join().unwrap();
    }
    assert!(done.load(Ordering::SeqCst));
    assert_eq!(house.does(&["backup", "--verify", &place]).split(' ').nth(1), Some("2"));
    only_its_owners(&folder);
    drop(service);

    let bare = House::new(to);
    began = Instant::now();
    let told = bare.does(&["restore", &place]);
    let brought_back = began.elapsed();
    assert!(told.contains("The queue of letters stands still"), "{told}");
    let (copy, db) = (last_copy(&folder), bare.db());
    let conn = &mut *db.conn().unwrap();
    let (was, is) = (written(&copy), rows(conn));
    for (table, lines) in &was {
        let now = &is[table.as_str()];
        match table.as_str() {
            // The two things that a restore writes down itself.
            "switches" => assert_eq!(now.len(), lines.len() + 1),
            "audit" => assert_eq!(now[..now.len() - 1], lines[..]),
            _ => assert_eq!(now, lines, "{table}"),
        }
    }
    assert_eq!(was.len(), dump::TABLES.len());
    let (blobs, mut equal) = (bare.blobs(), 0);
    for key in &promised {
        blobs.get(key).unwrap();
    }
    for id in 1.. {
        let Some(row) = messages::find(conn, id).unwrap() else { break };
        blobs.get(&row.blob_sha256).unwrap();
        equal += 1;
    }
    let notes = blobs.spooled().unwrap().len();
    assert!(equal + notes >= promised.len(), "{equal} messages, {notes} notes, {} promised", promised.len());
    assert!(
        is["switches"]
            .iter()
            .any(|row| row.contains("outbox_paused") && row.contains("restored from the backup"))
    );
    assert!(bare.does(&["audit", "verify"]).contains("every link fits"));
    // The next number is one that was never given.
    let (theo, again) = (person(conn, "theo@askance.example", "Theo Okafor"), bare.context());
    files(&again, conn, (theo, brandau), "form-after");
    let bytes: u64 = promised.iter().map(|key| blobs.size(key).unwrap().unwrap()).sum();
    println!(
        "r53 {from:?} to {to:?}: n = {n}, {} promised ({bytes} bytes), {equal} restored, 0 missing, sha256 of each equal, \
         backup {backed_up:.1?}, restore {brought_back:.1?}",
        promised.len()
    );
}

#[test]
fn r53_backup_under_load_comes_back_on_sqlite() {
    survives(Backend::Sqlite, Backend::Sqlite);
}

#[test]
fn r53_backup_under_load_comes_back_on_postgres() {
    survives(Backend::Postgres, Backend::Postgres);
}

#[test]
fn r53_backup_of_one_database_comes_back_in_the_other() {
    survives(Backend::Sqlite, Backend::Postgres);
    survives(Backend::Postgres, Backend::Sqlite);
}

#[test]
fn r53_letters_under_way_are_in_doubt_after_a_restore() {
    let house = House::new(Backend::Sqlite);
    house.does(&["check"]);
    let (ctx, db) = (house.context(), house.db());
    let conn = &mut *db.conn().unwrap();
    let (mara, brandau) = (person(conn, "mara@askance.example", "Mara Varga"), city(conn, "Stadt Brandau"));
    let filed = files(&ctx, conn, (mara, brandau), "one");
    files(&ctx, conn, (mara, brandau), "two");
    let third = files(&ctx, conn, (mara, brandau), "three");
    let later = ctx.clock.now() + chrono::TimeDelta::hours(1);
    let claim = outbox::Claim {
        worker: "w",
        now: later,
        until: later + chrono::TimeDelta::seconds(45),
        per_minute: 0,
    };
    assert!(outbox::claim_due(conn, &claim).unwrap().is_some());
    // The third may leave from now on, and leaves while nobody copies it.
    let third = request(conn, &third.reference).id;
    diesel::update(schema::outbox::table.filter(schema::outbox::request_id.eq(third)))
        .set(schema::outbox::leave_after.eq(chrono::DateTime::UNIX_EPOCH.naive_utc()))
        .execute(conn)
        .unwrap();
    let place = house.operator.path("backup").display().to_string();
    house.does(&["backup", &place]);

    let bare = House::new(Backend::Sqlite);
    assert!(bare.does(&["restore", &place]).contains("2 letters were on their way or waited"));
    let _service = bare.serves();
    let db = bare.db();
    let conn = &mut *db.conn().unwrap();
    let id = request(conn, &filed.reference).id;
    until("the letter is unknown", || {
        let letter = outbox::of_request(conn, id, "request").unwrap().unwrap();
        (letter.state == OutboxState::Unknown).then_some(())
    });
    // What could still be taken back cannot have left; what could have left is for people to settle, each by itself.
    assert_eq!(outbox::of_request(conn, id + 1, "request").unwrap().unwrap().state, OutboxState::Queued);
    assert_eq!(outbox::of_request(conn, third, "request").unwrap().unwrap().state, OutboxState::Unknown);

    // Whoever moves house pauses first: then nothing has left since.
    house.does(&["outbox", "pause", "the machine moves"]);
    house.does(&["backup", &place]);
    let moved = House::new(Backend::Sqlite);
    assert!(moved.does(&["restore", "--moved", &place]).contains("1 letter was on its way or waited"));
    let listed = moved.does(&["outbox", "list"]);
    assert!(listed.contains("it was paused then: the machine moves"), "{listed}");
    assert!(listed.contains("\nnumber\tstate\trequest\ttries\tnext try\tto\tsaid\n"), "{listed}");
    let db = moved.db();
    let waits = outbox::of_request(&mut db.conn().unwrap(), third, "request").unwrap().unwrap();
    assert_eq!(waits.state, OutboxState::Queued);
}

#[test]
fn r53_what_is_no_whole_backup_is_not_restored() {
    let house = House::new(Backend::Sqlite);
    house.does(&["check"]);
    let place = house.operator.path("backup").display().to_string();
    house.does(&["backup", &place]);
    let bare = House::new(Backend::Sqlite);
    let copy = last_copy(Path::new(&place));

    // A byte more, and it is not what was written.
    let people = copy.join("tables/people.ndjson");
    let good = std::fs::read_to_string(&people).unwrap();
    std::fs::write(&people, good.clone() + "\n").unwrap();
    let refused = bare.runs(&["restore", &place]);
    assert_eq!(refused.code, Some(65));
    assert!(
        refused.err.contains("the backup is damaged: expected `tables/people.ndjson`"),
        "{}",
        refused.err
    );
    assert_eq!(house.runs(&["backup", "--verify", &place]).code, Some(65));
    std::fs::write(&people, good).unwrap();

    // One of a newer program.
    let manifest = copy.join("manifest.json");
    let good = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, good.replace("\"schema\": [", "\"schema\": [\"20991231000001\",")).unwrap();
    let refused = bare.runs(&["restore", &place]);
    assert!(refused.err.contains("was applied by a newer Askance"), "{}", refused.err);
    std::fs::write(&manifest, good).unwrap();

    bare.does(&["restore", &place]);
    let refused = bare.runs(&["restore", &place]);
    assert_eq!(refused.code, Some(65));
    assert!(refused.err.contains("expected an empty database, found rows in"), "{}", refused.err);
    // One that was cut off is none, and the next one clears it away.
    std::fs::rename(&copy, copy.with_extension("part")).unwrap();
    let refused = House::new(Backend::Sqlite).runs(&["restore", &place]);
    assert!(refused.err.contains("expected a finished backup"), "{}", refused.err);
    house.does(&["backup", &place]);
    assert_eq!(std::fs::read_dir(Path::new(&place).join("copies")).unwrap().count(), 1);
}

#[test]
fn r53_copy_that_cannot_be_read_is_passed_over_and_keeps_no_other_from_being_used() {
    let house = House::new(Backend::Sqlite);
    house.does(&["check"]);
    let place = house.operator.path("backup").display().to_string();
    house.does(&["backup", &place]);
    let torn = last_copy(Path::new(&place));
    let name = torn.file_name().unwrap().to_string_lossy().into_owned();
    std::fs::write(torn.join("manifest.json"), "{").unwrap();
    std::thread::sleep(Duration::from_millis(5));
    // The next backup is taken, prunes, and says it.
    for words in [&["backup", "--keep", "1", &place][..], &["backup", "--verify", &place]] {
        let run = house.runs(words);
        assert_eq!(run.code, Some(65), "{words:?}: {}{}", run.out, run.err);
        assert!(run.err.contains(&format!("{name} is passed over: the backup is damaged: ")), "{}", run.err);
    }
    assert!(torn.exists(), "somebody may mend it");
    let new = House::new(Backend::Sqlite);
    let refused = new.runs(&["restore", "--copy", &name, &place]);
    assert!(refused.code == Some(65) && refused.err.contains("manifest.json`: "), "{}", refused.err);
    let run = new.runs(&["restore", &place]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.err.contains(&name), "{}", run.err);
    // And what it cannot know of erasures is said, with the time.
    assert!(run.out.contains(" UTC is not known to this folder of backups."), "{}", run.out);
}

#[test]
fn r53_old_backups_go_and_nothing_that_is_not_one() {
    let site = Site::new(Backend::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let keep = backup::Keep { days: 3, newest: 2, daily: true };
    let names = || {
        let copies = std::fs::read_dir(folder.path().join("copies")).unwrap();
        let mut names: Vec<String> =
            copies.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    std::fs::create_dir_all(folder.path().join("copies/20200101T000000000Z")).unwrap();
    std::fs::create_dir_all(folder.path().join("copies/holiday pictures")).unwrap();
    // At 10, 16, 22 and 4 o'clock for five days; in one of the first somebody put a file of their own.
    for turn in 0..20 {
        let taken = backup::take(&site.ctx, &site.db, folder.path(), keep).unwrap();
        if turn == 1 {
            std::fs::write(folder.path().join("copies").join(&taken.copy).join("tables/notes.txt"), "x")
                .unwrap();
        }
        site.ctx.clock.set(site.now() + chrono::TimeDelta::hours(6));
    }
    let is = names();
    let days: Vec<&str> = is.iter().map(|name| name.get(..11).unwrap()).collect();
    assert_eq!(
        days,
        [
            "20200101T00",
            "20260907T16",
            "20260909T22",
            "20260910T22",
            "20260911T22",
            "20260912T04",
            "holiday pic"
        ],
        "{is:?}"
    );
    // Without daily ones only the newest, whole ones; and all that are left can be restored.
    let two = backup::Keep { days: 0, newest: 2, daily: false };
    backup::take(&site.ctx, &site.db, folder.path(), two).unwrap();
    let left: Vec<String> = names().into_iter().filter(|name| name.starts_with("202609")).collect();
    assert_eq!(left.len(), 3, "{left:?}");
    assert_eq!(backup::verify(folder.path()).unwrap().wrong, Vec::<String>::new());
}
