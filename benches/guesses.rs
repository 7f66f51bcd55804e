//! Whether the door tells by its time how near a guess at a reply address is (R15).
//!
//! `cargo bench --bench guesses` asks at RCPT for addresses of two kinds, in an order that chance makes: with nineteen
//! of the twenty letters right, and with none; 20,000 of each, or as many as are said (`-- 100000`). It prints Welch's t
//! of the two, whole and without the slowest parts, as dudect does it (Reparaz, Balasch, Verbauwhede 2017): beyond 4.5
//! the times differ. SQLite, or with `DATABASE_URL=postgres://…` of an empty database that one.

mod house;
mod told;

use crate::house::{files, house};
use crate::told::{machine, say};
use askance::clock::Clock;
use askance::mail::listener::Admission;
use askance::service::admission::Gatekeeper;
use askance::store::requests;
use chrono::TimeDelta;
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Requests among which a guess is looked for.
const REQUESTS: usize = 1_000;
/// Beyond this the times of two kinds differ (dudect).
const MOST: f64 = 4.5;
/// Parts of all times that are looked at: the slowest are the machine's, not ours.
const PARTS: [f64; 4] = [1.0, 0.99, 0.95, 0.8];
/// Guesses in an hour of the door, below what ends its answers.
const AN_HOUR: usize = 900;

fn main() -> Done<()> {
    let each: usize = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(20_000);
    say(&machine())?;
    let folder = tempfile::tempdir()?;
    let url = std::env::var("DATABASE_URL")
        .unwrap_or_else(|_| format!("sqlite://{}", folder.path().join("askance.db").display()));
    let (mut ctx, db) = house(folder.path(), &url, Duration::ZERO)?;
    let mut right = Vec::new();
    for filed in files(&ctx, &db, REQUESTS)? {
        let request = requests::by_reference(&mut *db.conn()?, &filed.reference)?;
        right.push(request.ok_or("a request that was filed is not there")?.reply_address);
    }
    ctx.clock = Clock::fixed(ctx.clock.now());
    ctx.config.mail.refuses_unknown = true;
    let ctx = Arc::new(ctx);
    let door = Gatekeeper::new(&ctx, &db);
    let (mut near, mut far, mut dice) = (Vec::new(), Vec::new(), Dice(0x9E37_79B9_7F4A_7C15));
    let mut asked: usize = 0;
    while near.len() < each || far.len() < each {
        if asked.is_multiple_of(AN_HOUR) {
            ctx.clock.set(ctx.clock.now() + TimeDelta::hours(2));
        }
        let address = right.get(dice.below(right.len())).ok_or("no request")?;
        let is_near = dice.below(2) == 0;
        let guess = guess(address, is_near, &mut dice).ok_or("an address without a token")?;
        let peer = Some(IpAddr::V4(u32::try_from(asked)?.into()));
        let began = Instant::now();
        let said = door.admits(peer, &guess);
        let took = began.elapsed().as_secs_f64();
        asked += 1;
        if said != Admission::Nobody {
            return Err(format!("expected that `{guess}` is refused, found {said:?}").into());
        }
        if is_near { near.push(took) } else { far.push(took) }
    }
    report(&url, (&near, &far))
}

/// An address of the same request with one letter of its token wrong, or all.
fn guess(address: &str, near: bool, dice: &mut Dice) -> Option<String> {
    let (local, domain) = address.split_once('@')?;
    let (before, token) = local.rsplit_once('-')?;
    let last = token.len().checked_sub(1)?;
    let other = |right: char, dice: &mut Dice| loop {
        let letter = char::from(b'a' + u8::try_from(dice.below(26)).unwrap_or_default());
        if letter != right {
            return letter;
        }
    };
    let letters = token.chars().enumerate();
    let token: String =
        letters.map(|(at, right)| if near && at < last { right } else { other(right, dice) }).collect();
    Some(format!("{before}-{token}@{domain}"))
}

fn report(url: &str, (near, far): (&[f64], &[f64])) -> Done<()> {
    let database = url.split(':').next().unwrap_or_default();
    say(&format!(
        "{database}: {} guesses with 19 of 20 letters right, {} with none, among {REQUESTS} requests",
        near.len(),
        far.len()
    ))?;
    let mut all = [near, far].concat();
    all.sort_unstable_by(f64::total_cmp);
    let mut worst = 0.0_f64;
    for part in PARTS {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let most = all.get((all.len() as f64 * part) as usize).copied().unwrap_or(f64::MAX);
        let kept = |of: &[f64]| of.iter().copied().filter(|took| *took < most).collect::<Vec<f64>>();
        let (near, far) = (Sample::of(&kept(near)), Sample::of(&kept(far)));
        let t = (near.mean - far.mean) / (near.variance / near.n + far.variance / far.n).sqrt();
        worst = worst.max(t.abs());
        say(&format!(
            "the fastest {:>3.0} %: near {:.2} µs (n = {:.0}), far {:.2} µs (n = {:.0}), t = {t:+.2}",
            part * 100.0,
            near.mean * 1e6,
            near.n,
            far.mean * 1e6,
            far.n
        ))?;
    }
    let told = if worst < MOST { "they cannot be told apart" } else { "THEY DIFFER" };
    Ok(say(&format!("largest |t| = {worst:.2} (aim: below {MOST}): {told}"))?)
}

struct Sample {
    n: f64,
    mean: f64,
    variance: f64,
}

impl Sample {
    fn of(took: &[f64]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let n = took.len() as f64;
        let mean = took.iter().sum::<f64>() / n;
        let variance = took.iter().map(|took| (took - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Self { n, mean, variance }
    }
}

/// Chance that can be thrown again (xorshift64*, Vigna 2016).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        usize::try_from(high).unwrap_or_default() % most
    }
}
