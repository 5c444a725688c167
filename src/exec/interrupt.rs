//! How one session stops another's statement (KILL), or the server all of them (shutdown).

use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::Notify;

/// What a session has been asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Stop the statement that runs.
    Statement,
    /// End the session.
    Session,
}

/// A session's ear: raised from outside, looked at by whatever runs.
#[derive(Debug, Default)]
pub struct Interrupt {
    state: AtomicU8,
    wake: Notify,
}

impl Interrupt {
    /// Asks the session.
    pub fn raise(&self, asked: Asked) {
        let bit = match asked {
            Asked::Statement => 1,
            Asked::Session => 2,
        };
        self.state.fetch_or(bit, Ordering::Release);
        self.wake.notify_one();
    }

    /// What was asked, if anything; the session's end goes before the statement's.
    pub fn asked(&self) -> Option<Asked> {
        match self.state.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Asked::Statement),
            _ => Some(Asked::Session),
        }
    }

    /// Forgets that a statement was to be stopped: a new one begins.
    pub fn clear(&self) {
        if self.state.load(Ordering::Relaxed) == 1 {
            self.state.fetch_and(!1, Ordering::AcqRel);
        }
    }

    /// Resolves when something may have been asked since the last look. Cancel safe.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Resolves once something is asked. Cancel safe.
    pub async fn raised(&self) -> Asked {
        loop {
            if let Some(asked) = self.asked() {
                return asked;
            }
            self.wake.notified().await;
        }
    }
}
