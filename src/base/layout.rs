//! How the bits of a snowflake id are divided, and back: time, worker, sequence, and the gene where there is one.
//!
//! From the top: a zero bit for the sign (and zeros for what a narrower id leaves), milliseconds since an epoch, the
//! worker's number, the sequence. A gene (the slot of another key, see [`Gene`]) takes its bits from the sequence.

use std::fmt;

use serde::Serialize;

/// 2024-01-01 00:00:00 UTC in Unix milliseconds: where the ids' time starts unless configured otherwise.
pub const EPOCH_MS: u64 = 1_704_067_200_000;
/// Milliseconds of a mean Gregorian year.
pub const YEAR_MS: u64 = 31_556_952_000;

/// Where the gene stands in an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
pub enum GenePlace {
    /// Between worker and sequence: ids of one gene that are made together are consecutive.
    #[default]
    Middle,
    /// The lowest bits: `id % 2^bits` is the gene.
    Low,
}

/// The bits of an id that tell the slot of another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Gene {
    /// How many.
    pub bits: u32,
    /// Where.
    pub place: GenePlace,
}

/// How an id's bits are divided. Made by [`Layout::new`], so that the parts always fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Layout {
    time: u32,
    worker: u32,
    sequence: u32,
    gene: Option<Gene>,
    epoch_ms: u64,
}

/// An id's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// When it was made, in Unix milliseconds.
    pub unix_ms: u64,
    /// Who made it.
    pub worker: u16,
    /// Its number in that millisecond.
    pub sequence: u64,
    /// The slot that it carries.
    pub gene: Option<u32>,
}

impl Layout {
    /// 41 bits of time (69 years), 10 of worker, 12 of sequence.
    pub const SNOWFLAKE: Self = Self { time: 41, worker: 10, sequence: 12, gene: None, epoch_ms: EPOCH_MS };
    /// 41, 5 and 7 bits: 53 in all, which JavaScript's numbers hold exactly.
    pub const JAVASCRIPT: Self = Self { time: 41, worker: 5, sequence: 7, gene: None, epoch_ms: EPOCH_MS };

    /// A layout. `Err` says what does not fit: more than 63 bits in all, fewer than 38 of time (8 years), a worker of more than 16
    /// bits or of none, a sequence of none or of more than 22.
    pub fn new(time: u32, worker: u32, sequence: u32, epoch_ms: u64) -> Result<Self, String> {
        let wrong = |what: &str| Err(format!("layout {time}/{worker}/{sequence}: {what}"));
        if time.saturating_add(worker).saturating_add(sequence) > 63 {
            return wrong("more than 63 bits in all");
        }
        if time < 38 {
            return wrong("fewer than 38 bits of time would not last ten years");
        }
        if !(1..=16).contains(&worker) {
            return wrong("a worker's number takes 1 to 16 bits");
        }
        if !(1..=22).contains(&sequence) {
            return wrong("the sequence takes 1 to 22 bits");
        }
        Ok(Self { time, worker, sequence, gene: None, epoch_ms })
    }

    /// The same with a gene, whose bits the sequence gives up. `Err`: the sequence would have none left.
    pub fn with_gene(self, gene: Gene) -> Result<Self, String> {
        if gene.bits == 0 || gene.bits >= self.sequence_and_gene() {
            return Err(format!(
                "{} bits of gene leave no sequence in the layout {self}: take bits from the worker, such as {}/{}/{}",
                gene.bits,
                self.time,
                self.worker.min(4),
                63 - self.time - self.worker.min(4)
            ));
        }
        Ok(Self { sequence: self.sequence_and_gene() - gene.bits, gene: Some(gene), ..self })
    }

    fn sequence_and_gene(&self) -> u32 {
        self.sequence + self.gene.map_or(0, |gene| gene.bits)
    }

    /// Bits of the sequence.
    pub fn sequence_bits(&self) -> u32 {
        self.sequence
    }

    /// Bits of the worker's number.
    pub fn worker_bits(&self) -> u32 {
        self.worker
    }

    /// The gene, if ids have one.
    pub fn gene(&self) -> Option<Gene> {
        self.gene
    }

    /// How many genes there are: 1 where ids have none.
    pub fn genes(&self) -> usize {
        self.gene.map_or(1, |gene| 1 << gene.bits)
    }

    /// Where the ids' time starts, in Unix milliseconds.
    pub fn epoch_ms(&self) -> u64 {
        self.epoch_ms
    }

    /// Ids that a worker has in one millisecond (for each gene).
    pub fn per_ms(&self) -> u64 {
        1 << self.sequence
    }

    /// How many workers there can be.
    pub fn workers(&self) -> u32 {
        1 << self.worker
    }

    /// By how much ids that are made together differ, one from the next.
    pub fn step(&self) -> u64 {
        match self.gene {
            Some(Gene { bits, place: GenePlace::Low }) => 1 << bits,
            _ => 1,
        }
    }

    /// The first millisecond since the epoch that ids have no room for.
    pub fn end(&self) -> u64 {
        1 << self.time
    }

    /// Years of ids that are left at a moment; negative when they have run out.
    pub fn years_left(&self, unix_ms: u64) -> f64 {
        (self.epoch_ms as f64 + self.end() as f64 - unix_ms as f64) / YEAR_MS as f64
    }

    /// The id with these parts. `ms`: milliseconds since the epoch, below [`Layout::end`]. Parts that are too large for
    /// their bits are cut.
    pub fn encode(&self, ms: u64, worker: u16, sequence: u64, gene: u32) -> u64 {
        self.with(self.head(ms, worker) | low(sequence, self.sequence), gene)
    }

    /// Time and worker of an id without its gene, the sequence being 0.
    pub(crate) fn head(&self, ms: u64, worker: u16) -> u64 {
        (ms << self.worker | low(u64::from(worker), self.worker)) << self.sequence
    }

    /// An id that lacks its gene, with it.
    pub(crate) fn with(&self, bare: u64, gene: u32) -> u64 {
        match self.gene {
            None => bare,
            Some(Gene { bits, place: GenePlace::Middle }) => {
                let sequence = low(bare, self.sequence);
                (bare - sequence) << bits | low(u64::from(gene), bits) << self.sequence | sequence
            }
            Some(Gene { bits, place: GenePlace::Low }) => bare << bits | low(u64::from(gene), bits),
        }
    }

    /// The parts of an id. Bits above the layout's are taken for time.
    pub fn decode(&self, id: u64) -> Parts {
        let take = |shift: u32, bits: u32| id >> shift & ((1 << bits) - 1);
        let both = self.sequence_and_gene();
        let (sequence, gene) = match self.gene {
            None => (take(0, self.sequence), None),
            Some(Gene { bits, place: GenePlace::Middle }) => {
                (take(0, self.sequence), Some(take(self.sequence, bits)))
            }
            Some(Gene { bits, place: GenePlace::Low }) => (take(bits, self.sequence), Some(take(0, bits))),
        };
        Parts {
            unix_ms: (id >> (both + self.worker)).saturating_add(self.epoch_ms),
            worker: take(both, self.worker) as u16,
            sequence,
            gene: gene.map(|gene| gene as u32),
        }
    }

    /// The ids that can have been made in a time, both ends inclusive in Unix milliseconds: `first ≤ id ≤ last`. `None`
    /// when all of it lies before the epoch or after the ids' end, or runs backwards.
    pub fn range(&self, from_ms: u64, to_ms: u64) -> Option<(u64, u64)> {
        let shift = self.worker + self.sequence_and_gene();
        let from = from_ms.saturating_sub(self.epoch_ms);
        let to = to_ms.checked_sub(self.epoch_ms)?.min(self.end() - 1);
        (from <= to).then(|| (from << shift, ((to + 1) << shift) - 1))
    }
}

/// The lowest bits of a value.
fn low(value: u64, bits: u32) -> u64 {
    value & ((1 << bits) - 1)
}

impl fmt::Display for Layout {
    /// `41/10/12`, `41/10/2+10 middle`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.time, self.worker, self.sequence)?;
        match self.gene {
            None => Ok(()),
            Some(Gene { bits, place: GenePlace::Middle }) => write!(f, "+{bits} middle"),
            Some(Gene { bits, place: GenePlace::Low }) => write!(f, "+{bits} low"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layouts() -> impl Strategy<Value = Layout> {
        let parts = (38u32..=50, 1u32..=8, 2u32..=12, 0u32..12, any::<bool>());
        parts.prop_filter_map("more than 63 bits", |(time, worker, sequence, gene, low)| {
            let layout = Layout::new(time, worker, sequence, EPOCH_MS).ok()?;
            let place = if low { GenePlace::Low } else { GenePlace::Middle };
            if gene == 0 { Some(layout) } else { layout.with_gene(Gene { bits: gene, place }).ok() }
        })
    }

    proptest! {
        #[test]
        fn what_is_put_in_comes_out(layout in layouts(), ms: u64, worker: u16, sequence: u64, gene: u32) {
            let ms = ms % layout.end();
            let worker = (u32::from(worker) % layout.workers()) as u16;
            let (sequence, gene) = (sequence % layout.per_ms(), gene % layout.genes() as u32);
            let id = layout.encode(ms, worker, sequence, gene);
            prop_assert!(id < 1 << 63);
            let parts = layout.decode(id);
            let expected = layout.gene().map(|_| gene);
            prop_assert_eq!(parts, Parts { unix_ms: EPOCH_MS + ms, worker, sequence, gene: expected });
            let (first, last) = layout.range(EPOCH_MS + ms, EPOCH_MS + ms).unwrap();
            prop_assert!((first..=last).contains(&id));
            prop_assert!(layout.range(EPOCH_MS + ms + 1, EPOCH_MS + ms + 1).is_none_or(|(first, _)| id < first));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Layout::new(41, 10, 12, 0).is_ok() && Layout::new(41, 5, 7, 0).is_ok());
        for (time, worker, sequence) in
            [(41, 10, 13), (37, 10, 12), (41, 0, 12), (41, 17, 5), (41, 10, 0), (40, 1, 23)]
        {
            assert!(Layout::new(time, worker, sequence, 0).is_err(), "{time}/{worker}/{sequence}");
        }
        let gene = |bits| Gene { bits, place: GenePlace::Low };
        assert!(
            Layout::SNOWFLAKE.with_gene(gene(12)).is_err() && Layout::SNOWFLAKE.with_gene(gene(0)).is_err()
        );
        assert_eq!(Layout::SNOWFLAKE.with_gene(gene(10)).unwrap().to_string(), "41/10/2+10 low");
    }

    #[test]
    fn ids_last_as_long_as_their_time() {
        assert!((69.0..70.0).contains(&Layout::SNOWFLAKE.years_left(EPOCH_MS)));
        assert!(Layout::SNOWFLAKE.years_left(EPOCH_MS + (1 << 41) + YEAR_MS) < 0.0);
        assert_eq!(Layout::SNOWFLAKE.range(0, EPOCH_MS - 1), None);
        assert_eq!(Layout::SNOWFLAKE.range(0, u64::MAX).unwrap().1, (1 << 63) - 1);
        assert_eq!(Layout::JAVASCRIPT.range(0, u64::MAX).unwrap().1, (1 << 53) - 1);
    }
}
