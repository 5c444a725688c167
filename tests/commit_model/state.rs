//! What a run is made of, and what must never become of it. Knows no steps.

/// A rule of the protocol that a run does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    Nothing,
    /// The decision row is part of the first branch's own transaction.
    DecisionInFirstBranch,
    /// Recovery takes a missing decision row for "rolled back" only after it has put a tombstone in its place.
    Tombstone,
    /// COMMIT is sent when the decision row's INSERT has been answered.
    InsertAnswered,
    /// The INSERT does nothing after a deadline that is over before tombstones are removed.
    Deadline,
    /// The deadline is taken before the first PREPARE is sent.
    DeadlineBeforePrepare,
    /// The coordinator's own tombstone has the deadline too.
    DeadlineOfOwnTombstone,
    /// The coordinator deletes the decision row when every XA COMMIT was answered.
    DeleteAfterCommits,
    /// XAER_NOTA is no OK: the branch may hang on a dead connection still.
    UnknownIsNotDone,
    /// A decision row is removed only when each of its branches was looked for.
    EveryBranchAsked,
}

/// What a run goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub branches: usize,
    pub left_out: LeftOut,
}

impl Rules {
    pub fn has(self, rule: LeftOut) -> bool {
        self.left_out != rule
    }
}

/// What has become of a branch's writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Work {
    Open,
    /// The first branch: its decision row is inserted, not committed. The others: prepared.
    Ready,
    Committed,
    RolledBack,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Request {
    None,
    /// The decision row; whether its deadline was taken when it was late already.
    Insert {
        late: bool,
    },
    Prepare,
    Commit,
    Rollback,
}

/// What the coordinator knows of what it has asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Heard {
    NotAsked,
    Waiting,
    Ok,
    Failed,
}

/// A branch, the first of them the plain transaction, and the coordinator's connection to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Branch {
    pub work: Work,
    /// The coordinator's end of the connection.
    pub open: bool,
    /// The server's end.
    pub session: bool,
    /// What the server has not carried out yet.
    pub queue: [Request; 2],
    pub heard: Heard,
}

impl Branch {
    pub fn ask(&mut self, request: Request) {
        if !self.open {
            self.heard = Heard::Failed;
            return;
        }
        let place = self.queue.iter().position(|old| *old == Request::None).unwrap();
        self.queue[place] = request;
        self.heard = Heard::Waiting;
    }

    pub fn lose(&mut self) {
        self.open = false;
        if self.heard == Heard::Waiting {
            self.heard = Heard::Failed;
        }
    }

    /// The server ends the session. Prepared work stays, of the first branch nothing does.
    pub fn end_session(&mut self, first: bool) {
        (self.session, self.queue) = (false, [Request::None; 2]);
        if self.work == Work::Open || first && self.work == Work::Ready {
            self.work = Work::RolledBack;
        }
    }

    /// Its work is done for good.
    pub fn over(self) -> bool {
        matches!(self.work, Work::Committed | Work::RolledBack)
    }

    pub fn idle(self) -> bool {
        self.queue[0] == Request::None
    }
}

/// A committed row of the table of decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Row {
    None,
    Commit,
    Abort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Coordinator {
    Preparing,
    /// COMMIT of the first branch was sent.
    Deciding,
    /// Its answer was lost.
    Resolving,
    /// There is a row: it reads it.
    Reading,
    Committing,
    /// It has ended, or has died.
    Gone,
}

/// What the client was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Told {
    Nothing,
    Committed,
    RolledBack,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recoverer {
    Idle,
    /// It has seen a prepared branch.
    Seen,
    /// Its tombstone was a duplicate.
    Duplicate,
    Commits,
    RollsBack,
    /// It has read an old row, and has found no prepared branch on these.
    Cleans(u8),
}

pub const TOMBSTONE: u8 = 1;
pub const DELETE: u8 = 2;
/// XA COMMIT and XA ROLLBACK of the branches 1 and 2.
pub const COMMIT: [u8; 3] = [0, 4, 8];
pub const ROLLBACK: [u8; 3] = [0, 16, 32];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    pub late: bool,
    pub coordinator: Coordinator,
    pub told: Told,
    pub branches: [Branch; 3],
    pub row: Row,
    pub recoverers: [Recoverer; 2],
    pub stray: u8,
}

/// What happened, and to which branch or recoverer.
pub type Label = (&'static str, usize);

/// What must never be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// One branch has committed, another one has rolled back.
    Split,
    /// The client was told otherwise.
    Lie,
    /// Recovery leaves a branch prepared.
    InDoubt,
}

impl State {
    pub fn start(rules: Rules) -> Self {
        let branch = Branch {
            work: Work::Open,
            open: true,
            session: true,
            queue: [Request::None; 2],
            heard: Heard::NotAsked,
        };
        let absent = Branch { open: false, session: false, ..branch };
        let mut branches = [absent; 3];
        branches[..rules.branches].fill(branch);
        Self {
            late: false,
            coordinator: Coordinator::Preparing,
            told: Told::Nothing,
            branches,
            row: Row::None,
            recoverers: [Recoverer::Idle; 2],
            stray: 0,
        }
    }

    /// What is wrong with this state, or with what recovery makes of it when everything else has stopped.
    pub fn wrong(&self, rules: Rules) -> Option<Wrong> {
        let mut end = *self;
        for place in 0..rules.branches {
            end.branches[place].end_session(place == 0);
        }
        for place in 1..rules.branches {
            if end.branches[place].work == Work::Ready {
                let looks_only = !rules.has(LeftOut::Tombstone);
                let inserted = if looks_only { Some(end.row == Row::None) } else { end.insert_tombstone() };
                let work = match (inserted, end.row) {
                    (Some(false), Row::Commit) => Work::Committed,
                    (Some(_), _) => Work::RolledBack,
                    (None, _) => return Some(Wrong::InDoubt),
                };
                end.end_prepared(place, work);
            }
        }
        let count =
            |state: &Self, work| state.branches[..rules.branches].iter().filter(|b| b.work == work).count();
        let (committed, rolled_back) = (count(&end, Work::Committed), count(&end, Work::RolledBack));
        if committed + rolled_back < rules.branches {
            return Some(Wrong::InDoubt);
        }
        match self.told {
            _ if committed > 0 && rolled_back > 0 => Some(Wrong::Split),
            Told::Committed if rolled_back > 0 => Some(Wrong::Lie),
            Told::RolledBack if committed > 0 => Some(Wrong::Lie),
            _ => None,
        }
    }

    /// Whether nothing can change any more that matters.
    pub fn over(&self, rules: Rules) -> bool {
        self.coordinator == Coordinator::Gone
            && self.branches[..rules.branches].iter().all(|branch| branch.over())
    }

    /// The same for all that are alike but for what nobody will look at, or for who is called the first.
    pub fn canonical(mut self, rules: Rules) -> Self {
        if self.coordinator == Coordinator::Gone {
            for branch in &mut self.branches[..rules.branches] {
                (branch.open, branch.heard) = (false, Heard::NotAsked);
                if branch.over() {
                    (branch.session, branch.queue) = (false, [Request::None; 2]);
                }
            }
        }
        for place in 1..rules.branches {
            if self.branches[place].over() {
                self.stray &= !(COMMIT[place] | ROLLBACK[place]);
            }
        }
        if rules.branches == 3 && rules.has(LeftOut::EveryBranchAsked) && self.branches[1] > self.branches[2]
        {
            self.branches.swap(1, 2);
            let swap = |bits: u8, at: u8| {
                bits & !(3 << at) | (bits >> at & 1) << (at + 1) | (bits >> (at + 1) & 1) << at
            };
            self.stray = swap(swap(self.stray, 2), 4);
            for recoverer in &mut self.recoverers {
                if let Recoverer::Cleans(asked) = recoverer {
                    *asked = swap(*asked, 1);
                }
            }
        }
        self.recoverers.sort_unstable();
        self
    }
}
