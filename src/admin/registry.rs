//! Every session that lives, so that KILL and shutdown find it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;

use crate::base::ids::SessionId;
use crate::exec::{Asked, Interrupt};

/// The sessions that live.
#[derive(Debug, Default)]
pub struct Registry {
    next: AtomicU32,
    sessions: Mutex<HashMap<SessionId, Entry>>,
}

#[derive(Debug)]
struct Entry {
    user: String,
    interrupt: Arc<Interrupt>,
}

/// A session's place in the registry; it leaves when this is dropped.
#[derive(Debug)]
pub struct Ticket {
    registry: Arc<Registry>,
    id: SessionId,
    interrupt: Arc<Interrupt>,
}

impl Registry {
    /// A new session enters, before it has logged in.
    pub fn enter(self: &Arc<Self>) -> Ticket {
        let interrupt = Arc::new(Interrupt::default());
        let mut sessions = self.sessions.lock();
        let id = loop {
            let id = SessionId(self.next.fetch_add(1, Ordering::Relaxed).wrapping_add(1));
            if id.0 != 0 && !sessions.contains_key(&id) {
                break id;
            }
        };
        sessions.insert(id, Entry { user: String::new(), interrupt: Arc::clone(&interrupt) });
        Ticket { registry: Arc::clone(self), id, interrupt }
    }

    /// KILL: asks a session of the same user. `false`: there is none with this id.
    pub fn kill(&self, id: SessionId, user: &str, asked: Asked) -> bool {
        match self.sessions.lock().get(&id) {
            Some(entry) if entry.user == user => {
                entry.interrupt.raise(asked);
                true
            }
            _ => false,
        }
    }

    /// Shutdown: asks all sessions to end.
    pub fn end_all(&self) {
        for entry in self.sessions.lock().values() {
            entry.interrupt.raise(Asked::Session);
        }
    }

    /// How many live.
    pub fn len(&self) -> usize {
        self.sessions.lock().len()
    }

    /// Whether none lives.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Ticket {
    /// The session's id.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// The session's ear.
    pub fn interrupt(&self) -> &Arc<Interrupt> {
        &self.interrupt
    }

    /// The session has logged in.
    pub fn named(&self, user: &str) {
        if let Some(entry) = self.registry.sessions.lock().get_mut(&self.id) {
            user.clone_into(&mut entry.user);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.registry.sessions.lock().remove(&self.id);
    }
}
