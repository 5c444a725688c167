//! UUIDs of version 7 (RFC 9562): 48 bits of Unix milliseconds, then a counter of 16 bits that begins at a random place in
//! the lower half of each millisecond (section 6.2, method 1), then 58 random bits. In one process they only ever
//! increase, whatever the clock does: the counter carries into the time when it runs over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::fence::Fence;
use crate::base::{Code, Error, Result};

/// Bits of the counter: 12 before the variant (`rand_a`), the others behind it.
const COUNTER: u32 = 16;
/// The counter's bits behind the variant.
const LOW: u32 = COUNTER - 12;

/// A generator of UUIDs. The time is the [`Fence`]'s; its bound does not concern them: they need no worker's number.
#[derive(Debug)]
pub struct Uuid7 {
    fence: Arc<Fence>,
    /// Milliseconds and counter of the next.
    next: AtomicU64,
}

impl Uuid7 {
    /// UUIDs at most that are made at once.
    pub const MOST: usize = 100_000;

    /// A generator.
    pub fn new(fence: Arc<Fence>) -> Self {
        Self { fence, next: AtomicU64::new(0) }
    }

    /// So many, each larger than the one before. [`Code::OutOfRange`] for none, or for more than [`MOST`](Self::MOST).
    pub fn reserve(&self, n: usize) -> Result<Vec<[u8; 16]>> {
        if n == 0 || n > Self::MOST {
            let message = format!("no id can be made: {n} UUIDs at once: 1 to {} can be", Self::MOST);
            return Err(Error::new(Code::OutOfRange, message));
        }
        Ok(self.make(n))
    }

    fn make(&self, n: usize) -> Vec<[u8; 16]> {
        let now = self.fence.now() << COUNTER | rand::random_range(0..1 << (COUNTER - 1));
        let mut first = self.next.load(Ordering::Relaxed);
        loop {
            let start = first.max(now);
            match self.next.compare_exchange_weak(
                first,
                start + n as u64,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return (start..start + n as u64).map(|at| encode(at, rand::random())).collect(),
                Err(there) => first = there,
            }
        }
    }
}

fn encode(at: u64, random: u64) -> [u8; 16] {
    let (ms, counter) = (at >> COUNTER, at & ((1 << COUNTER) - 1));
    let high = ms << 16 | 7 << 12 | counter >> LOW;
    let low = 0b10 << 62 | (counter & ((1 << LOW) - 1)) << (62 - LOW) | random >> (2 + LOW);
    (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::{Clock, FixedClock};
    use crate::base::ids::uuid_text as text;
    use std::collections::HashSet;

    const NOW: u64 = 0x018F_0000_0000;

    fn generator() -> (Arc<FixedClock>, Uuid7) {
        let clock = Arc::new(FixedClock::at(NOW));
        let fence = Arc::new(Fence::new(Arc::clone(&clock) as Arc<dyn Clock>));
        (clock, Uuid7::new(fence))
    }

    #[test]
    fn they_have_time_version_and_variant_in_their_places() {
        let uuid = generator().1.make(1)[0];
        assert_eq!(uuid[..6], NOW.to_be_bytes()[2..]);
        assert_eq!((uuid[6] >> 4, uuid[8] >> 6), (7, 0b10));
        let written = text(&uuid);
        assert_eq!((written.len(), &written[..15]), (36, "018f0000-0000-7"));
        // RFC 9562, appendix A.6: the layout of its example, from its time and its random bits.
        let example = encode(0x017F_22E2_79B0 << 16 | 0xCC3 << 4 | 0b0110, 0);
        assert_eq!(text(&example)[..23], *"017f22e2-79b0-7cc3-9800");
    }

    #[test]
    fn they_increase_and_differ_whatever_the_clock_does() {
        let (clock, uuids) = generator();
        let (mut seen, mut last) = (HashSet::new(), [0; 16]);
        for step in 0..2000 {
            clock.set(NOW - 3_600_000 + step * 7 % 900);
            if step % 3 == 0 {
                clock.pass(1);
            }
            for uuid in uuids.make(step as usize % 300) {
                assert!(uuid > last && seen.insert(uuid));
                last = uuid;
            }
        }
    }
}
