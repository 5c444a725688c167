//! `SHOW SHARDGATE …`: what the proxy knows of itself, as rows.

use super::Session;
use super::reply::{self, Column};
use crate::base::{Error, Result};
use crate::store::ddl::Shown;
use crate::txn::Report;

/// What a SHOW of these asks for; `None` for another SHOW.
pub(super) fn asked(what: &str) -> Option<&str> {
    what.strip_prefix("SHARDGATE").map(str::trim_start)
}

/// The columns of a view; none for one that there is not.
pub(super) fn columns(asked: &str) -> &'static [Column] {
    const STATUS: [Column; 2] = [Column::Text("Variable_name", 64), Column::Text("Value", 64)];
    const DDL: [Column; 10] = [
        Column::Count("Id"),
        Column::Text("Database", 64),
        Column::Text("Statement", 1024),
        Column::Text("State", 16),
        Column::Count("Done"),
        Column::Count("Places"),
        Column::Text("Failed_at", 512),
        Column::Text("Error", 1024),
        Column::Text("Started", 19),
        Column::Text("Owner", 255),
    ];
    const TRANSACTIONS: [Column; 5] = [
        Column::Text("Id", 64),
        Column::Text("State", 16),
        Column::Text("Home", 64),
        Column::Text("Branches", 1024),
        Column::Count("Seconds"),
    ];
    match asked {
        "TRANSACTIONS" => &TRANSACTIONS,
        "STATUS" => &STATUS,
        "DDL" => &DDL,
        _ => &[],
    }
}

impl Session {
    /// Answers `SHOW SHARDGATE` of what is asked for.
    pub(super) async fn view(&mut self, asked: &str, form: reply::Form) -> Result<()> {
        let rows = match asked {
            "STATUS" => self.status_rows(),
            "DDL" => self.ddl_rows().await?,
            "TRANSACTIONS" => self.transaction_rows().await,
            _ => {
                return Err(Error::refused(
                    format!("there is no SHOW SHARDGATE {asked}"),
                    "write SHOW SHARDGATE STATUS, DDL or TRANSACTIONS, or EXPLAIN SHARDGATE SELECT …",
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

    /// Transactions over several sources, of all proxies: what is in doubt first, then what was decided and is kept.
    async fn transaction_rows(&self) -> Vec<Vec<String>> {
        let row = |report: Report| {
            let id = report.gtrid.map_or(String::new(), |gtrid| gtrid.to_string());
            let (branches, age) = (report.branches.join(","), report.age_s.to_string());
            vec![id, report.state.to_owned(), report.home, branches, age]
        };
        self.shared.coordinator.report().await.into_iter().map(row).collect()
    }

    /// DDL over several places, the newest first.
    async fn ddl_rows(&self) -> Result<Vec<Vec<String>>> {
        let row = |shown: Shown| {
            let Shown { id, database, text, state, done, places, failed_at, error, started, owner } = shown;
            let text = String::from_utf8_lossy(&text).into_owned();
            let (id, done, places) = (id.to_string(), done.to_string(), places.to_string());
            vec![id, database, text, state.to_owned(), done, places, failed_at, error, started, owner]
        };
        Ok(self.ddl_log()?.list().await?.into_iter().map(row).collect())
    }
}
