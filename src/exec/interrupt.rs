//! How one session stops another's statement (KILL), or the server all of them (shutdown).

use std::future::poll_fn;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;

/// What a session has been asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Stop the statement that runs.
    Statement,
    /// End the session.
    Session,
}

/// A session's ear: raised from outside, listened to by the one task that is the session.
#[derive(Debug, Default)]
pub struct Interrupt {
    state: AtomicU8,
    wake: AtomicWaker,
}

impl Interrupt {
    /// Asks the session.
    pub fn raise(&self, asked: Asked) {
        let bit = match asked {
            Asked::Statement => 1,
            Asked::Session => 2,
        };
        self.state.fetch_or(bit, Ordering::Release);
        self.wake.wake();
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

    /// Ready when something else is asked than `seen`.
    pub fn poll_beyond(&self, cx: &Context<'_>, seen: Option<Asked>) -> Poll<Option<Asked>> {
        let beyond = || Some(self.asked()).filter(|asked| *asked != seen);
        if let Some(asked) = beyond() {
            return Poll::Ready(asked);
        }
        self.wake.register(cx.waker());
        // It may have been raised between the look and the registration.
        beyond().map_or(Poll::Pending, Poll::Ready)
    }

    /// Resolves when something else is asked than `seen`. Cancel safe.
    pub async fn beyond(&self, seen: Option<Asked>) -> Option<Asked> {
        poll_fn(|cx| self.poll_beyond(cx, seen)).await
    }

    /// Resolves once something is asked. Cancel safe.
    pub async fn raised(&self) -> Asked {
        loop {
            if let Some(asked) = self.beyond(None).await {
                return asked;
            }
        }
    }
}
