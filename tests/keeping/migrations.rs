//! R54: every migration goes down and up again over data, and one that is killed in the middle loses nothing.

use crate::keeping::house::{House, city, files, many, person, rows};
use crate::support::Backend;
use askance::store::{Conn, dump, migrating, restored};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Tables that a migration back removes; their rows go with them.
const NEW: [&str; 7] =
    ["authenticity", "imap_taken", "switches", "contact_tasks", "notices", "tombstones", "digests"];

/// An installation with rows in the tables that the last migration brought, too.
fn lived_in(backend: Backend) -> House {
    let house = House::new(backend);
    house.does(&["check"]);
    let (ctx, db) = (house.context(), house.db());
    let conn = &mut *db.conn().unwrap();
    let (mara, brandau) = (person(conn, "mara@askance.example", "Mara Varga"), city(conn, "Stadt Brandau"));
    for letter in 0..5 {
        files(&ctx, conn, (mara, brandau), &format!("form-{letter}"));
    }
    restored::pause(conn, "as a test", ctx.clock.now()).unwrap();
    assert!(askance::service::digests::make(&ctx, &db).unwrap());
    house
}

fn counts(conn: &mut Conn) -> BTreeMap<&'static str, usize> {
    rows(conn).into_iter().map(|(table, rows)| (table, rows.len())).collect()
}

/// The columns of every table, as a dump names them.
fn schema(conn: &mut Conn) -> Vec<String> {
    let tables = dump::tables(conn).unwrap();
    tables
        .into_iter()
        .map(|table| {
            let mut head = Vec::new();
            dump::write(conn, table, &mut head).unwrap();
            let head: dump::Head =
                serde_json::from_slice(head.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
            format!("{table}: {:?}", head.columns)
        })
        .collect()
}

fn down_and_up(backend: Backend) {
    let house = lived_in(backend);
    let db = house.db();
    let conn = &mut *db.conn().unwrap();
    let (versions, schema_before) = (dump::applied(conn).unwrap(), schema(conn));
    // The first one made the tables: below it there is nothing.
    for left in (1..versions.len()).rev() {
        let before = rows(conn);
        restored::whole(conn, |conn| migrating::stand_at(conn, &versions[..left])).unwrap();
        let kept = dump::tables(conn).unwrap();
        restored::whole(conn, migrating::bring_up).unwrap();
        let after = rows(conn);
        for (table, lines) in before.iter().filter(|(table, _)| kept.contains(table)) {
            // Columns that came later lose what was in them, and `outbox.domain` is made anew from the address.
            let same = if ["arrivals", "outbox", "rank_again"].contains(table) {
                after[table].len() == lines.len()
            } else {
                after[table] == *lines
            };
            assert!(same, "{backend:?}: {table} is another one after standing at migration {left}");
        }
        assert_eq!(schema(conn), schema_before);
        assert_eq!(dump::applied(conn).unwrap(), versions);
    }
}

#[test]
fn r54_each_migration_goes_down_and_up_over_data_on_sqlite() {
    down_and_up(Backend::Sqlite);
}

#[test]
fn r54_each_migration_goes_down_and_up_over_data_on_postgres() {
    down_and_up(Backend::Postgres);
}

/// A start that brings the schema up is killed at a random point; the next start finishes it.
fn killed(backend: Backend) {
    let n = many("ASKANCE_KILLS", 3);
    let seed =
        many("ASKANCE_SEED", usize::try_from(askance::clock::Clock::System.now().timestamp()).unwrap());
    let house = lived_in(backend);
    let db = house.db();
    let conn = &mut *db.conn().unwrap();
    let (versions, schema_before) = (dump::applied(conn).unwrap(), schema(conn));
    let (mut random, mut in_the_middle, mut takes) = (seed as u64 | 1, 0, Duration::from_secs(1));
    for kill in 0..=n {
        restored::whole(conn, |conn| migrating::stand_at(conn, &versions[..1])).unwrap();
        let mut before = counts(conn);
        let mut command = house.operator.command(&["user", "list"]);
        let started = Instant::now();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if kill > 0 {
            // xorshift: a point between half the usual time and all of it, in which the schema is changed.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let share = 500 + u32::try_from(random % 500).unwrap();
            std::thread::sleep(takes * share / 1000);
            in_the_middle += usize::from(child.try_wait().unwrap().is_none());
            let _ = child.kill();
        }
        let _ = child.wait().unwrap();
        if kill == 0 {
            takes = started.elapsed();
        }
        house.does(&["user", "list"]);
        let after = counts(conn);
        before.retain(|table, _| after.contains_key(table));
        for (table, count) in before.iter().filter(|(table, _)| !NEW.contains(table)) {
            assert_eq!(after[table], *count, "{table} after kill {kill}, seed {seed}");
        }
        assert_eq!(schema(conn), schema_before, "seed {seed}");
        assert_eq!(dump::applied(conn).unwrap(), versions);
    }
    println!(
        "{backend:?}: n = {n} kills, {in_the_middle} before the end, 0 rows lost, 0 other schemas, seed {seed}"
    );
}

#[test]
fn r54_migration_that_is_killed_is_finished_at_the_next_start_on_sqlite() {
    killed(Backend::Sqlite);
}

#[test]
fn r54_migration_that_is_killed_is_finished_at_the_next_start_on_postgres() {
    killed(Backend::Postgres);
}
