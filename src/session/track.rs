//! What a client is told of its session with the next OK packet (CLIENT_SESSION_TRACK; MySQL manual, "Server Tracking of
//! Client Session State"; MariaDB knowledge base, "OK_Packet"): variables, the database, that there was a change at all,
//! and, by MySQL, that a transaction was begun or has ended. MariaDB does not tell of `SET @@x` without a scope; it is
//! told here.

use std::collections::BTreeMap;

use crate::backend::Settings;
use crate::base::{Error, Result};
use crate::wire::track;

/// Variables that tell by themselves what is told.
pub(super) const VARIABLES: &str = "session_track_system_variables";
const SCHEMA: &str = "session_track_schema";
/// It is no change of the session's state to MySQL.
pub(super) const STATE: &str = "session_track_state_change";

/// What each server would tell of its own transactions only, and the values that ask for nothing.
const OF_ONE_SERVER: [&str; 2] = ["session_track_transaction_info", "session_track_gtids"];

/// The servers' own choice, for sessions that make none.
#[derive(Debug, Clone, Default)]
pub struct Tracked {
    /// Variables by name, as `session_track_system_variables` lists them.
    pub variables: String,
    /// The database.
    pub schema: bool,
    /// That there was a change.
    pub state: bool,
}

/// What the next OK packet tells.
#[derive(Debug, Default)]
struct Untold {
    variables: BTreeMap<String, String>,
    schema: Option<String>,
    state: bool,
    /// A state of transactions; empty: it followed another like it, and there is nothing to tell but that.
    transaction: Option<&'static str>,
}

/// A session's changes on their way to the client.
#[derive(Debug)]
pub(super) struct Tracker {
    /// The client asked for it at login.
    on: bool,
    /// The servers tell of transactions, too.
    transactions: bool,
    tracked: Tracked,
    untold: Untold,
    /// The state of transactions that the client was told last, unless that none is open.
    open: Option<&'static str>,
}

/// Nothing is open; an explicit transaction; one that has its snapshot.
const NONE: &str = "________";
const EXPLICIT: &str = "T_______";
const SNAPSHOT: &str = "T_R_____";

impl Tracker {
    /// That of a session which has just logged in.
    pub(super) fn new(on: bool, mariadb: bool, tracked: Tracked) -> Self {
        Self { on, transactions: !mariadb, tracked, untold: Untold::default(), open: None }
    }

    /// Whether the client asked for it.
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Takes the session's choice over, where it has made one.
    pub(super) fn adopt(&mut self, settings: &Settings) {
        let text = |name| settings.get(name).map(|literal| literal.trim_matches('\''));
        if let Some(list) = text(VARIABLES) {
            self.tracked.variables = if list == "NULL" { String::new() } else { list.to_owned() };
        }
        if let Some(schema) = text(SCHEMA) {
            self.tracked.schema = schema == "1";
        }
        if let Some(state) = text(STATE) {
            self.tracked.state = state == "1";
        }
    }

    /// Refuses what cannot be told rightly.
    pub(super) fn check(&self, settings: &Settings) -> Result<()> {
        let wanted = |name: &&str| settings.get(name).is_some_and(|value| !value.contains("OFF"));
        match OF_ONE_SERVER.iter().find(|name| self.on && wanted(name)) {
            Some(name) => Err(Error::refused(
                format!("{name} is each server's own, and a transaction may be on several"),
                "leave it OFF, and read the status flags of OK packets: they say whether a transaction is open",
            )),
            None => Ok(()),
        }
    }

    /// The name that the client is told of a variable by, if it is tracked.
    pub(super) fn name_of(&self, variable: &str) -> Option<String> {
        let mut listed = self.tracked.variables.split(',').map(str::trim);
        match listed.find(|name| *name == "*" || name.eq_ignore_ascii_case(variable))? {
            _ if !self.on => None,
            "*" => Some(variable.to_owned()),
            name => Some(name.to_owned()),
        }
    }

    /// A variable was set, by its name as [`name_of`](Self::name_of) gives it.
    pub(super) fn variable(&mut self, name: String, value: String) {
        self.untold.variables.insert(name, value);
    }

    /// Another database was selected, or the same again.
    pub(super) fn schema(&mut self, name: &str) {
        if self.on && self.tracked.schema {
            self.untold.schema = Some(name.to_owned());
        }
        self.changed(true);
    }

    /// The session is not what it was; or what was changed before it in the same statement does not count.
    pub(super) fn changed(&mut self, changed: bool) {
        self.untold.state = changed;
    }

    /// A client has begun a transaction.
    pub(super) fn began(&mut self, snapshot: bool) {
        if self.on && self.transactions {
            let state = if snapshot { SNAPSHOT } else { EXPLICIT };
            let known = self.open.replace(state) == Some(state);
            self.untold.transaction = Some(if known { "" } else { state });
        }
    }

    /// What the next OK packet carries; `None`: nothing changed that is told. `open`: a transaction is.
    pub(super) fn take(&mut self, open: bool) -> Option<Vec<u8>> {
        if !self.on {
            return None;
        }
        if !open && self.open.take().is_some() {
            self.untold.transaction = Some(NONE);
        }
        let untold = std::mem::take(&mut self.untold);
        let state = untold.state && self.tracked.state;
        let told =
            state || !untold.variables.is_empty() || untold.schema.is_some() || untold.transaction.is_some();
        told.then(|| {
            let mut out = Vec::new();
            for (name, value) in &untold.variables {
                track::put_variable(&mut out, name, value);
            }
            if let Some(name) = &untold.schema {
                track::put_schema(&mut out, name);
            }
            if state {
                track::put_state_change(&mut out);
            }
            if let Some(state) = untold.transaction.filter(|state| !state.is_empty()) {
                track::put_transaction_state(&mut out, state);
            }
            out
        })
    }

    /// The statement has failed: what it changed before is not told.
    pub(super) fn forget(&mut self) {
        self.untold = Untold::default();
    }
}

/// The variables that servers track by default: no server need be asked how it shows them.
const KNOWN: [&str; 5] =
    ["autocommit", "time_zone", "character_set_client", "character_set_connection", "character_set_results"];

/// Whether [`known_value`] knows what a variable is told as.
pub(super) fn is_known(variable: &str) -> bool {
    KNOWN.contains(&variable)
}

/// What one of the variables that servers track by default is told as; `None`: it is another.
pub(super) fn known_value(variable: &str, settings: &Settings) -> Option<String> {
    let text = |name| match settings.get(name)?.trim_matches('\'') {
        "NULL" => Some(String::new()),
        text => Some(text.to_owned()),
    };
    // What is as every connection is opened has no literal.
    let opening = || "utf8mb4".to_owned();
    match variable {
        "autocommit" => Some(if settings.manual_commit() { "OFF" } else { "ON" }.to_owned()),
        "time_zone" => text("time_zone"),
        "character_set_client" | "character_set_results" => Some(text(variable).unwrap_or_else(opening)),
        "character_set_connection" => {
            let collation = text("collation_connection").unwrap_or_else(opening);
            Some(collation.split('_').next().unwrap_or_default().to_owned())
        }
        _ => None,
    }
}
