//! Who gives a connection: the pools, or the session's open transaction.

use crate::backend::{Lease, Role};
use crate::base::ids::SourceId;
use crate::base::{Code, Result};

/// Gives connections that are ready for a statement: schema and variables are not set yet, but whatever must come
/// before (BEGIN) is queued on them.
pub trait Connections {
    /// A connection to a source. The same source must be put back before it is taken again, unless
    /// [`many`](Self::many) says otherwise.
    fn take(&mut self, source: SourceId, role: Role) -> impl Future<Output = Result<Lease>> + Send;

    /// A connection to `first`, or to another of the `count` sources where its server cannot be reached: for what any
    /// server can answer.
    fn take_any(
        &mut self,
        first: SourceId,
        count: usize,
    ) -> impl Future<Output = Result<(SourceId, Lease)>> + Send
    where
        Self: Send,
    {
        async move {
            let mut error = match self.take(first, Role::Primary).await {
                Ok(lease) => return Ok((first, lease)),
                Err(error) => error,
            };
            for other in (0..count as u16).map(SourceId).filter(|other| *other != first) {
                if !error.is(Code::SourceDown) {
                    break;
                }
                match self.take(other, Role::Primary).await {
                    Ok(lease) => return Ok((other, lease)),
                    Err(next) => error = next,
                }
            }
            Err(error)
        }
    }

    /// Gives it back. `status`: the status flags of the last OK, if there was one: a transaction may have begun.
    fn put(&mut self, source: SourceId, lease: Lease, status: Option<u16>);

    /// How many connections to one source a statement may take at once. In a transaction that is one.
    fn many(&self) -> usize;

    /// Whether they belong to a session that needs them after the statement, so that none is given up lightly.
    fn keeps(&self) -> bool {
        self.many() == 1
    }
}
