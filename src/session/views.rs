//! `SHOW SHARDGATE …`: what the proxy knows of itself, as rows.

use super::Session;
use super::reply::{self, Column};
use crate::base::{Error, Result};

/// What a SHOW of these asks for; `None` for another SHOW.
pub(super) fn asked(what: &str) -> Option<&str> {
    what.strip_prefix("SHARDGATE").map(str::trim_start)
}

/// The columns of a view; none for one that there is not.
pub(super) fn columns(asked: &str) -> &'static [Column] {
    const STATUS: [Column; 2] = [Column::Text("Variable_name", 64), Column::Text("Value", 64)];
    match asked {
        "STATUS" => &STATUS,
        _ => &[],
    }
}

impl Session {
    /// Answers `SHOW SHARDGATE` of what is asked for.
    pub(super) fn view(&mut self, asked: &str, form: reply::Form) -> Result<()> {
        let rows = match asked {
            "STATUS" => self.status_rows(),
            _ => {
                return Err(Error::refused(
                    format!("there is no SHOW SHARDGATE {asked}"),
                    "write SHOW SHARDGATE STATUS, or EXPLAIN SHARDGATE SELECT …",
                ));
            }
        };
        reply::table(&mut self.client, columns(asked), &rows, form);
        Ok(())
    }

    /// The proxy's own counters.
    fn status_rows(&self) -> Vec<Vec<String>> {
        self.shared.ids.observe();
        self.shared.metrics.rows().into_iter().map(|(name, value)| vec![name, value]).collect()
    }
}
