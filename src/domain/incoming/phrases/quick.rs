//! A hash for tables whose keys are our own: quick, and of no use against whoever could choose the keys.

use std::hash::{BuildHasherDefault, Hasher};

/// Makes `Quick` hashers.
pub type BuildQuick = BuildHasherDefault<Quick>;

/// Takes eight bytes at a time, multiplies and folds the product in two.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quick(u64);

/// So that noughts count as well (the fraction of pi).
const SEED: u64 = 0x243f_6a88_85a3_08d3;
/// An odd number whose bits look like chance (the golden ratio of 64 bits).
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (eights, rest) = bytes.as_chunks::<8>();
        for eight in eights {
            self.write_u64(u64::from_le_bytes(*eight));
        }
        if !rest.is_empty() {
            let last = rest.iter().rev().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
            self.write_u64(last);
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(self.0 ^ number ^ SEED) * u128::from(FACTOR);
        let half = |part: u128| u64::try_from(part).unwrap_or_default();
        // A table takes its places from the low bits, which must depend on all.
        self.0 = half(product >> 64) ^ half(product & u128::from(u64::MAX));
    }
}
