//! A service of which a bench measures a part: its context over a database of the caller's, and requests in it.

use askance::config::Config;
use askance::data::Library;
use askance::domain::authority::AuthorityKind;
use askance::service::filing::{self, Filed, Filing};
use askance::service::{Context, days_off, health};
use askance::store::Db;
use askance::store::authorities::{self, NewAuthority};
use askance::store::blobs::Blobs;
use askance::store::people::{self, NewPerson};
use askance::store::types::Role;
use figment::Figment;
use figment::providers::Serialized;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Authorities among which requests are spread.
const CITIES: usize = 20;

/// A service of which letters leave so long after they were filed.
pub fn house(folder: &Path, url: &str, undo: Duration) -> Done<(Context, Db)> {
    let settings = serde_json::json!({ "askance": {
        "database_url": url,
        "blob_url": format!("file://{}", folder.join("blobs").display()),
        "reply_domain": "post.askance.example",
        "secret_key": "q3Zb1n0yS8mPqkL2uVdH5tRwXo7cJfGeAi4N6hT9sKU=",
        // All letters go to a few domains at once.
        "letters_per_minute": 0,
    }});
    let mut config = Config::from_figment(&Figment::from(Serialized::defaults(settings)))?;
    config.undo = undo;
    let db = Db::open(url, 10)?;
    db.migrate()?;
    let ctx = Context {
        clock: config.clock.clone(),
        blobs: Blobs::open(&config.blob_dir)?,
        config,
        library: Arc::new(Library::load()?),
        days_off: days_off::Calendars::default(),
        pulse: health::Pulse::default(),
    };
    Ok((ctx, db))
}

/// Files so many requests of a new person to new authorities, each with a letter of its own.
pub fn files(ctx: &Context, db: &Db, requests: usize) -> Done<Vec<Filed>> {
    let (conn, now) = (&mut *db.conn()?, ctx.clock.now());
    let stamp = now.timestamp_micros();
    let email = format!("mara{stamp}@askance.example");
    let new = NewPerson { email: &email, name: "Mara Varga", role: Role::Activist, password_hash: "" };
    let mara = people::add(conn, &new, now)?;
    let mut cities = Vec::new();
    for n in 0..CITIES {
        cities.push(authorities::insert(conn, &city(n, stamp)?, now)?);
    }
    let mut filed = Vec::new();
    while filed.len() < requests {
        let filing = Filing {
            authorities: cities.iter().take(requests - filed.len()).copied().collect(),
            bundle: "contract_and_dpia".to_owned(),
            // The same letter again would be asked about.
            signed_as: format!("Mara Varga\nKlarblick {}", filed.len()),
            form_key: format!("form-{}-{stamp}", filed.len()),
            ..Filing::default()
        };
        filed.extend(filing::file(ctx, conn, mara, &filing)?);
    }
    Ok(filed)
}

fn city(n: usize, stamp: i64) -> Done<NewAuthority> {
    Ok(NewAuthority {
        slug: format!("stadt-{n}-{stamp}"),
        name: format!("Stadt {n}"),
        name_en: None,
        language: "de".to_owned(),
        kind: AuthorityKind::Municipality,
        country: "DE".to_owned(),
        place: "Brandau".to_owned(),
        regime: Some("de-nw-ifg".to_owned()),
        subdivision: None,
        regime_reason: None,
        website: None,
        source: "bench".to_owned(),
        email: Some(format!("foi@n{n}.example").parse()?),
        identifiers: Vec::new(),
    })
}
