//! Damaged mails by the ten thousand: none stops the reader, none is lost, what it holds is always listed.

use super::{KNOWLEDGE, corpus};
use crate::support::house::asked;
use askance::domain::incoming::documents::Supplied;
use askance::domain::incoming::mime::{self, MAX_PARTS};
use askance::domain::incoming::{understand, understand_with_files};
use askance::store::blobs::sha256;
use std::fs;
use std::thread;

/// How many mails are damaged and taken apart; `ASKANCE_MUTATIONS=1000000` for a full run. The first are the same in any.
const MAILS: u64 = 30_000;
/// Each so-manieth of them is understood as well, from its date to what kind of reply it is.
const UNDERSTOOD: usize = 10;
/// Large mails cost time and break no differently.
const LARGEST: usize = 2_500;

/// A small generator, so that each run sees the same damage.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides.max(1)
    }

    fn line(&mut self, raw: &[u8]) -> (usize, usize) {
        let at = self.roll(raw.len());
        let start = raw[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let end = raw[at..].iter().position(|&b| b == b'\n').map_or(raw.len(), |i| at + i + 1);
        (start, end)
    }

    /// One bit turned, a piece cut out, bytes put in, another mail's end put on, a line doubled, moved or lost.
    fn damage(&mut self, raw: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        if raw.is_empty() {
            raw.push(b'\n');
        }
        let at = self.roll(raw.len());
        match self.roll(9) {
            0 | 1 => raw[at] ^= 1 << self.roll(8),
            2 => raw.truncate(at),
            3 => raw.insert(at, b"\r\n\0=;:\"<>-(\\?\x80\xff"[self.roll(15)]),
            4 => drop(raw.drain(at..raw.len().min(at + 1 + self.roll(200)))),
            5 => {
                let other = &seeds[self.roll(seeds.len())];
                raw.truncate(at);
                raw.extend_from_slice(&other[self.roll(other.len())..]);
            }
            6 | 7 => {
                let (start, end) = self.line(raw);
                let line = raw[start..end].to_vec();
                let (to, _) = self.line(raw);
                raw.splice(to..to, line);
            }
            _ => {
                let (start, end) = self.line(raw);
                drop(raw.drain(start..end));
            }
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let all = corpus().into_iter().map(|path| fs::read(path).expect("mail"));
    all.filter(|raw| raw.len() < LARGEST).collect()
}

fn read(raw: &[u8]) {
    let (mail, files) = understand_with_files(raw, &KNOWLEDGE, &Supplied::new());
    assert_eq!((mail.size, mail.sha256.as_str()), (raw.len(), sha256(raw).as_str()));
    assert_eq!(mail.attachments.len(), files.len());
    for (listed, bytes) in mail.attachments.iter().zip(&files) {
        assert_eq!((listed.size, listed.sha256.as_str()), (bytes.len(), sha256(bytes).as_str()));
    }
    let letters = mime::parse(raw).leaves.iter().any(|leaf| !leaf.data.trim_ascii().is_empty());
    let shown = !mail.full_text.is_empty() || !mail.attachments.is_empty() || !mail.notes.is_empty();
    assert!(shown || !letters, "nothing is shown of {:?}", String::from_utf8_lossy(raw));
}

#[test]
fn damaged_mails_by_the_ten_thousand_are_all_read() {
    let mails = usize::try_from(asked("ASKANCE_MUTATIONS", MAILS)).expect("a number");
    let seeds = seeds();
    assert!(seeds.len() >= 120, "{} mails are small enough", seeds.len());
    let workers = thread::available_parallelism().map_or(2, usize::from).min(8);
    thread::scope(|scope| {
        for worker in 0..workers {
            let seeds = &seeds;
            scope.spawn(move || {
                for number in (worker..mails).step_by(workers) {
                    let mut dice = Dice(20_261_122 + u64::try_from(number).expect("small"));
                    dice.roll(2);
                    let mut raw = seeds[dice.roll(seeds.len())].clone();
                    for _ in 0..=dice.roll(8) {
                        dice.damage(&mut raw, seeds);
                    }
                    raw.truncate(LARGEST);
                    if number % UNDERSTOOD == 0 {
                        read(&raw);
                    } else {
                        assert!((1..=MAX_PARTS).contains(&mime::parse(&raw).leaves.len()));
                    }
                }
            });
        }
    });
}

#[test]
fn every_cut_of_a_mail_is_read() {
    let seeds = seeds();
    let raw = seeds.iter().filter(|raw| raw.len() < 900).max_by_key(|raw| raw.len()).expect("a small mail");
    for end in 0..raw.len() {
        assert_eq!(understand(&raw[..end], &KNOWLEDGE).size, end);
    }
}
