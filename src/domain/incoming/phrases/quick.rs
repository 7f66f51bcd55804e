//! A hash for tables whose keys are our own: quick, and of no use against whoever could choose the keys.

use std::hash::{BuildHasherDefault, Hasher};

/// Makes `Quick` hashers.
pub type BuildQuick = BuildHasherDefault<Quick>;

/// Adds eight bytes at a time and multiplies.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quick(u64);

/// An odd number whose bits look like chance (the golden ratio of 64 bits).
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        // A product is best mixed in its high bits; a table takes its place from the low ones.
        self.0.rotate_left(26)
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
        self.0 = self.0.wrapping_add(number).wrapping_mul(FACTOR);
    }
}
