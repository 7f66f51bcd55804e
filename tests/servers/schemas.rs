//! The two schemas say the same, and what the program believes of them is so.

use crate::support::mail::Reply;
use crate::support::{Backend, Site, stories};
use askance::service::triage;
use askance::store::AnyConn;
use askance::store::matching::{self, again};
use askance::store::types::Role;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use std::collections::BTreeSet;

/// One thing that a schema says, as a line.
#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    said: String,
}

const SQLITE: &str = "
  WITH tables AS (SELECT name FROM sqlite_master
                  WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_\\_%' ESCAPE '\\')
  SELECT 'column ' || t.name || '.' || c.name || ' '
      || CASE lower(c.type) WHEN 'integer' THEN 'bigint' WHEN 'double' THEN 'double precision' ELSE lower(c.type) END
      || CASE c.\"notnull\" WHEN 1 THEN '' ELSE ' null' END AS said
    FROM tables t JOIN pragma_table_info(t.name) c
  UNION ALL
  SELECT 'primary ' || t.name || '(' || c.name || ')' FROM tables t JOIN pragma_table_info(t.name) c WHERE c.pk > 0
  UNION ALL
  SELECT CASE i.\"unique\" WHEN 1 THEN 'unique ' ELSE 'index ' || i.name || ' ' END || t.name || '('
      || (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) || ')'
    FROM tables t JOIN pragma_index_list(t.name) i
  UNION ALL
  SELECT 'foreign ' || t.name || '.' || f.\"from\" || ' ' || f.\"table\" || '(' || f.\"to\" || ') ' || lower(f.on_delete)
    FROM tables t JOIN pragma_foreign_key_list(t.name) f";

const POSTGRES: &str = "
  SELECT 'column ' || table_name || '.' || column_name || ' '
      || CASE data_type WHEN 'timestamp without time zone' THEN 'timestamp' ELSE data_type END
      || CASE is_nullable WHEN 'NO' THEN '' ELSE ' null' END AS said
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'
  UNION ALL
  SELECT CASE WHEN i.indisprimary THEN 'primary ' WHEN i.indisunique THEN 'unique ' ELSE 'index ' || n.relname || ' ' END
      || t.relname || '(' || (SELECT string_agg(a.attname, ',' ORDER BY k.position)
           FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(number, position)
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) || ')'
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class n ON n.oid = i.indexrelid
    WHERE t.relnamespace = 'public'::regnamespace AND t.relname NOT LIKE '\\_\\_%'
  UNION ALL
  SELECT 'foreign ' || t.relname || '.' || a.attname || ' ' || o.relname || '(' || b.attname || ') '
      || CASE c.confdeltype WHEN 'c' THEN 'cascade' WHEN 'a' THEN 'no action' ELSE c.confdeltype::text END
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class o ON o.oid = c.confrelid
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
    JOIN pg_attribute b ON b.attrelid = o.oid AND b.attnum = c.confkey[1]
    WHERE c.contype = 'f'";

/// All that a database's schema says.
fn schema(site: &Site) -> BTreeSet<String> {
    let said: Vec<Said> = match &mut *site.conn() {
        AnyConn::Sqlite(c) => diesel::sql_query(SQLITE).load(c).unwrap(),
        AnyConn::Postgres(c) => diesel::sql_query(POSTGRES).load(c).unwrap(),
    };
    said.into_iter().map(|line| line.said).collect()
}

/// Takes back so many of the last migrations.
fn revert(site: &Site, count: usize) {
    for _ in 0..count {
        match &mut *site.conn() {
            AnyConn::Sqlite(c) => {
                c.revert_last_migration(FileBasedMigrations::from_path("migrations/sqlite").unwrap())
                    .unwrap();
            }
            AnyConn::Postgres(c) => {
                c.revert_last_migration(FileBasedMigrations::from_path("migrations/postgres").unwrap())
                    .unwrap();
            }
        }
    }
}

fn run(site: &Site, sql: &str) {
    match &mut *site.conn() {
        AnyConn::Sqlite(c) => diesel::sql_query(sql).execute(c).unwrap(),
        AnyConn::Postgres(c) => diesel::sql_query(sql).execute(c).unwrap(),
    };
}

/// What `src/store/schema.rs` says of the columns.
fn believed() -> BTreeSet<String> {
    let (mut table, mut said) = ("", BTreeSet::new());
    let all = [
        include_str!("../../src/store/schema.rs"),
        include_str!("../../src/store/schema/operations.rs"),
        include_str!("../../src/store/matching/tables.rs"),
        include_str!("../../src/store/messages/tables.rs"),
    ]
    .concat();
    for line in all.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (id) {") {
            table = name;
        }
        let Some((column, kind)) = line.strip_suffix(',').and_then(|line| line.split_once(" -> ")) else {
            continue;
        };
        let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
        let name = match inner.unwrap_or(kind) {
            "BigInt" => "bigint",
            "Text" => "text",
            "Timestamp" => "timestamp",
            "Date" => "date",
            "Double" => "double precision",
            "Bool" => "boolean",
            other => panic!("no column has been of the type `{other}` so far: {line}"),
        };
        said.insert(format!("column {table}.{column} {name}{}", if inner.is_some() { " null" } else { "" }));
    }
    said
}

fn names(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn both_databases_have_the_same_schema() {
    let (sqlite, postgres) = (schema(&Site::new(Backend::Sqlite)), schema(&Site::new(Backend::Postgres)));
    let (left, right): (Vec<_>, Vec<_>) =
        (sqlite.difference(&postgres).collect(), postgres.difference(&sqlite).collect());
    assert!(left.is_empty() && right.is_empty(), "only in SQLite: {left:#?}\nonly in PostgreSQL: {right:#?}");
    // The queries above see something of each kind.
    for known in [
        "column people.email text",
        "column messages.confidence double precision null",
        "primary people(id)",
        "unique events(request_id,seq)",
        "index requests_status requests(status,due_on)",
        "foreign sessions.person_id people(id) cascade",
        "foreign requests.person_id people(id) no action",
    ] {
        assert!(sqlite.contains(known), "{known} is not in {sqlite:#?}");
    }
}

#[test]
fn the_index_of_identifiers_knows_the_same_places_as_the_code() {
    for backend in ["sqlite", "postgres"] {
        let sql =
            std::fs::read_to_string(format!("migrations/{backend}/2026-11-22-000001_house/up.sql")).unwrap();
        let list = sql.split("WHERE scheme NOT IN (").nth(1).unwrap().split(')').next().unwrap();
        let schemes: Vec<&str> = list.split(',').map(|word| word.trim_matches('\'')).collect();
        assert_eq!(schemes, askance::domain::authority::PLACE_SCHEMES, "{backend}");
    }
}

#[test]
fn both_folders_hold_the_same_migrations() {
    let sqlite = names("migrations/sqlite");
    assert_eq!(sqlite, names("migrations/postgres"));
    assert!(!sqlite.is_empty());
    for migration in sqlite {
        for backend in ["sqlite", "postgres"] {
            assert_eq!(names(&format!("migrations/{backend}/{migration}")), ["down.sql", "up.sql"]);
        }
    }
}

stories! {
    fn program_knows_its_columns(site: &mut Site) {
        let found: BTreeSet<String> =
            schema(site).into_iter().filter(|line| line.starts_with("column ")).collect();
        assert_eq!(believed(), found);
    }

    fn migrations_go_down_and_up_again(site: &mut Site) {
        let before = schema(site);
        match &mut *site.conn() {
            AnyConn::Sqlite(c) => {
                c.revert_all_migrations(FileBasedMigrations::from_path("migrations/sqlite").unwrap()).unwrap();
            }
            AnyConn::Postgres(c) => {
                c.revert_all_migrations(FileBasedMigrations::from_path("migrations/postgres").unwrap()).unwrap();
            }
        }
        assert_eq!(schema(site), BTreeSet::new());
        site.db.migrate().unwrap();
        assert_eq!(schema(site), before);
        // A second start finds nothing to do.
        site.db.migrate().unwrap();
    }

    fn what_was_learnt_before_its_messages_were_kept_is_taught_by_those_that_stand(site: &mut Site) {
        let (activist, volunteer) = (site.person("Mara Varga", Role::Activist), site.person("Theo Okafor", Role::Volunteer));
        let request = site.sends(activist, site.city());
        let mail = |key: &str, to: &str| {
            let mail = Reply::to(&request, "Kanzlei.example").about("Bescheid").addressed(to);
            mail.with_id(&format!("{key}@kanzlei.example")).saying("Ihr Antrag wird abgelehnt, § 6 Satz 1 IFG NRW.").raw()
        };
        site.receives(&mail("a", &request.reply_address), &request.reply_address);
        let proposed = triage::proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        triage::settle(&site.ctx, &mut site.conn(), volunteer, &proposed).unwrap();
        let info = "info@post.askance.example";
        site.receives(&mail("b", info), info);
        // As a version before kept it: a settled reply's host, and one of which nobody knows any more who taught it.
        for _ in 0..2 {
            revert(site, 4);
            run(site, &format!(
                "INSERT INTO authority_domains (authority_id, host, registrable, source, since) \
                 VALUES ({}, 'forgotten.example', 'forgotten.example', 'reply', '2026-01-01 00:00:00')",
                request.authority_id
            ));
            site.db.migrate().unwrap();
            let known = matching::known_of(&mut site.conn(), &[request.authority_id]).unwrap();
            let hosts: BTreeSet<String> = known.into_iter().map(|(_, known)| known.host).collect();
            assert_eq!(hosts, ["brandau.example", "kanzlei.example"].map(str::to_owned).into());
            // What waits is indexed at the next turn, and found again by what is learnt then.
            assert_eq!(again::touched(&mut site.conn(), 9).unwrap().len(), 1);
            assert!(!again::is_kept(&mut site.conn(), 2).unwrap());
            site.works();
            assert!(again::is_kept(&mut site.conn(), 2).unwrap());
            assert!(again::touched(&mut site.conn(), 9).unwrap().is_empty());
        }
        // A mark outlives the change of its table, there and back, and so does what marked no mail yet.
        run(site, "INSERT INTO rank_again (message_id, turn) VALUES (2, 7), (2, 8)");
        revert(site, 3);
        site.db.migrate().unwrap();
        assert_eq!(again::touched(&mut site.conn(), 9).unwrap().len(), 1);
        run(site, "DELETE FROM rank_again");
        run(site, "INSERT INTO lessons (key) VALUES ('domain:kanzlei.example')");
        revert(site, 3);
        site.db.migrate().unwrap();
        assert_eq!(again::touched(&mut site.conn(), 9).unwrap().len(), 1);
        triage::set_aside(&site.ctx, &mut site.conn(), volunteer, 1, "spam").unwrap();
        let known = matching::known_of(&mut site.conn(), &[request.authority_id]).unwrap();
        assert!(known.iter().all(|(_, known)| known.host == "brandau.example"), "{known:?}");
    }

    fn schema_of_a_newer_version_is_left_alone(site: &mut Site) {
        run(site, "INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')");
        let refused = site.db.migrate().unwrap_err().to_string();
        assert_eq!(
            refused,
            "the schema cannot be brought up to date: migration `20991231000001` was applied by a newer Askance; \
             run that version or restore a backup"
        );
    }
}
