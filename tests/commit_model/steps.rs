//! All that may happen: to servers, connections and time; by the coordinator; by those that recover.

use super::state::*;

impl State {
    /// All that may happen next.
    pub fn steps(&self, rules: Rules, out: &mut Vec<(Label, Self)>) {
        self.world(rules, out);
        self.coordinate(rules, out);
        for place in 0..self.recoverers.len() {
            self.recover(place, rules, out);
        }
    }

    fn step(&self, out: &mut Vec<(Label, Self)>, label: Label, change: impl FnOnce(&mut Self)) {
        let mut next = *self;
        change(&mut next);
        out.push((label, next));
    }

    /// Time, servers, connections, and what is on its way.
    fn world(&self, rules: Rules, out: &mut Vec<(Label, Self)>) {
        if !self.late {
            self.step(out, ("a day passes", 0), |s| s.late = true);
        }
        if self.coordinator != Coordinator::Gone {
            self.step(out, ("the coordinator dies", 0), |s| {
                s.coordinator = Coordinator::Gone;
                s.branches[..rules.branches].iter_mut().for_each(Branch::lose);
            });
        }
        for place in 0..rules.branches {
            let branch = &self.branches[place];
            if branch.open {
                self.step(out, ("the connection is lost", place), |s| s.branches[place].lose());
            } else if branch.session {
                self.step(out, ("the server notices", place), |s| s.branches[place].end_session(place == 0));
            }
            if branch.session {
                self.step(out, ("the server crashes", place), |s| {
                    s.branches[place].lose();
                    s.branches[place].end_session(place == 0);
                });
            }
            if !branch.idle() {
                self.step(out, ("the server carries out a request", place), |s| s.serve(place, rules));
                self.step(out, ("the server refuses a request", place), |s| s.refuse(place));
            }
        }
        for bit in (0..u8::BITS).map(|n| 1 << n).filter(|bit| self.stray & bit != 0) {
            self.step(out, ("a late request arrives", usize::from(bit)), |s| s.arrive(bit));
            self.step(out, ("a late request gets lost", usize::from(bit)), |s| s.stray &= !bit);
        }
    }

    fn arrive(&mut self, stray: u8) {
        match stray {
            TOMBSTONE => {
                self.insert_tombstone();
            }
            DELETE => self.row = Row::None,
            _ => {
                let place = (1..3).find(|&place| (COMMIT[place] | ROLLBACK[place]) & stray != 0).unwrap();
                let work = if stray == COMMIT[place] { Work::Committed } else { Work::RolledBack };
                self.end_prepared(place, work);
            }
        }
    }

    /// An error of the server's own: a full disk, a lock. A plain COMMIT that fails so has rolled back.
    fn refuse(&mut self, place: usize) {
        let branch = &mut self.branches[place];
        if place == 0 && branch.queue[0] == Request::Commit && !branch.over() {
            branch.work = Work::RolledBack;
        }
        branch.queue = [branch.queue[1], Request::None];
        if branch.open && branch.idle() {
            branch.heard = Heard::Failed;
        }
    }

    /// The server of a branch carries out the next request of the coordinator's connection.
    fn serve(&mut self, place: usize, rules: Rules) {
        let first = place == 0;
        let (row, late) = (self.row, self.late);
        let branch = &mut self.branches[place];
        let request = branch.queue[0];
        branch.queue = [branch.queue[1], Request::None];
        let done = match (request, branch.work) {
            (Request::Insert { late: taken_late }, Work::Open) => {
                let over = late && !taken_late && rules.has(LeftOut::Deadline);
                let done = row == Row::None && !over;
                if done && rules.has(LeftOut::DecisionInFirstBranch) {
                    branch.work = Work::Ready;
                } else if done {
                    self.row = Row::Commit;
                }
                done
            }
            (Request::Prepare, Work::Open) => {
                branch.work = Work::Ready;
                true
            }
            (Request::Commit, Work::Ready) => {
                branch.work = Work::Committed;
                if first {
                    self.row = Row::Commit;
                }
                true
            }
            (Request::Commit, Work::Open) if first => {
                branch.work = Work::Committed;
                true
            }
            (Request::Rollback, Work::Open | Work::Ready) => {
                branch.work = Work::RolledBack;
                true
            }
            _ => false,
        };
        let branch = &mut self.branches[place];
        if branch.open && branch.idle() {
            branch.heard = if done { Heard::Ok } else { Heard::Failed };
        }
    }

    /// Another connection's INSERT of a tombstone: whether it was inserted, or the key was there. `None`: it is
    /// locked.
    pub fn insert_tombstone(&mut self) -> Option<bool> {
        if self.branches[0].work == Work::Ready {
            return None;
        }
        let inserted = self.row == Row::None;
        if inserted {
            self.row = Row::Abort;
        }
        Some(inserted)
    }

    /// Another connection's XA COMMIT or XA ROLLBACK; `false` is XAER_NOTA. MySQL carries it out while the branch's
    /// own connection lives, MariaDB does not: so both is possible, as nobody needs to take this step.
    pub fn end_prepared(&mut self, place: usize, work: Work) -> bool {
        let branch = &mut self.branches[place];
        let prepared = branch.work == Work::Ready;
        if prepared {
            branch.work = work;
        }
        prepared
    }

    fn coordinate(&self, rules: Rules, out: &mut Vec<(Label, Self)>) {
        let branches = &self.branches[..rules.branches];
        match self.coordinator {
            Coordinator::Preparing => {
                if branches.iter().any(|b| b.heard == Heard::Failed || !b.open) {
                    return self.step(out, ("the coordinator gives up", 0), |s| s.roll_back(rules));
                }
                for (place, _) in branches.iter().enumerate().filter(|(_, b)| b.heard == Heard::NotAsked) {
                    let label = ("the coordinator sends INSERT or PREPARE", place);
                    self.step(out, label, |s| s.prepare(place, rules));
                }
                if branches.iter().all(|b| b.heard == Heard::Ok) {
                    self.step(out, ("the coordinator sends COMMIT", 0), |s| {
                        s.coordinator = Coordinator::Deciding;
                        if rules.has(LeftOut::InsertAnswered) {
                            s.branches[0].ask(Request::Commit);
                        }
                    });
                }
            }
            Coordinator::Deciding => match branches[0].heard {
                Heard::Ok => self.step(out, ("the coordinator sends XA COMMIT", 0), |s| s.commit(rules)),
                Heard::Failed => self.step(out, ("the coordinator has no answer", 0), |s| {
                    s.coordinator = Coordinator::Resolving;
                }),
                _ => {}
            },
            Coordinator::Resolving => {
                self.step(out, ("the coordinator's tombstone", 0), |s| s.resolve(rules));
                self.step(out, ("the coordinator's tombstone is on its way", 0), |s| s.stray |= TOMBSTONE);
                self.step(out, ("the coordinator says: unknown", 0), |s| s.end(Told::Unknown));
            }
            Coordinator::Reading => self.step(out, ("the coordinator reads the row", 0), |s| match s.row {
                Row::Commit => s.commit(rules),
                Row::Abort if s.late && rules.has(LeftOut::DeadlineOfOwnTombstone) => s.end(Told::Unknown),
                Row::Abort => s.roll_back(rules),
                Row::None => s.coordinator = Coordinator::Resolving,
            }),
            Coordinator::Committing => self.finish(rules, out),
            Coordinator::Gone => {}
        }
    }

    fn prepare(&mut self, place: usize, rules: Rules) {
        let late = self.late && !rules.has(LeftOut::DeadlineBeforePrepare);
        let branch = &mut self.branches[place];
        branch.ask(if place == 0 { Request::Insert { late } } else { Request::Prepare });
        if place == 0 && !rules.has(LeftOut::InsertAnswered) {
            branch.ask(Request::Commit);
        }
    }

    fn end(&mut self, told: Told) {
        (self.coordinator, self.told) = (Coordinator::Gone, told);
    }

    fn roll_back(&mut self, rules: Rules) {
        let open = self.branches[..rules.branches].iter_mut().filter(|branch| branch.open);
        open.filter(|branch| branch.queue[1] == Request::None)
            .for_each(|branch| branch.ask(Request::Rollback));
        self.end(Told::RolledBack);
    }

    fn commit(&mut self, rules: Rules) {
        self.coordinator = Coordinator::Committing;
        self.branches[1..rules.branches].iter_mut().for_each(|branch| branch.ask(Request::Commit));
        if !rules.has(LeftOut::DeleteAfterCommits) {
            self.stray |= DELETE;
        }
    }

    /// The coordinator looks whether the COMMIT without an answer was carried out.
    fn resolve(&mut self, rules: Rules) {
        if self.late && rules.has(LeftOut::DeadlineOfOwnTombstone) {
            match self.row {
                Row::None if self.branches[0].work == Work::Ready => {}
                Row::None => self.end(Told::Unknown),
                _ => self.coordinator = Coordinator::Reading,
            }
            return;
        }
        match self.insert_tombstone() {
            Some(true) => self.roll_back(rules),
            Some(false) => self.coordinator = Coordinator::Reading,
            None => {}
        }
    }

    /// The answers to XA COMMIT have come, or never will.
    fn finish(&self, rules: Rules, out: &mut Vec<(Label, Self)>) {
        let later = &self.branches[1..rules.branches];
        if later.iter().all(|branch| branch.heard != Heard::Waiting) {
            self.step(out, ("the coordinator answers OK", 0), |s| {
                s.end(Told::Committed);
                if later.iter().all(|branch| branch.heard == Heard::Ok) {
                    s.stray |= DELETE;
                }
            });
        }
        for place in 1..rules.branches {
            if self.branches[place].heard == Heard::Failed {
                self.step(out, ("the coordinator commits by another connection", place), |s| {
                    let attached = s.branches[place].session;
                    let done = !attached && s.end_prepared(place, Work::Committed);
                    if done || !rules.has(LeftOut::UnknownIsNotDone) {
                        s.branches[place].heard = Heard::Ok;
                    }
                });
            }
        }
    }

    /// What the recoverer `who` may do.
    fn recover(&self, who: usize, rules: Rules, out: &mut Vec<(Label, Self)>) {
        let later = 1..rules.branches;
        let be = |s: &mut Self, now| s.recoverers[who] = now;
        let now = self.recoverers[who];
        if now != Recoverer::Idle {
            self.step(out, ("recovery leaves it for the next round", who), |s| be(s, Recoverer::Idle));
        }
        match now {
            Recoverer::Idle => {
                if later.clone().any(|place| self.branches[place].work == Work::Ready) {
                    self.step(out, ("recovery sees a prepared branch", who), |s| be(s, Recoverer::Seen));
                }
                let old = self.late || !rules.has(LeftOut::Deadline);
                if old && self.row != Row::None {
                    // A tombstone may go by its age: what it forbids, the deadline forbids by then.
                    let all = if self.row == Row::Abort { u8::MAX } else { 0 };
                    self.step(out, ("cleaning reads an old row", who), |s| be(s, Recoverer::Cleans(all)));
                }
            }
            Recoverer::Seen if !rules.has(LeftOut::Tombstone) => {
                self.step(out, ("recovery looks for the row", who), |s| {
                    be(s, if s.row == Row::Commit { Recoverer::Commits } else { Recoverer::RollsBack });
                });
            }
            Recoverer::Seen => {
                self.step(out, ("recovery's tombstone", who), |s| {
                    let next = match s.insert_tombstone() {
                        Some(true) => Recoverer::RollsBack,
                        Some(false) => Recoverer::Duplicate,
                        None => Recoverer::Idle,
                    };
                    be(s, next);
                });
                self.step(out, ("recovery's tombstone is on its way", who), |s| {
                    s.stray |= TOMBSTONE;
                    be(s, Recoverer::Idle);
                });
            }
            Recoverer::Duplicate => self.step(out, ("recovery reads the row", who), |s| match s.row {
                Row::Commit => be(s, Recoverer::Commits),
                Row::Abort => be(s, Recoverer::RollsBack),
                Row::None => be(s, Recoverer::Idle),
            }),
            Recoverer::Commits | Recoverer::RollsBack => {
                let (label, work, bits) = match now {
                    Recoverer::Commits => ("recovery: XA COMMIT", Work::Committed, COMMIT),
                    _ => ("recovery: XA ROLLBACK", Work::RolledBack, ROLLBACK),
                };
                for place in later.filter(|&place| self.branches[place].work == Work::Ready) {
                    self.step(out, (label, place), |s| {
                        s.end_prepared(place, work);
                    });
                    self.step(out, ("recovery's XA statement is on its way", place), |s| {
                        s.stray |= bits[place];
                        be(s, Recoverer::Idle);
                    });
                }
            }
            Recoverer::Cleans(asked) => {
                let known = if rules.has(LeftOut::EveryBranchAsked) { later } else { 1..rules.branches - 1 };
                for place in known.clone().filter(|place| asked & 1 << place == 0) {
                    self.step(out, ("cleaning looks for a prepared branch", place), |s| {
                        let found = s.branches[place].work == Work::Ready;
                        be(s, if found { Recoverer::Idle } else { Recoverer::Cleans(asked | 1 << place) });
                    });
                }
                if known.clone().all(|place| asked & 1 << place != 0) {
                    self.step(out, ("cleaning deletes the row", who), |s| {
                        s.row = Row::None;
                        be(s, Recoverer::Idle);
                    });
                    self.step(out, ("cleaning's delete is on its way", who), |s| {
                        s.stray |= DELETE;
                        be(s, Recoverer::Idle);
                    });
                }
            }
        }
    }
}
