//! sysbench's workloads through every way, and what each statement costs the proxy.

use std::process::Command;

use crate::page::{Goal, Section, median, percent, ratio, table};
use crate::process::{Process, find};
use crate::targets::{EMPTY, Lab, Target, Way};

/// sysbench's scripts, and whether they prepare their statements when they are told to.
const WORKLOADS: [(&str, bool); 5] = [
    ("oltp_point_select", true),
    ("oltp_read_only", true),
    ("oltp_read_write", true),
    ("oltp_update_index", true),
    ("oltp_insert", false),
];
const THREADS: [u32; 3] = [1, 8, 64];

/// One row of the table.
#[derive(Clone, Copy)]
struct Case {
    workload: &'static str,
    prepared: bool,
    threads: u32,
}

impl Case {
    fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for (workload, prepares) in WORKLOADS {
            for &prepared in if prepares { [false, true].as_slice() } else { &[false] } {
                cases.extend(THREADS.map(|threads| Self { workload, prepared, threads }));
            }
        }
        cases
    }

    fn statements(self) -> &'static str {
        if self.prepared { "prepared" } else { "text" }
    }

    /// `oltp_point_select/prepared/64`
    fn name(self) -> String {
        format!("{}/{}/{}", self.workload, self.statements(), self.threads)
    }

    fn inserts(self) -> bool {
        self.workload == "oltp_insert"
    }

    /// The ways that it takes: those by ranges where it reads ranges, those of a relay that reads nothing where every
    /// server can answer.
    fn ways(self, lab: &Lab) -> Vec<Way> {
        let takes = |way: &Way| match way {
            Way::Ranges => self.workload.starts_with("oltp_read"),
            Way::HaProxyFour => self.workload == "oltp_point_select",
            _ => true,
        };
        lab.targets.iter().map(|target| target.way).filter(takes).collect()
    }

    fn arguments(self, way: Way, rows: u32, seconds: u32) -> Vec<String> {
        vec![
            self.workload.to_owned(),
            format!("--mysql-db={}", if self.inserts() { EMPTY } else { way.full() }),
            format!("--table-size={rows}"),
            format!("--threads={}", self.threads),
            format!("--time={seconds}"),
            format!("--db-ps-mode={}", if self.prepared { "auto" } else { "disable" }),
            "--histogram=on".to_owned(),
            "run".to_owned(),
        ]
    }
}

/// One run of sysbench.
struct Run {
    /// Statements a second.
    qps: f64,
    /// Milliseconds of an event: a statement, or a transaction in `oltp_read_only` and `oltp_read_write`.
    p50: f64,
    p99: f64,
    /// The proxy's seconds of CPU for 10,000 statements.
    user: f64,
    system: f64,
    /// The proxy's context switches for each statement.
    switches: f64,
    /// Events that ended in a deadlock or a lock wait, and were given up.
    given_up: f64,
}

impl Run {
    fn cpu(&self) -> f64 {
        self.user + self.system
    }
}

/// Creates and fills sysbench's tables.
pub fn load(target: &Target, rows: u32) {
    eprintln!("loading {rows} rows: {}", target.way.name());
    let empty = (target.way != Way::Ranges).then_some(("oltp_insert", EMPTY));
    for (workload, database) in [("oltp_point_select", target.way.full())].into_iter().chain(empty) {
        let more = [workload, &format!("--mysql-db={database}"), &format!("--table-size={rows}"), "prepare"];
        said(target, command(target).args(more));
    }
}

/// `None` when no case is wanted.
pub fn measure(lab: &Lab) -> Option<Section> {
    let cases: Vec<Case> = Case::all().into_iter().filter(|case| lab.settings.wants(&case.name())).collect();
    let all: Vec<Way> = lab.targets.iter().map(|target| target.way).collect();
    let head: Vec<&str> = ["workload, threads", "direct q/s"]
        .into_iter()
        .chain(all.iter().skip(1).map(|way| way.name()))
        .collect();
    let mut short = table(&head, 1);
    let header = [
        "workload",
        "threads",
        "through",
        "queries/s",
        "of direct",
        "p50 ms",
        "p99 ms",
        "CPU s / 10,000",
        "user",
        "system",
        "switches",
        "calls",
    ];
    let mut long = table(&header, 3);
    let (mut cheaper, mut faster, mut given_up) = (0, 0, Vec::new());
    for &case in &cases {
        let ways = case.ways(lab);
        let runs = lab.rounds(&ways, |way| {
            let run = run(lab, way, case);
            let (name, qps, cpu) = (way.name(), run.qps, run.cpu());
            eprintln!("{}, {name}: {qps:.0}/s, CPU {cpu:.3}, p99 {:.2} ms", case.name(), run.p99);
            run
        });
        let of = |way: Way| &runs[ways.iter().position(|&one| one == way).unwrap()];
        let middle = |way: Way, value: fn(&Run) -> f64| median(of(way).iter().map(value));
        let times = |way: Way| ratio(of(way), of(Way::Direct), |run| run.qps);
        let title = format!("{} {}", case.workload.trim_start_matches("oltp_"), case.statements());
        let mut row =
            vec![format!("{title}, {}", case.threads), format!("{:.0}", middle(Way::Direct, |run| run.qps))];
        for &way in &all {
            if !ways.contains(&way) {
                row.push("–".to_owned());
                continue;
            }
            let number = |value: fn(&Run) -> f64, digits: usize| format!("{:.digits$}", middle(way, value));
            let cost = |value: fn(&Run) -> f64, digits: usize| {
                if way == Way::Direct { "–".to_owned() } else { number(value, digits) }
            };
            let calls = system_calls(lab, way, case);
            long.add_row([
                title.clone(),
                case.threads.to_string(),
                way.name().to_owned(),
                number(|run| run.qps, 0),
                percent(times(way)),
                number(|run| run.p50, 2),
                number(|run| run.p99, 2),
                cost(Run::cpu, 3),
                cost(|run| run.user, 3),
                cost(|run| run.system, 3),
                cost(|run| run.switches, 2),
                calls.map_or_else(|| "–".to_owned(), |calls| format!("{calls:.2}")),
            ]);
            let lost: f64 = of(way).iter().map(|run| run.given_up).sum();
            if lost > 0.0 {
                given_up.push(format!("{lost:.0} in {title}, {} threads, {}", case.threads, way.name()));
            }
            if way != Way::Direct {
                row.push(format!("x {:.2}, {}, {}", times(way), cost(Run::cpu, 3), number(|run| run.p99, 2)));
            }
        }
        short.add_row(row);
        // The better way to spread the table for what the workload reads.
        let four = if ways.contains(&Way::Ranges) { Way::Ranges } else { Way::Four };
        cheaper += usize::from(middle(four, Run::cpu) <= middle(Way::HaProxy, Run::cpu));
        faster += usize::from(times(four) >= times(Way::HaProxy));
    }
    if cases.is_empty() {
        return None;
    }
    let given_up = if given_up.is_empty() { "none".to_owned() } else { given_up.join("; ") };
    let goal = |what: &str, count: usize| Goal {
        what: what.to_owned(),
        figure: format!("in {count} of {} cases", cases.len()),
        met: count == cases.len(),
    };
    Some(Section {
        text: format!(
            "## Statements\n\n\
             Each way: queries/s as a multiple of direct, the proxy's CPU seconds for 10,000 statements, p99 in ms.\n\n\
             {short}\n\n\
             BEGIN and COMMIT count as statements; times are those of a statement, in read_only and read_write those of a \
             transaction of 16 and 20. Range reads there go to all four shards of a table that is spread by a hash, and mostly to one of a table that is spread by ranges. oltp_insert prepares nothing; its table is \
             emptied before each run. Transactions given up for a deadlock or a lock wait: {given_up}.\n\n\
             The same at length; switches and system calls are for each statement, all of the proxy's threads together:\n\n\
             {long}\n"
        ),
        goals: vec![
            goal("four shards: CPU of a statement ≤ HAProxy's", cheaper),
            goal("four shards: throughput ≥ HAProxy's", faster),
        ],
    })
}

fn run(lab: &Lab, way: Way, case: Case) -> Run {
    if case.inserts() {
        lab.empty(way);
    }
    let target = lab.target(way);
    let before = target.proxy.as_ref().map(Process::usage);
    let text =
        said(target, command(target).args(case.arguments(way, lab.settings.rows, lab.settings.seconds)));
    let after = target.proxy.as_ref().map(Process::usage);
    let given_up = number(&text, "ignored errors:");
    let writes = !matches!(case.workload, "oltp_point_select" | "oltp_read_only");
    assert!((writes || given_up == 0.0) && number(&text, "reconnects:") == 0.0, "{}\n{text}", way.name());
    let queries = number(&text, "total:");
    let mut run = Run {
        qps: queries / number(&text, "total time:"),
        p50: latency(&text, 0.50),
        p99: latency(&text, 0.99),
        user: 0.0,
        system: 0.0,
        switches: 0.0,
        given_up,
    };
    if let (Some(before), Some(after)) = (before, after) {
        run.user = (after.user - before.user) / queries * 10_000.0;
        run.system = (after.system - before.system) / queries * 10_000.0;
        run.switches = (after.switches - before.switches) / queries;
    }
    run
}

/// The proxy's system calls for each statement, counted by the kernel over a run of their own: counting costs a little.
/// `None` for a direct connection, and where perf is not there or may not count.
fn system_calls(lab: &Lab, way: Way, case: Case) -> Option<f64> {
    let target = lab.target(way);
    let proxy = target.proxy.as_ref()?;
    if case.inserts() {
        lab.empty(way);
    }
    let mut perf = Command::new(find("perf")?);
    let pid = proxy.pid.to_string();
    perf.args(["stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", &pid, "--"]);
    let sysbench = command(target);
    perf.arg(sysbench.get_program()).args(sysbench.get_args()).args(case.arguments(
        way,
        lab.settings.rows,
        1,
    ));
    let output = perf.output().unwrap();
    let counted = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = counted.lines().find(|line| line.contains("raw_syscalls:sys_enter"))?;
    let calls: f64 = line.split(',').next()?.parse().ok()?;
    Some(calls / number(&String::from_utf8_lossy(&output.stdout), "total:"))
}

/// sysbench on a target; what it shall do is still to be said.
fn command(target: &Target) -> Command {
    let mut command = Command::new(find("sysbench").expect("sysbench: apt-get install sysbench"));
    command.args(["--db-driver=mysql", "--mysql-host=127.0.0.1", "--mysql-user=app", "--mysql-password=app"]);
    command.args(["--tables=1", "--auto_inc=off", "--rand-type=uniform"]);
    command.arg(format!("--mysql-port={}", target.port));
    command
}

fn said(target: &Target, command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}\n{text}{errors}", target.way.name(), output.status);
    text
}

/// The number behind a name in what sysbench has printed.
fn number(text: &str, name: &str) -> f64 {
    let line =
        text.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap_or_else(|| panic!("{text}"));
    line.split_whitespace().next().unwrap().trim_end_matches('s').parse().unwrap()
}

/// A percentile of the histogram, `value |**** count` a line.
fn latency(text: &str, part: f64) -> f64 {
    let lines = text.lines().filter_map(|line| line.split_once(" |"));
    let bars: Vec<(f64, f64)> = lines
        .filter_map(|(value, bar)| {
            Some((value.trim().parse().ok()?, bar.rsplit([' ', '*']).next()?.parse().ok()?))
        })
        .collect();
    let all: f64 = bars.iter().map(|(_, count)| count).sum();
    let mut below = 0.0;
    let reached = bars.iter().find(|(_, count)| {
        below += count;
        below >= all * part
    });
    reached.map_or(f64::NAN, |(value, _)| *value)
}
