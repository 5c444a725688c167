//! Snowflake ids one by one, by threads, and under any clock.

use std::collections::HashSet;
use std::sync::Barrier;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::base::clock::{Clock, FixedClock, SystemClock};
use crate::base::layout::{EPOCH_MS, Gene, GenePlace};

const START: u64 = EPOCH_MS + 1_000_000;

fn generator(layout: Layout) -> (Arc<FixedClock>, Arc<Fence>, Snowflake) {
    let clock = Arc::new(FixedClock::at(START));
    let fence = Arc::new(Fence::new(Arc::clone(&clock) as Arc<dyn Clock>));
    let ids = Snowflake::new(layout, Arc::clone(&fence), Snowflake::MAX_AHEAD_MS);
    ids.hold(5, 0);
    fence.open(u64::MAX);
    (clock, fence, ids)
}

#[test]
fn ids_increase_and_differ_whatever_the_clock_does() {
    let (clock, fence, ids) = generator(Layout::SNOWFLAKE);
    let (mut seen, mut last) = (HashSet::new(), 0);
    for step in 0..20_000u64 {
        clock.pass(1);
        clock.set(START - 3_600_000 + step * 7 % 900);
        fence.follow(u64::MAX);
        let n = step % 13 + 1;
        let first = ids.reserve(n, 0).unwrap();
        for id in first..first + n {
            assert!(id > last && seen.insert(id));
            last = id;
        }
        assert_eq!(ids.layout().decode(first).worker, 5);
    }
}

#[test]
fn a_block_stays_within_one_millisecond() {
    let (_, _, ids) = generator(Layout::SNOWFLAKE);
    for n in [1, 4096, 4095, 2, 4096] {
        let first = ids.reserve(n, 0).unwrap();
        assert_eq!(first >> 22, (first + n - 1) >> 22);
    }
}

#[test]
fn what_cannot_be_right_is_refused_and_takes_nothing() {
    let (clock, fence, ids) = generator(Layout::SNOWFLAKE);
    assert_eq!(ids.reserve(0, 0), Err(Refusal::Block { asked: 0, most: 4096 }));
    assert_eq!(ids.reserve(4097, 0), Err(Refusal::Block { asked: 4097, most: 4096 }));
    assert_eq!(ids.reserve(1, 1), Err(Refusal::Gene { gene: 1 }));
    let mut made = 0;
    let refused = loop {
        match ids.reserve(4096, 0) {
            Ok(_) => made += 1,
            Err(refusal) => break refusal,
        }
    };
    assert_eq!((made, refused), (Snowflake::MAX_AHEAD_MS + 1, Refusal::Ahead { ms: 1 }));
    clock.pass(1);
    assert!(ids.reserve(4096, 0).is_ok());
    clock.pass(2);
    fence.open(START + Snowflake::MAX_AHEAD_MS);
    assert_eq!(ids.reserve(1, 0), Err(Refusal::Bound));
    fence.close();
    assert_eq!(ids.reserve(1, 0), Err(Refusal::Bound));
    fence.open(u64::MAX);
    fence.reach(EPOCH_MS + (1 << 41));
    assert!(matches!(ids.reserve(1, 0), Err(Refusal::Clock { .. })));
}

#[test]
fn another_worker_goes_on_above_what_was_made_and_above_its_floor() {
    let (_, fence, ids) = generator(Layout::SNOWFLAKE);
    let before = ids.reserve(1, 0).unwrap();
    fence.close();
    ids.hold(7, START + 500);
    fence.open(START + 10_000);
    let first = ids.reserve(1, 0).unwrap();
    let after = ids.layout().decode(first);
    assert_eq!((after.worker, after.unix_ms), (7, START + 500));
    assert!(first > before);
    // A smaller worker's ids are larger all the same, in the same millisecond too.
    fence.close();
    ids.hold(1, 0);
    fence.open(START + 10_000);
    let last = ids.reserve(1, 0).unwrap();
    assert!(last > first && ids.layout().decode(last).unix_ms <= START + 502);
}

#[test]
fn a_floor_beyond_the_end_of_time_is_refused() {
    let (_, fence, ids) = generator(Layout::SNOWFLAKE);
    for floor in [EPOCH_MS + (1 << 41), u64::MAX] {
        fence.close();
        ids.hold(7, floor);
        fence.open(u64::MAX);
        assert!(matches!(ids.reserve(1, 0), Err(Refusal::Ahead { .. } | Refusal::Clock { .. })));
    }
    fence.reach(EPOCH_MS + (1 << 41) - 1);
    assert!(matches!(ids.reserve(1, 0), Err(Refusal::Clock { .. })));
}

#[test]
fn genes_have_all_slots_each() {
    let gene = Gene { bits: 10, place: GenePlace::Middle };
    let (_, _, ids) = generator(Layout::SNOWFLAKE.with_gene(gene).unwrap());
    let mut seen = HashSet::new();
    for gene in 0..1024 {
        for _ in 0..64 {
            let id = ids.reserve(1, gene).unwrap();
            assert!(seen.insert(id));
            assert_eq!(ids.layout().decode(id).gene, Some(gene));
        }
    }
    assert_eq!(ids.reserve(5, 0), Err(Refusal::Block { asked: 5, most: 4 }));
}

/// A machine whose clock people set while ids are made.
struct Stepped(AtomicU64);

impl Clock for Stepped {
    fn unix_ms(&self) -> u64 {
        SystemClock.unix_ms().wrapping_add(self.0.load(Ordering::Relaxed))
    }

    fn elapsed_ms(&self) -> u64 {
        SystemClock.elapsed_ms()
    }
}

#[test]
fn a_clock_set_back_by_an_hour_stops_nothing() {
    const THREADS: u64 = 2;
    const PER_SECOND: u64 = 100_000;
    /// So many ids each thread makes between two steps of the clock.
    const EACH: u64 = 4000;
    let clock = Arc::new(Stepped(AtomicU64::new(0)));
    let fence = Arc::new(Fence::new(Arc::clone(&clock) as Arc<dyn Clock>));
    let ids = Snowflake::new(Layout::SNOWFLAKE, Arc::clone(&fence), Snowflake::MAX_AHEAD_MS);
    ids.hold(5, fence.now());
    fence.open(fence.now() + 600_000);
    let (counts, over) = ([const { AtomicU64::new(0) }; THREADS as usize], AtomicBool::new(false));
    let made = thread::scope(|scope| {
        let makers: Vec<_> = counts
            .iter()
            .map(|count| {
                scope.spawn(|| {
                    let (mut made, begun) = (Vec::new(), Instant::now());
                    while !over.load(Ordering::Relaxed) {
                        let due = begun.elapsed().as_micros() as u64 * PER_SECOND / THREADS / 1_000_000;
                        while (made.len() as u64) < due {
                            // It is refused where it would have to wait.
                            made.push(ids.reserve(1, 0).unwrap());
                            count.store(made.len() as u64, Ordering::Relaxed);
                        }
                        thread::yield_now();
                    }
                    made
                })
            })
            .collect();
        // An hour back, forward again and back.
        let steps = [-3_600_000_i64, 0, -3_600_000, -1, -7_200_000, 0, -3_600_000, 0, -60_000, -3_600_000];
        for (n, step) in steps.into_iter().enumerate() {
            clock.0.store(step as u64, Ordering::Relaxed);
            fence.follow(u64::MAX);
            let due = EACH * (n as u64 + 1);
            while counts
                .iter()
                .zip(&makers)
                .any(|(count, maker)| count.load(Ordering::Relaxed) < due && !maker.is_finished())
            {
                thread::sleep(Duration::from_millis(1));
            }
        }
        over.store(true, Ordering::Relaxed);
        makers.into_iter().map(|maker| maker.join().unwrap()).collect::<Vec<_>>()
    });
    let mut all = HashSet::new();
    for ids_of_one in made {
        assert!(ids_of_one.is_sorted_by(|a, b| a < b));
        assert!(ids_of_one.iter().all(|id| all.insert(*id)), "no id is made twice");
        let newest = ids.layout().decode(*ids_of_one.last().unwrap()).unix_ms;
        let now = SystemClock.unix_ms();
        assert!(
            (now.saturating_sub(600_000)..now + 5_000).contains(&newest),
            "ids' time goes on with the time that passes: {newest} at {now}"
        );
    }
}

/// Who may make ids when: a term of a worker.
struct Term {
    floor: u64,
    /// Told before the fence is opened so far.
    bound: AtomicU64,
}

#[test]
fn no_thread_passes_the_bound_of_another_worker() {
    const TERMS: u64 = 20_000;
    const WORKERS: u64 = 1 << 10;
    let clock = Arc::new(FixedClock::at(START));
    let fence = Arc::new(Fence::new(Arc::clone(&clock) as Arc<dyn Clock>));
    let ids = Snowflake::new(Layout::SNOWFLAKE, Arc::clone(&fence), u64::MAX);
    // Terms follow each other without a gap, so that one millisecond too late is already the next one's.
    let terms: Vec<Term> =
        (0..TERMS).map(|n| Term { floor: START + n * 4, bound: AtomicU64::new(0) }).collect();
    let over = AtomicBool::new(false);
    let start = Barrier::new(5);
    let made = thread::scope(|scope| {
        let makers: Vec<_> = (0..4_u64)
            .map(|thread| {
                let (ids, over, start) = (&ids, &over, &start);
                scope.spawn(move || {
                    let mut made: Vec<(u64, u64)> = Vec::new();
                    start.wait();
                    while !over.load(Ordering::Relaxed) {
                        let n = if thread % 2 == 0 { 1 } else { 700 };
                        match ids.reserve(n, 0) {
                            Ok(first) => made.push((first, n)),
                            Err(refusal) => assert_eq!(refusal, Refusal::Bound),
                        }
                    }
                    made
                })
            })
            .collect();
        start.wait();
        for (n, term) in terms.iter().enumerate() {
            fence.close();
            ids.hold((n as u64 % WORKERS) as u16, term.floor);
            for bound in [term.floor + 2, term.floor + 4] {
                term.bound.store(bound, Ordering::Relaxed);
                fence.open(bound);
                if n % 8 == 0 {
                    thread::yield_now();
                }
            }
        }
        over.store(true, Ordering::Relaxed);
        makers.into_iter().map(|maker| maker.join().unwrap()).collect::<Vec<_>>()
    });
    let mut blocks: Vec<(u64, u64)> = Vec::new();
    for made in made {
        assert!(made.is_sorted_by(|a, b| a.0 + a.1 - 1 < b.0), "a thread's ids increase");
        blocks.extend(made);
    }
    blocks.sort_unstable();
    assert!(blocks.len() > TERMS as usize / 100, "{} blocks", blocks.len());
    assert!(blocks.is_sorted_by(|a, b| a.0 + a.1 <= b.0), "no id is made twice");
    for (first, _) in blocks {
        let id = ids.layout().decode(first);
        let n = (id.unix_ms - START) / 4;
        let term = &terms[n as usize];
        let allowed = term.floor..term.bound.load(Ordering::Relaxed);
        assert_eq!(u64::from(id.worker), n % WORKERS, "a worker made an id of another one's time");
        assert!(allowed.contains(&id.unix_ms));
    }
}

#[test]
fn threads_share_a_worker_whose_lease_is_extended_and_taken_anew() {
    const TERMS: usize = 300;
    let fence = Arc::new(Fence::new(Arc::new(SystemClock)));
    let ids = Snowflake::new(Layout::SNOWFLAKE, Arc::clone(&fence), Snowflake::MAX_AHEAD_MS);
    let (over, blocks) = (AtomicBool::new(false), AtomicU64::new(0));
    let made = thread::scope(|scope| {
        let makers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut made = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        if let Ok(id) = ids.reserve(3, 0) {
                            made.push(id);
                            blocks.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    made
                })
            })
            .collect();
        // The same number each time, with a floor that says nothing: ids differ all the same.
        let begun = Instant::now();
        for _ in 0..TERMS {
            assert!(begun.elapsed() < Duration::from_secs(60), "the makers make nothing");
            fence.close();
            ids.hold(9, 0);
            // Each term begins a millisecond later: time has to come after, and the makers to their turn.
            let before = blocks.load(Ordering::Relaxed);
            while blocks.load(Ordering::Relaxed) == before && begun.elapsed() < Duration::from_secs(60) {
                fence.open(fence.now() + 3);
                thread::yield_now();
            }
        }
        over.store(true, Ordering::Relaxed);
        makers.into_iter().map(|maker| maker.join().unwrap()).collect::<Vec<Vec<u64>>>()
    });
    assert!(made.iter().all(|ids| ids.is_sorted_by(|a, b| a + 2 < *b)), "a thread's ids increase");
    let mut all = made.concat();
    all.sort_unstable();
    assert!(all.len() >= TERMS && all.is_sorted_by(|a, b| a + 2 < *b), "no id is made twice");
}

/// What may happen to a generator.
#[derive(Debug, Clone)]
enum Event {
    Pass(u64),
    Set(i64),
    Follow,
    Extend(u64),
    Hold(u16, u64),
    Reserve(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        2 => (0..50_u64).prop_map(Event::Pass),
        1 => (-3_600_000..3_600_000_i64).prop_map(Event::Set),
        1 => Just(Event::Follow),
        1 => (0..5_000_u64).prop_map(Event::Extend),
        1 => (0..1024_u16, 0..5_000_u64).prop_map(|(worker, floor)| Event::Hold(worker, floor)),
        8 => (1..=4096_u64).prop_map(Event::Reserve),
    ];
    proptest::collection::vec(event, 1..120)
}

proptest! {
    #[test]
    fn ids_increase_below_the_bound_and_the_look_ahead(events in events()) {
        let (clock, fence, ids) = generator(Layout::SNOWFLAKE);
        let (mut worker, mut floor, mut bound, mut last) = (5, 0, START + 10_000, 0);
        fence.open(bound);
        for event in events {
            match event {
                Event::Pass(ms) => clock.pass(ms),
                Event::Set(ms) => clock.set(START.saturating_add_signed(ms)),
                Event::Follow => fence.follow(bound),
                Event::Extend(ms) => {
                    bound = bound.max(fence.now() + ms);
                    fence.open(bound);
                }
                Event::Hold(number, ms) => {
                    (worker, floor, bound) = (number, fence.now() + ms, fence.now() + 2 * ms);
                    fence.close();
                    ids.hold(worker, floor);
                    fence.open(bound);
                }
                Event::Reserve(n) => match ids.reserve(n, 0) {
                    Ok(first) => {
                        prop_assert!(first > last);
                        last = first + n - 1;
                        let (first, last) = (ids.layout().decode(first), ids.layout().decode(last));
                        prop_assert_eq!(first.unix_ms, last.unix_ms);
                        prop_assert_eq!(last.sequence - first.sequence, n - 1);
                        prop_assert_eq!((first.worker, last.worker), (worker, worker));
                        prop_assert!((floor..bound).contains(&first.unix_ms));
                        prop_assert!(first.unix_ms >= fence.now());
                        prop_assert!(first.unix_ms <= fence.now() + Snowflake::MAX_AHEAD_MS);
                    }
                    Err(Refusal::Bound) => prop_assert!(bound <= fence.now() + Snowflake::MAX_AHEAD_MS),
                    Err(Refusal::Ahead { ms }) => {
                        clock.pass(ms);
                        match ids.reserve(n, 0) {
                            Ok(first) => last = first + n - 1,
                            again => prop_assert_eq!(again, Err(Refusal::Bound)),
                        }
                    }
                    Err(other) => prop_assert!(false, "{other}"),
                },
            }
        }
    }
}
