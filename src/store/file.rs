//! The one lease of a proxy whose worker number is fixed, in a file of this host.
//!
//! `DIR/worker-N` holds it, as a line of JSON and a line with its CRC-32; it is replaced as a whole. `DIR/worker-N.lock`
//! is locked (flock(2)) as long as the process lives, however that ends, so that no other process here has the number.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::leases::{Lease, Leases, Snapshot};
use crate::base::clock::Clock;
use crate::base::{Code, Error, Result};

/// The file of a worker's number, locked.
pub struct FileLeases {
    clock: Arc<dyn Clock>,
    path: PathBuf,
    name: String,
    /// What is in the file.
    lease: Mutex<Option<Lease>>,
    /// The lock lives as long as this.
    _lock: File,
}

impl fmt::Debug for FileLeases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileLeases").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A lease as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    worker: u16,
    version: u64,
    owner: String,
    bound_ms: u64,
    layout: String,
    epoch_ms: u64,
    expires_ms: u64,
}

impl FileLeases {
    /// Locks and reads the file of a worker's number in `dir`, which is made if it is missing. Errors: another process
    /// has the number, the file is damaged, or the system does not let it be read or written.
    pub fn open(dir: &Path, worker: u16, clock: Arc<dyn Clock>) -> Result<Self> {
        let path = dir.join(format!("worker-{worker}"));
        let failed = |what: &str, error: &std::io::Error| {
            let path = path.display();
            Error::new(
                Code::Internal,
                format!("[ids] state: cannot {what} {path}: {error}; let this account write there"),
            )
        };
        std::fs::create_dir_all(dir).map_err(|error| failed("make the directory of", &error))?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(path.with_extension("lock"));
        let lock = lock.map_err(|error| failed("open the lock of", &error))?;
        if let Err(error) = flock(lock.as_fd(), FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(failed("lock", &error.into()));
            }
            let owner = load(&path).ok().flatten().map(|lease| lease.owner).filter(|owner| !owner.is_empty());
            let owner = owner.map_or_else(String::new, |owner| format!(" ({owner})"));
            let text = format!(
                "worker {worker} is held by another process on this host{owner}, which has locked {}; give each proxy \
                 another [ids] worker, or end that process",
                path.display()
            );
            return Err(Error::new(Code::NoIds, text));
        }
        let mut lease = load(&path).map_err(|why| match why {
            Unreadable::Io(error) => failed("read", &error),
            Unreadable::Damaged(why) => damaged(&path, &why),
        })?;
        if let Some(lease) = &mut lease {
            if lease.worker != worker {
                return Err(damaged(&path, &format!("it is that of worker {}", lease.worker)));
            }
            // Whoever that was has ended: the lock is free.
            lease.owner.clear();
        }
        let name = path.display().to_string();
        Ok(Self { clock, path, name, lease: Mutex::new(lease), _lock: lock })
    }
}

impl Leases for FileLeases {
    fn name(&self) -> &str {
        &self.name
    }

    async fn read(&self) -> Result<Snapshot> {
        let leases = self.lease.lock().iter().cloned().collect();
        Ok(Snapshot { now_ms: self.clock.unix_ms(), leases })
    }

    async fn swap(&self, lease: &Lease) -> Result<bool> {
        let stored = self.lease.lock().as_ref().map_or(0, |lease| lease.version);
        if stored + 1 != lease.version {
            return Ok(false);
        }
        let (path, written) = (self.path.clone(), lease.clone());
        let done = tokio::task::spawn_blocking(move || store(&path, &written)).await;
        match done.unwrap_or_else(|gone| Err(gone.into())) {
            Ok(()) => {
                *self.lease.lock() = Some(lease.clone());
                Ok(true)
            }
            Err(error) => {
                Err(Error::new(Code::SourceDown, format!("{} cannot be written: {error}", self.name)))
            }
        }
    }
}

enum Unreadable {
    Io(std::io::Error),
    Damaged(String),
}

/// What a file holds; `None` where there is none.
fn load(path: &Path) -> Result<Option<Lease>, Unreadable> {
    let damaged = |why: &str| Unreadable::Damaged(why.to_owned());
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => return Err(damaged("it is no text")),
        Err(error) => return Err(Unreadable::Io(error)),
    };
    let mut lines = text.lines();
    let (Some(line), Some(sum), None) = (lines.next(), lines.next(), lines.next()) else {
        return Err(damaged("it has not two lines"));
    };
    if sum != checksum(line) {
        return Err(damaged("its checksum is wrong"));
    }
    let read: Written = serde_json::from_str(line).map_err(|error| damaged(&error.to_string()))?;
    let Written { worker, version, owner, bound_ms, layout, epoch_ms, expires_ms } = read;
    Ok(Some(Lease { worker, version, owner, bound_ms, layout, epoch_ms, expires_ms }))
}

fn checksum(line: &str) -> String {
    format!("{:08x}", crc32fast::hash(line.as_bytes()))
}

fn damaged(path: &Path, why: &str) -> Error {
    let path = path.display();
    Error::new(
        Code::NoIds,
        format!(
            "{path} is damaged: {why}. It says up to when ids of this worker were made. Wait ten seconds after that proxy \
             has ended, make sure that this host's clock is right, and remove the file; or set another [ids] worker"
        ),
    )
}

/// Replaces the file, so that a crash at any moment leaves the old one or the new one.
fn store(path: &Path, lease: &Lease) -> std::io::Result<()> {
    let Lease { worker, version, owner, bound_ms, layout, epoch_ms, expires_ms } = lease.clone();
    let written = Written { worker, version, owner, bound_ms, layout, epoch_ms, expires_ms };
    let line = serde_json::to_string(&written)?;
    let next = path.with_extension("next");
    let mut file = File::create(&next)?;
    file.write_all(format!("{line}\n{}\n", checksum(&line)).as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&next, path)?;
    match path.parent() {
        // The rename lasts when the directory does.
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::FixedClock;

    fn open(dir: &Path) -> Result<FileLeases> {
        FileLeases::open(dir, 5, Arc::new(FixedClock::at(1000)))
    }

    fn lease(version: u64) -> Lease {
        Lease {
            worker: 5,
            version,
            owner: "somebody".into(),
            bound_ms: 7000,
            layout: "41/10/12".into(),
            epoch_ms: 1,
            expires_ms: 4000,
        }
    }

    #[tokio::test]
    async fn what_is_written_is_there_after_a_restart_and_belongs_to_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("made");
        let file = open(&dir).unwrap();
        assert_eq!(file.read().await.unwrap(), Snapshot { now_ms: 1000, leases: Vec::new() });
        assert!(file.swap(&lease(1)).await.unwrap());
        assert!(!file.swap(&lease(1)).await.unwrap() && !file.swap(&lease(3)).await.unwrap());
        assert!(file.swap(&lease(2)).await.unwrap());
        drop(file);
        let again = open(&dir).unwrap().read().await.unwrap();
        assert_eq!(again.leases, [Lease { owner: String::new(), ..lease(2) }]);
    }

    #[tokio::test]
    async fn a_number_is_held_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = open(dir.path()).unwrap();
        assert!(file.swap(&lease(1)).await.unwrap());
        let second = open(dir.path()).unwrap_err();
        assert!(second.message.contains("worker 5") && second.message.contains("somebody"), "{second}");
        drop(file);
        assert!(open(dir.path()).is_ok());
    }

    #[tokio::test]
    async fn a_damaged_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("worker-5");
        assert!(open(dir.path()).unwrap().swap(&lease(1)).await.unwrap());
        let whole = std::fs::read(&path).unwrap();
        let mut other = whole.clone();
        other[20] ^= 1;
        let text = String::from_utf8(whole.clone()).unwrap();
        let (line, _) = text.split_once('\n').unwrap();
        let strange = line.replace("\"worker\":5", "\"worker\":6");
        let strange = format!("{strange}\n{}\n", checksum(&strange)).into_bytes();
        for bytes in [&whole[..whole.len() / 2], &whole[..0], &other, &[0xFF; 40], &strange] {
            std::fs::write(&path, bytes).unwrap();
            let error = open(dir.path()).unwrap_err().message;
            assert!(error.contains("worker-5 is damaged") && error.contains("remove the file"), "{error}");
        }
        std::fs::write(&path, whole).unwrap();
        assert!(open(dir.path()).is_ok());
    }

    #[tokio::test]
    async fn a_directory_that_cannot_be_written_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = open(&file).unwrap_err().message;
        assert!(error.contains("[ids] state") && error.contains("file/worker-5"), "{error}");
        let leases = open(dir.path()).unwrap();
        std::fs::create_dir(dir.path().join("worker-5.next")).unwrap();
        let error = leases.swap(&lease(1)).await.unwrap_err();
        assert!(error.is(Code::SourceDown) && error.message.contains("worker-5"), "{error}");
    }
}
