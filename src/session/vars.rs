//! What a client has SET: session variables (sent to servers as a difference) and user variables (kept here, and
//! put into statements as literals).

use std::collections::HashMap;

use crate::backend::Settings;
use crate::base::Value;
use crate::sql::lex::Mode;

/// User variables at most, and bytes of one: a session's memory is bounded.
pub const USER_VARIABLES: usize = 4096;

/// A session's variables.
#[derive(Debug, Clone)]
pub struct Vars {
    /// Session variables that differ from a new connection's.
    pub settings: Settings,
    /// `@x` by lower-case name.
    pub user: HashMap<String, Value>,
    /// What sql_mode says about reading text.
    pub mode: Mode,
    /// The server's own sql_mode, for when the client has set none.
    server_mode: Mode,
    /// sql_mode NO_AUTO_VALUE_ON_ZERO.
    pub zero_is_value: bool,
    /// Whether autocommit is on.
    pub autocommit: bool,
    /// `SET TRANSACTION …` for the next transaction only.
    pub next_transaction: Option<String>,
}

impl Vars {
    /// Those of a session that has just logged in.
    pub fn new(settings: Settings, server_mode: Mode) -> Self {
        let mut vars = Self {
            settings: Settings::default(),
            user: HashMap::new(),
            mode: server_mode,
            server_mode,
            zero_is_value: false,
            autocommit: true,
            next_transaction: None,
        };
        vars.adopt(settings);
        vars
    }

    /// `sql_select_limit`: rows at most of a SELECT without LIMIT.
    pub fn select_limit(&self) -> Option<u64> {
        self.settings.get("sql_select_limit")?.parse().ok()
    }

    /// Takes other session variables over.
    pub fn adopt(&mut self, settings: Settings) {
        self.mode = settings.get("sql_mode").map_or(self.server_mode, mode_of);
        self.zero_is_value = settings
            .get("sql_mode")
            .is_some_and(|m| m.to_ascii_uppercase().contains("NO_AUTO_VALUE_ON_ZERO"));
        self.autocommit = settings.get("autocommit") != Some("0");
        self.settings = settings;
    }
}

/// How a sql_mode, as a list of names, makes text be read.
pub fn mode_of(sql_mode: &str) -> Mode {
    let names = sql_mode.to_ascii_uppercase();
    let has = |wanted: &str| names.trim_matches('\'').split(',').any(|name| name.trim() == wanted);
    Mode {
        ansi_quotes: has("ANSI_QUOTES"),
        no_backslash_escapes: has("NO_BACKSLASH_ESCAPES"),
        pipes_as_concat: has("PIPES_AS_CONCAT"),
    }
}
