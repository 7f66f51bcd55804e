//! The figures as Prometheus reads them.

use crate::service::health::{Database, findings};
use crate::store::health::disk::Room;
use crate::web::metrics::Seen;
use chrono::NaiveDateTime;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

type Labels = Vec<(&'static str, String)>;

/// The exposition; a registry is made for each, so that nothing is told that was true before.
pub(crate) fn text(seen: &Seen<'_>) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("askance");
    let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "Which program this is", build);
    counted(&mut registry, seen);
    waiting(&mut registry, seen);
    machine(&mut registry, seen);
    registry.register(
        "request_duration_seconds",
        "How long answers took, by the pattern of the route",
        seen.durations.0.clone(),
    );
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn gauge(registry: &mut Registry, (name, help): (&str, &str), value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn counter(registry: &mut Registry, (name, help): (&str, &str), value: u64) {
    let counter: Counter = Counter::default();
    counter.inc_by(value);
    // The encoder adds `_total`.
    registry.register(name, help, counter);
}

fn family(registry: &mut Registry, (name, help): (&str, &str), values: impl Iterator<Item = (Labels, i64)>) {
    let family: Family<Labels, Gauge> = Family::default();
    for (labels, value) in values {
        family.get_or_create(&labels).set(value);
    }
    registry.register(name, help, family);
}

fn counted(registry: &mut Registry, seen: &Seen<'_>) {
    counter(registry, ("read_failures", "Mails that this process could not read"), seen.pulse.failed_mails());
    let Some(counts) = seen.counts else { return };
    gauge(registry, ("messages_stored", "Distinct mails kept, whatever their state"), counts.messages);
    let arrivals = u64::try_from(counts.arrivals).unwrap_or(0);
    counter(registry, ("arrivals", "How often mail arrived, copies included"), arrivals);
    let of = |state: &str| -> i64 {
        counts.by_state.iter().filter(|(known, _)| known.as_str() == state).map(|(_, n)| n).sum()
    };
    gauge(registry, ("messages_unmatched", "Mails that match no request"), of("unmatched"));
    family(
        registry,
        ("messages", "Mails by state"),
        counts.by_state.iter().map(|(state, n)| (vec![("state", state.to_string())], *n)),
    );
    family(
        registry,
        ("outbox_letters", "Letters by state"),
        counts.letters.iter().map(|(state, n)| (vec![("state", state.to_string())], *n)),
    );
    family(
        registry,
        ("requests", "Requests by status"),
        counts.requests.iter().map(|(status, n)| (vec![("status", status.to_string())], *n)),
    );
    gauge(registry, ("requests_overdue", "Open requests whose last day has passed"), counts.overdue);
}

fn waiting(registry: &mut Registry, seen: &Seen<'_>) {
    let figures = seen.figures;
    let age =
        |at: Option<NaiveDateTime>| at.map_or(0, |at| (figures.now - at.and_utc()).num_seconds().max(0));
    if let Some(letters) = figures.letters {
        let help = "How long the oldest letter that may leave has waited";
        gauge(registry, ("outbox_oldest_seconds", help), age(letters.oldest));
        let help = "Letters that are held up and that no server took within the last minute";
        gauge(registry, ("outbox_held_up", help), letters.held_up);
        let paused = i64::from(letters.paused_since.is_some());
        gauge(registry, ("outbox_paused", "1 while no letter leaves because it was paused"), paused);
    }
    if let Some((notes, oldest)) = figures.spool {
        let notes = i64::try_from(notes).unwrap_or(i64::MAX);
        gauge(registry, ("spool_entries", "Mails that wait for their row"), notes);
        gauge(
            registry,
            ("spool_oldest_seconds", "How long the oldest of them has waited"),
            oldest.num_seconds(),
        );
    }
    if let Some(fetching) = &figures.mailbox {
        let up = i64::from(fetching.trouble.is_none());
        gauge(registry, ("mailbox_up", "1 while mail can be fetched from its mailbox"), up);
        let left = i64::try_from(fetching.left).unwrap_or(i64::MAX);
        gauge(registry, ("mailbox_left", "Mails that cannot be fetched and stay in their mailbox"), left);
    }
    gauge(registry, ("spool_writable", "1 while mail can be taken in"), i64::from(figures.spool.is_some()));
    if let Some(mails) = figures.mails {
        let help = "How long the oldest mail has waited to be read";
        gauge(registry, ("unread_oldest_seconds", help), age(mails.unread_since));
        let help = "Mails that came within the last hour and could not be read";
        gauge(registry, ("unreadable_lately", help), mails.unreadable_lately);
    }
}

fn machine(registry: &mut Registry, seen: &Seen<'_>) {
    let figures = seen.figures;
    let well = i64::from(figures.database == Database::Well);
    gauge(registry, ("database_up", "1 while the database can be read and written"), well);
    let rooms = [("database", figures.database_room), ("blobs", figures.blob_room)];
    let known = || rooms.iter().filter_map(|(place, room)| room.map(|room| (*place, room)));
    let bytes = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let label = |place: &str| vec![("folder", place.to_owned())];
    let free = known().map(|(place, room): (&str, Room)| (label(place), bytes(room.free)));
    family(registry, ("disk_free_bytes", "Room on the disk of a folder"), free);
    let all = known().map(|(place, room): (&str, Room)| (label(place), bytes(room.all)));
    family(registry, ("disk_size_bytes", "Size of the disk of a folder"), all);
    counter(
        registry,
        ("clock_steps", "How often the clock was set while this process ran"),
        seen.pulse.steps(),
    );
    if let Some(skew) = figures.skew {
        let help = "How far the clock of the database's machine is ahead of ours";
        let skew_seconds: Gauge<f64, std::sync::atomic::AtomicU64> = Gauge::default();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a difference between two clocks")]
        skew_seconds.set(skew.num_milliseconds() as f64 / 1000.0);
        registry.register("clock_skew_seconds", help, skew_seconds);
    }
    let beats = seen.pulse.beats().into_iter();
    let beats =
        beats.map(|(name, age)| (vec![("loop", name)], i64::try_from(age.as_secs()).unwrap_or(i64::MAX)));
    family(
        registry,
        ("worker_beat_seconds", "How long ago a loop of this process began its last turn"),
        beats,
    );
    let found = findings(figures).into_iter().map(|finding| {
        (vec![("finding", finding.finding.to_owned()), ("level", finding.level.as_str().to_owned())], 1)
    });
    family(registry, ("finding", "1 for each thing that is not well, as /healthz says it"), found);
}
