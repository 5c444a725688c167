//! Statements that are prepared on a connection.

use std::sync::Arc;

use bytes::Bytes;

use super::{Conn, Entry, Prepared};
use crate::base::Result;
use crate::wire::command::byte;
use crate::wire::{packet, primitives};

/// Statements that one connection keeps prepared; the one used longest ago goes first. A server allows 16,382 over
/// all of its connections.
const PREPARED_LIMIT: usize = 100;

impl Conn {
    /// The statement as prepared on this connection. One that was prepared and never executed (`types` 0) is taken for
    /// any types, and is theirs from then on.
    pub fn prepared(&mut self, text: &Bytes, types: u64) -> Option<Arc<Prepared>> {
        self.clock += 1;
        let key = self.statement_key(types, text);
        if let Some(entry) = self.statements.get_mut(&key) {
            entry.used = self.clock;
            return Some(Arc::clone(&entry.prepared));
        }
        let fresh = self.statements.remove(&self.statement_key(0, text))?;
        let prepared = Arc::clone(&fresh.prepared);
        self.statements.insert(key, Entry { used: self.clock, ..fresh });
        Some(prepared)
    }

    /// Prepares a statement for parameters of some types (a hash of them; 0: not to be executed now), unless it is.
    /// State commands that are queued go in the same write.
    pub async fn prepare(&mut self, text: &Bytes, types: u64) -> Result<Arc<Prepared>> {
        if let Some(prepared) = self.prepared(text, types) {
            return Ok(prepared);
        }
        self.queue_command(byte::STMT_PREPARE, text);
        self.settle().await?;
        let first = self.packet().await?;
        if first.first() == Some(&0xFF) {
            self.finished();
            return Err(packet::decode_err(&first).unwrap_or_else(|| self.malformed()));
        }
        let (id, columns, params, warnings) = prepare_head(&first).ok_or_else(|| self.malformed())?;
        let params = self.definitions(usize::from(params)).await?;
        let columns = self.definitions(usize::from(columns)).await?;
        self.finished();
        let prepared = Arc::new(Prepared { id, params, columns, warnings });
        self.make_room();
        let entry = Entry { prepared: Arc::clone(&prepared), used: self.clock };
        self.statements.insert(self.statement_key(types, text), entry);
        Ok(prepared)
    }

    async fn definitions(&mut self, count: usize) -> Result<Vec<Bytes>> {
        let mut out = Vec::with_capacity(count);
        for _ in 0..count {
            out.push(self.packet().await?);
        }
        if count > 0 && !self.flavor.deprecate_eof {
            self.packet().await?;
        }
        Ok(out)
    }

    /// Forgets every prepared statement: tables have changed.
    pub fn forget_statements(&mut self) {
        let ids: Vec<u32> = self.statements.drain().map(|(_, entry)| entry.prepared.id).collect();
        for id in ids {
            self.queue_aside(byte::STMT_CLOSE, &id.to_le_bytes());
        }
    }

    fn make_room(&mut self) {
        while self.statements.len() >= PREPARED_LIMIT {
            let oldest =
                self.statements.iter().min_by_key(|(_, e)| e.used).map(|(k, e)| (k.clone(), e.prepared.id));
            let Some((key, id)) = oldest else { return };
            self.statements.remove(&key);
            self.queue_aside(byte::STMT_CLOSE, &id.to_le_bytes());
        }
    }
}

/// Id, columns, parameters and warnings of the answer to PREPARE (protocol page "COM_STMT_PREPARE Response").
fn prepare_head(packet: &[u8]) -> Option<(u32, u16, u16, u16)> {
    let rest = &mut packet.strip_prefix(&[0])?;
    let id = u32::from_le_bytes(primitives::array(rest)?);
    let columns = u16::from_le_bytes(primitives::array(rest)?);
    let params = u16::from_le_bytes(primitives::array(rest)?);
    primitives::take(rest, 1)?;
    Some((id, columns, params, primitives::array(rest).map_or(0, u16::from_le_bytes)))
}
