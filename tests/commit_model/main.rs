//! The commit across shards as a small state machine, explored exhaustively: one coordinator, one transaction of two or
//! three branches that have all written, two proxies that recover, a network that delays and loses, servers that crash
//! and come back. No run ends split, nothing that was answered turns out otherwise, and wherever everything stops,
//! one round of recovery leaves nothing in doubt.
//!
//! A model proves nothing if it cannot fail: each rule of the protocol is left out once, and the shortest run that goes
//! wrong then is shown. Start reading at `state::LeftOut` and `State::steps`.
//!
//! What stands for what: one step is one thing that one process does. Who does not step is slow, stopped, or dead, so
//! there are no pauses besides. A request on a connection that the coordinator has lost may still be carried out until
//! the server notices. A recoverer's request that it gave up is a *stray*: it arrives at any time, any number of times,
//! or never. Time is one bit: whether it is later than the deadline of the decision; rows are old enough to be removed
//! only then, for a day is longer than the hour of the deadline.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "all of this is a test"
)]

mod state;
mod steps;

use std::collections::HashSet;
use std::time::Instant;

use state::{Label, LeftOut, Rules, State, Told, Wrong};

/// What was found.
#[derive(Debug)]
struct Explored {
    states: usize,
    /// Runs in which the client was told: committed, rolled back, unknown.
    told: [usize; 3],
    /// The first state that is wrong, and the shortest way to it.
    wrong: Option<(Wrong, Vec<Label>)>,
}

/// Breadth first, so that the first wrong state is the nearest.
fn explore(rules: Rules) -> Explored {
    let start = State::start(rules);
    let mut seen: HashSet<State, foldhash::fast::FixedState> = HashSet::default();
    let mut all = vec![(start, 0_u32, ("start", 0))];
    seen.insert(start);
    let (mut next, mut steps, mut told) = (0, Vec::new(), [0; 3]);
    while let Some((state, ..)) = all.get(next).copied() {
        if let Some(place) =
            [Told::Committed, Told::RolledBack, Told::Unknown].iter().position(|t| *t == state.told)
        {
            told[place] += 1;
        }
        if let Some(wrong) = state.wrong(rules) {
            let (mut way, mut at) = (Vec::new(), next);
            while at != 0 {
                way.push(all[at].2);
                at = all[at].1 as usize;
            }
            way.reverse();
            return Explored { states: all.len(), told, wrong: Some((wrong, way)) };
        }
        if !state.over(rules) {
            state.steps(rules, &mut steps);
        }
        for (label, after) in steps.drain(..) {
            let after = after.canonical(rules);
            if seen.insert(after) {
                all.push((after, next as u32, label));
            }
        }
        next += 1;
    }
    Explored { states: all.len(), told, wrong: None }
}

fn holds(branches: usize) {
    let began = Instant::now();
    let found = explore(Rules { branches, left_out: LeftOut::Nothing });
    let [committed, rolled_back, unknown] = found.told;
    println!(
        "{branches} branches: {} states in {:.1?}; the client was told: committed in {committed} of them, rolled back in \
         {rolled_back}, unknown in {unknown}",
        found.states,
        began.elapsed()
    );
    assert_eq!(found.wrong, None);
    assert!(found.told.iter().all(|states| *states > 0), "some answers are never given: {found:?}");
}

#[test]
fn no_run_of_two_branches_ends_split() {
    holds(2);
}

#[test]
fn no_run_of_three_branches_ends_split() {
    holds(3);
}

/// Each rule is needed: without it there is a run that goes wrong. The shortest one has so many steps.
#[test]
fn without_any_one_rule_a_run_goes_wrong() {
    let cases = [
        (LeftOut::DecisionInFirstBranch, Wrong::Split, 4),
        (LeftOut::Tombstone, Wrong::Split, 9),
        (LeftOut::InsertAnswered, Wrong::Split, 3),
        (LeftOut::Deadline, Wrong::Split, 11),
        (LeftOut::DeadlineBeforePrepare, Wrong::Split, 12),
        (LeftOut::DeadlineOfOwnTombstone, Wrong::Lie, 17),
        (LeftOut::DeleteAfterCommits, Wrong::Split, 8),
        (LeftOut::UnknownIsNotDone, Wrong::Split, 11),
        (LeftOut::EveryBranchAsked, Wrong::Split, 9),
    ];
    let mut other = Vec::new();
    for (left_out, wrong, steps) in cases {
        let found = explore(Rules { branches: 2, left_out });
        let Some((was, way)) = found.wrong else {
            panic!("{left_out:?} is not needed: {} states", found.states)
        };
        println!("without {left_out:?}: {was:?} after {} steps ({} states)", way.len(), found.states);
        for (step, who) in &way {
            println!("    {step} ({who})");
        }
        if (was, way.len()) != (wrong, steps) {
            other.push((left_out, was, way.len()));
        }
    }
    assert!(other.is_empty(), "{other:?}");
}
