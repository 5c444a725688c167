//! One transfer over three servers for each step of its commit, its rollback and its recovery, and each kind of failure
//! exactly there.

use std::sync::Arc;
use std::time::Duration;

use super::house::House;
use super::ledger::{Journal, Told, Transfer, audit, key, open};
use super::teller::{Kind, Teller};
use crate::support::interposer::{Point, Step, Stopped};
use crate::support::shop::{PATIENCE, soon, until};

/// What happens to whom when the step is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The connection is cut.
    Cut,
    /// The proxy is killed, and with it the connection.
    Proxy,
    /// The proxy is killed; what it had sent reaches the server afterwards.
    ProxyLate,
    /// The server is killed, and comes back.
    Server,
    /// The proxy is stopped until another one has tried to recover the transaction, and goes on then.
    Outlasted,
}

/// What the transaction goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    /// It commits.
    Commit,
    /// Its decision row cannot be written: the coordinator rolls it back.
    RollBack,
    /// Its coordinator died after the decision: the other proxy recovers it.
    RecoverCommitted,
    /// Its coordinator died before the decision.
    RecoverOpen,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    path: Path,
    step: Step,
    point: Point,
    fault: Fault,
}

impl Case {
    fn all() -> Vec<Self> {
        let steps = [
            (Path::Commit, Step::XaStart),
            (Path::Commit, Step::XaEnd),
            (Path::Commit, Step::XaPrepare),
            (Path::Commit, Step::Decide),
            (Path::Commit, Step::Commit),
            (Path::Commit, Step::XaCommit),
            (Path::RollBack, Step::XaRollback),
            (Path::RecoverCommitted, Step::Tombstone),
            (Path::RecoverCommitted, Step::XaCommit),
            (Path::RecoverOpen, Step::Tombstone),
            (Path::RecoverOpen, Step::XaRollback),
        ];
        let mut all = Vec::new();
        for (path, step) in steps {
            for point in [Point::Before, Point::After] {
                for fault in [Fault::Cut, Fault::Proxy, Fault::ProxyLate, Fault::Server] {
                    // After the answer nothing is on its way.
                    if fault != Fault::ProxyLate || point == Point::Before {
                        all.push(Self { path, step, point, fault });
                    }
                }
            }
        }
        let outlasted = [
            (Step::Decide, Point::Before),
            (Step::Commit, Point::Before),
            (Step::Commit, Point::After),
            (Step::XaCommit, Point::Before),
        ];
        let fault = Fault::Outlasted;
        all.extend(outlasted.map(|(step, point)| Self { path: Path::Commit, step, point, fault }));
        all
    }

    /// The first branch is on ds0; the step of another one is looked for on ds1.
    fn server(self) -> usize {
        usize::from(!matches!(self.step, Step::Decide | Step::Tombstone | Step::Commit))
    }

    /// Whose step it is: the coordinator's, or the other proxy's.
    fn place(self) -> usize {
        usize::from(matches!(self.path, Path::RecoverCommitted | Path::RecoverOpen))
    }

    /// Whether the transaction has committed in the end: from the moment that the first branch's COMMIT is carried out.
    fn commits(self) -> bool {
        match (self.path, self.step, self.point, self.fault) {
            (Path::RecoverCommitted, ..) => true,
            (Path::RollBack | Path::RecoverOpen, ..) => false,
            (_, Step::XaCommit, ..) | (_, Step::Commit, Point::After, _) => true,
            (_, Step::Commit, Point::Before, fault) => matches!(fault, Fault::ProxyLate | Fault::Outlasted),
            _ => false,
        }
    }

    /// Whether the client was told what it can be told.
    fn told_rightly(self, told: &Told) -> bool {
        let killed = self.place() == 1 || matches!(self.fault, Fault::Proxy | Fault::ProxyLate);
        match told {
            Told::Acknowledged => self.commits() && !killed,
            // A branch that could not be opened: COMMIT was never said.
            Told::Refused(_) => !self.commits() && (!killed || self.step == Step::XaStart),
            // A server that is away for long leaves the outcome open.
            Told::Unknown(_) => {
                killed && self.step != Step::XaStart
                    || self.fault == Fault::Server && self.step == Step::Commit
            }
        }
    }
}

/// Runs all cases on one house, and looks at the rows when all have settled.
pub async fn run() {
    // No coordinator that lives is taken for dead, however slowly it gets on.
    let house = Arc::new(House::start("1s").await);
    let cases = Case::all();
    open(&house, cases.len()).await;
    for place in &house.places {
        place.start().await;
    }
    let mut journal = Journal::default();
    let mut wrong = Vec::new();
    for (nth, case) in cases.iter().enumerate() {
        let began = std::time::Instant::now();
        let transfer = soon(&format!("{case:?}"), one(Arc::clone(&house), nth, *case)).await;
        println!("{:.0?} {case:?}: {:?}", began.elapsed(), transfer.told);
        if !case.told_rightly(&transfer.told) {
            wrong.push(format!("{case:?}: the client was told {:?}", transfer.told));
        }
        journal.transfers.push(transfer);
    }
    println!("settled in {:.1?}", house.settle(PATIENCE).await);
    // What has committed is there, and nothing else: whatever was told.
    for (case, transfer) in cases.iter().zip(&journal.transfers) {
        let told = if case.commits() { Told::Acknowledged } else { Told::Refused("by the case".into()) };
        let certain =
            Journal { transfers: vec![Transfer { told, ..transfer.clone() }], ..Journal::default() };
        let found = audit(&house, &certain).await;
        let id = format!("id: {}", transfer.id);
        wrong.extend(
            found.into_iter().filter(|text| text.contains(&id)).map(|text| format!("{case:?}: {text}")),
        );
    }
    wrong.extend(audit(&house, &journal).await);
    assert!(wrong.is_empty(), "{wrong:#?}");
    Arc::into_inner(house).unwrap().stop().await;
}

/// A transfer from ds0 to ds1 and ds2, and what happens to it.
async fn one(house: Arc<House>, nth: usize, case: Case) -> Transfer {
    house.settle(PATIENCE).await;
    serving(&house).await;
    let sides = vec![(key(0, nth), -30), (key(1, nth), 10), (key(2, nth), 20)];
    let way = |place: usize, server: usize| &house.places[place].ways[server];
    let own = |server: usize| format!("WHERE id = {}", sides[server].0);
    let first = match case.path {
        Path::Commit => None,
        Path::RecoverCommitted => Some(way(0, 0).trap_of(Step::Commit, Point::After, &own(0))),
        Path::RollBack | Path::RecoverOpen => Some(way(0, 0).trap_of(Step::Decide, Point::Before, &own(0))),
    };
    let mut trap = match (case.place(), case.step) {
        // A connection's first statement, or one of recovery's own connections.
        (1, _) | (_, Step::XaStart) => way(case.place(), case.server()).trap(case.step, case.point, 0),
        _ => way(0, case.server()).trap_of(case.step, case.point, &own(case.server())),
    };
    let teller = tokio::spawn({
        let (house, sides) = (Arc::clone(&house), sides.clone());
        async move {
            let mut teller = Teller::new(&house, 0);
            teller.transfer(nth as u64, sides, Kind::Plain).await;
            teller.journal.transfers.remove(0)
        }
    });
    if let Some(mut first) = first {
        let stopped = first.reached().await.expect("nothing else cuts it");
        if case.place() == 1 {
            prepared(&house).await;
            house.places[0].kill().await;
        }
        stopped.cut();
    }
    let stopped = trap.reached().await.expect("nothing else cuts it");
    strike(&house, case, stopped).await;
    let transfer = teller.await.unwrap();
    for place in &house.places {
        place.start().await;
    }
    transfer
}

async fn strike(house: &House, case: Case, stopped: Stopped) {
    let place = &house.places[case.place()];
    match case.fault {
        Fault::Cut => stopped.cut(),
        Fault::Proxy => {
            place.kill().await;
            stopped.cut();
        }
        Fault::ProxyLate => {
            place.kill().await;
            stopped.pass();
        }
        Fault::Server => {
            house.restart(case.server(), Duration::ZERO).await;
            stopped.cut();
        }
        Fault::Outlasted => {
            prepared(house).await;
            let mut tombstone = house.places[1].ways[0].trap(Step::Tombstone, Point::After, 0);
            place.stopped(async { tombstone.reached().await.expect("nothing cuts it").pass() }).await;
            stopped.pass();
        }
    }
}

/// Waits until the first of the later branches is prepared: sent at the same time, it may be on its way still.
async fn prepared(house: &House) {
    until("a branch is prepared", async || (!house.in_doubt().await.is_empty()).then_some(())).await;
}

/// Both proxies reach every server again.
async fn serving(house: &House) {
    for place in 0..house.places.len() {
        let mut client = house.client(place).await.unwrap();
        for sql in ["SELECT COUNT(*) FROM accounts", "SELECT COUNT(*) FROM transfers"] {
            loop {
                let answer = client.query(sql).await.unwrap().remove(0);
                if answer.errno() == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}
