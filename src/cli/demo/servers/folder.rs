//! The private folder of one run: made with the owner's process id in its name, removed with its owner; those of
//! owners that were killed are swept by the next run.

use std::path::{Path, PathBuf};

use super::{Result, io};

const PREFIX: &str = "run-";

/// A folder that goes when this is dropped.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A new folder in `dir`.
    pub(super) fn new(dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir).map_err(io(format!("cannot make {}", dir.display())))?;
        let dir = std::path::absolute(dir).map_err(io(format!("no absolute path of {}", dir.display())))?;
        sweep(&dir);
        let path = dir.join(format!("{PREFIX}{}-{:08x}", std::process::id(), rand::random::<u32>()));
        std::fs::create_dir(&path).map_err(io(format!("cannot make {}", path.display())))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// Removes what owners that no longer live have left, servers included whose watcher was killed too.
fn sweep(dir: &Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner =
            name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split('-').next());
        let Some(owner) = owner.and_then(|pid| pid.parse::<u32>().ok()) else { continue };
        if alive(owner) {
            continue;
        }
        for data in std::fs::read_dir(entry.path()).into_iter().flatten().flatten() {
            kill_orphan(&data.path());
        }
        std::fs::remove_dir_all(entry.path()).ok();
    }
}

/// Kills the server that still runs on a data folder. The process must name the folder: process ids are used again.
fn kill_orphan(data: &Path) {
    let Ok(pid) = std::fs::read_to_string(data.join("mysql.pid")) else { return };
    let pid = pid.trim();
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let wanted = format!("--datadir={}\0", data.display());
    if memchr::memmem::find(&command, wanted.as_bytes()).is_some() {
        std::process::Command::new("sh").args(["-c", "kill -KILL $0", pid]).status().ok();
    }
}

/// Whether a process runs: is there, and is no zombie (proc(5), `/proc/pid/stat`).
pub(super) fn alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Copies a folder with all in it.
pub(super) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
