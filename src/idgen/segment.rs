//! Segment ids: short dense numbers from a counter that all proxies share, taken a segment at a time.
//!
//! Two segments are held: when the current one is half used, the next is asked for, so that statements do not wait for
//! the store. Numbers that follow each other without a gap are one run, whichever segments they came in: a proxy that is
//! alone leaves none out. Where another proxy's numbers lie between, a statement that needs more consecutive numbers than
//! the current run has left gives that rest up and takes from the next, so that a proxy's numbers only ever grow. An ask
//! for more than a step gets a segment of its own, and the current run is kept.
//!
//! What is held is lost when the process ends: a step and a half at most, and never given out twice.

use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::base::{Code, Error, Result};

/// A generator of segment ids.
#[derive(Debug)]
pub struct Segment {
    name: Arc<str>,
    start: u64,
    step: u64,
    /// Held for a few instructions.
    state: Mutex<State>,
    /// Numbers are wanted from the store: shared with the other segments of a proxy.
    wanted: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    current: Range<u64>,
    next: Range<u64>,
    /// For asks of more than a step.
    own: Range<u64>,
    /// An ask of a step at most found too few.
    short: bool,
    /// The largest ask that waits for `own`; 0: none.
    large: u64,
    /// Why the store gave nothing when it was last asked.
    failed: Option<String>,
}

impl Segment {
    /// Consecutive ids at most that are given at once.
    pub const MOST: u64 = 1_000_000;

    /// The generator of a counter. `wanted` is notified when [`ask`](Self::ask) has something to say.
    pub fn new(name: Arc<str>, start: u64, step: u32, wanted: Arc<Notify>) -> Self {
        Self { name, start, step: u64::from(step.max(1)), state: Mutex::default(), wanted }
    }

    /// The counter: `database.table`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number at which the counter begins.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The first of `n` consecutive ids. [`Code::NoIds`] when they have to be fetched first.
    pub fn reserve(&self, n: u64) -> Result<u64> {
        if n == 0 || n > Self::MOST {
            let most = Self::MOST;
            let message = format!("no id can be made: {n} ids at once: a segment allows 1 to {most}");
            return Err(Error::new(Code::OutOfRange, message));
        }
        let mut state = self.state.lock();
        let taken = if n > self.step {
            let taken = take(&mut state.own, n);
            if taken.is_none() {
                state.large = state.large.max(n);
            }
            taken
        } else {
            if length(&state.current) < n && length(&state.next) >= n {
                state.current = std::mem::take(&mut state.next);
            }
            let taken = take(&mut state.current, n);
            state.short |= taken.is_none();
            taken
        };
        let wants = self.wants(&state).is_some();
        let failed = if taken.is_none() { state.failed.clone() } else { None };
        drop(state);
        if wants {
            self.wanted.notify_one();
        }
        taken.ok_or_else(|| self.none(failed.as_deref()))
    }

    /// How many numbers to fetch from the store now, if any.
    pub fn ask(&self) -> Option<u64> {
        self.wants(&self.state.lock())
    }

    fn wants(&self, state: &State) -> Option<u64> {
        if state.large > 0 {
            return Some(state.large);
        }
        let left = length(&state.current) + length(&state.next);
        // A proxy that is never asked takes none.
        let begun = state.current.start > 0;
        (state.short || begun && left <= self.step / 2).then_some(self.step)
    }

    /// Numbers have come from the store: `count` of them, as [`ask`](Self::ask) said.
    pub fn put(&self, first: u64, count: u64) {
        let state = &mut *self.state.lock();
        state.failed = None;
        let come = first..first.saturating_add(count);
        if count > self.step {
            state.own = come;
            state.large = 0;
            return;
        }
        state.short = false;
        if length(&state.next) > 0 && state.next.end == come.start {
            state.next.end = come.end;
        } else if length(&state.current) > 0 && state.current.end == come.start {
            state.current.end = come.end;
        } else if length(&state.current) == 0 {
            state.current = come;
        } else {
            state.next = come;
        }
    }

    /// The store gave none. Whether that is news.
    pub fn failed(&self, error: &Error) -> bool {
        self.state.lock().failed.replace(error.message.clone()).is_none()
    }

    fn none(&self, failed: Option<&str>) -> Error {
        let why = failed.unwrap_or("its numbers are being fetched from the store");
        Error::new(Code::NoIds, format!("no id can be made for {}: {why}", self.name))
    }
}

fn length(run: &Range<u64>) -> u64 {
    run.end.saturating_sub(run.start)
}

fn take(run: &mut Range<u64>, n: u64) -> Option<u64> {
    let first = run.start;
    (length(run) >= n).then(|| {
        run.start += n;
        first
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment() -> Segment {
        Segment::new("d.t".into(), 1, 100, Arc::default())
    }

    /// Reserves, with what has to be fetched from a counter.
    fn reserve(segment: &Segment, counter: &mut u64, n: u64) -> u64 {
        segment.reserve(n).unwrap_or_else(|error| {
            assert!(error.is(Code::NoIds), "{error}");
            fetch(segment, counter);
            segment.reserve(n).unwrap()
        })
    }

    fn fetch(segment: &Segment, counter: &mut u64) {
        while let Some(count) = segment.ask() {
            segment.put(*counter, count);
            *counter += count;
        }
    }

    #[test]
    fn a_proxy_that_is_alone_leaves_no_number_out() {
        let (segment, mut counter, mut last) = (segment(), 1, 0);
        assert_eq!(segment.ask(), None);
        for n in (1..=60).cycle().take(500) {
            let first = reserve(&segment, &mut counter, n);
            assert_eq!(first, last + 1);
            last += n;
        }
    }

    #[test]
    fn the_next_segment_is_asked_for_when_half_is_used() {
        let (segment, mut counter) = (segment(), 1);
        assert_eq!(reserve(&segment, &mut counter, 1), 1);
        assert_eq!(counter, 101);
        assert_eq!(segment.reserve(48).unwrap(), 2);
        assert_eq!(segment.ask(), None);
        assert_eq!(segment.reserve(1).unwrap(), 50);
        assert_eq!(segment.ask(), Some(100));
    }

    #[test]
    fn numbers_only_grow_where_other_proxies_take_some_between() {
        let (segment, mut counter, mut last) = (segment(), 1, 0);
        for n in [40, 30, 50, 1, 99, 100, 2, 70, 70, 1] {
            counter += 17;
            let first = reserve(&segment, &mut counter, n);
            assert!(first > last, "{first} after {last}");
            last = first + n - 1;
        }
    }

    #[test]
    fn an_ask_for_more_than_is_left_gives_the_rest_up() {
        let (segment, mut counter) = (segment(), 1);
        assert_eq!(reserve(&segment, &mut counter, 20), 1);
        counter = 1001;
        assert_eq!(reserve(&segment, &mut counter, 90), 1001);
        assert_eq!(segment.reserve(1).unwrap(), 1091);
    }

    #[test]
    fn a_large_ask_has_a_segment_of_its_own() {
        let (segment, mut counter) = (segment(), 1);
        assert_eq!(reserve(&segment, &mut counter, 10), 1);
        assert!(segment.reserve(101).unwrap_err().is(Code::NoIds));
        assert_eq!(segment.ask(), Some(101));
        fetch(&segment, &mut counter);
        assert_eq!(segment.reserve(101).unwrap(), 101);
        assert_eq!(segment.reserve(1).unwrap(), 11);
        let too_many = segment.reserve(Segment::MOST + 1).unwrap_err();
        assert!(too_many.is(Code::OutOfRange) && too_many.message.contains("1 to 1000000"), "{too_many}");
        assert!(segment.reserve(0).unwrap_err().is(Code::OutOfRange));
    }

    #[test]
    fn an_error_of_the_store_is_told_until_it_gives_again() {
        let segment = segment();
        segment.failed(&Error::new(Code::SourceDown, "the store a/b cannot be reached"));
        let error = segment.reserve(1).unwrap_err();
        assert!(error.is(Code::NoIds) && error.message.contains("d.t: the store a/b cannot"), "{error}");
        segment.put(1, 100);
        assert_eq!(segment.reserve(1).unwrap(), 1);
    }
}
