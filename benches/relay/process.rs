//! A proxy's process: how it is started, and what the kernel says that it has used.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Clock ticks a second in `/proc/PID/stat` (proc(5): `sysconf(_SC_CLK_TCK)`, 100 on every Linux that Rust runs on).
const TICKS: f64 = 100.0;

/// Ends the process when the bench ends, however that goes: its end of the pipe closes.
const WATCH: &str = r#"log=$1; shift; "$@" </dev/null >"$log" 2>&1 & pid=$!; echo $pid; read -r word; kill -KILL $pid; wait $pid"#;

/// A process that serves on a port of 127.0.0.1; it ends when this is dropped.
pub struct Process {
    pub pid: u32,
    watch: Child,
}

/// What a process has used since its start.
#[derive(Clone, Copy)]
pub struct Usage {
    /// Seconds of CPU in its own code.
    pub user: f64,
    /// Seconds of CPU in the kernel.
    pub system: f64,
    /// Context switches of the threads that live, voluntary or not.
    pub switches: f64,
}

impl Process {
    /// Starts a program and waits until it accepts on the port.
    pub fn start(program: &Path, arguments: &[&str], port: u16, log: &Path) -> Self {
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "sh"]).arg(log).arg(program).args(arguments);
        let mut watch =
            watch.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut pid = String::new();
        BufReader::new(watch.stdout.take().unwrap()).read_line(&mut pid).unwrap();
        let process = Self { pid: pid.trim().parse().unwrap(), watch };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let said = || std::fs::read_to_string(log).unwrap_or_default();
            let lives = process.stat().is_some();
            assert!(lives && Instant::now() < deadline, "{} {arguments:?}\n{}", program.display(), said());
            std::thread::sleep(Duration::from_millis(10));
        }
        process
    }

    /// The fields of `/proc/PID/stat` behind the name; `None` when the process has ended.
    fn stat(&self) -> Option<Vec<String>> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        let fields: Vec<String> = stat.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect();
        (fields[0] != "Z").then_some(fields)
    }

    pub fn usage(&self) -> Usage {
        // Fields 14 and 15 of the whole line are utime and stime.
        let stat = self.stat().expect("the proxy has ended");
        let seconds = |field: usize| stat[field].parse::<f64>().unwrap() / TICKS;
        let mut switches = 0.0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.pid)).unwrap().flatten() {
            let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
            let counts = status.lines().filter(|line| line.contains("voluntary_ctxt_switches"));
            switches += counts.map(number).sum::<f64>();
        }
        Usage { user: seconds(11), system: seconds(12), switches }
    }

    /// Resident memory now, in bytes.
    pub fn memory(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// The most memory that ever was resident, in bytes.
    pub fn peak(&self) -> f64 {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        number(status.lines().find(|line| line.starts_with(name)).unwrap()) * 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        self.watch.wait().ok();
    }
}

/// The number of a line of `/proc/PID/status`: `VmRSS:      4096 kB`.
fn number(line: &str) -> f64 {
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// How many files this process, and what it starts, may have open (`make bench` raises it as far as it may).
pub fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap_or(usize::MAX)
}

/// A port that nobody listens on, below the range that outgoing connections take theirs from.
pub fn free_port() -> u16 {
    (0..100)
        .map(|_| rand::random_range(10_000..15_000))
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .expect("no free port")
}

/// Where a program is: on the PATH, or where Debian keeps servers.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The first line of what a command prints, `?` when there is none.
pub fn first_line(program: &str, arguments: &[&str]) -> String {
    let program = find(program).unwrap_or_default();
    let output =
        Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or("?").trim().to_owned()
}
