//! `sql_auto_is_null = 1`: after an INSERT that made an id, `id IS NULL` finds that row. (MySQL 8.4 manual, "Server System
//! Variables".) ODBC clients ask so. The condition is replaced in the client's text before it is planned, so that it
//! routes as `id = …` does.

use super::Session;
use crate::base::Result;
use crate::sharding::IdForm;
use crate::sql::facts::{Kind, Statement};
use crate::sql::lex::{Kind as TokenKind, Lexer};
use crate::sql::{self};
use crate::topology::IdRule;
use crate::topology::schema::Schemas;

impl Session {
    /// Whether `id IS NULL` may mean the last id.
    pub(super) fn null_is_id(&self) -> bool {
        self.last.null_is_id && self.vars.settings.get("sql_auto_is_null") == Some("1")
    }

    /// The text with `id IS NULL` replaced by a comparison with the last id, where the session has asked for that and there
    /// is one; `None`: it stays as it is.
    pub(super) async fn with_last_id(&mut self, text: &[u8]) -> Result<Option<Vec<u8>>> {
        let Ok(shape) = std::str::from_utf8(text) else { return Ok(None) };
        let Ok(statement) = sql::parse(shape, self.vars.mode) else { return Ok(None) };
        if !matches!(statement.kind, Kind::Select(_) | Kind::Update(_) | Kind::Delete(_)) {
            return Ok(None);
        }
        self.load_definitions(&statement).await?;
        let replaced = replaced(text, self, &self.auto_columns(&statement));
        if replaced.is_some() && self.shared.is_mariadb() {
            self.last.null_is_id = false;
        }
        Ok(replaced)
    }

    /// Columns of the statement's tables whose values are made.
    fn auto_columns(&self, statement: &Statement) -> Vec<String> {
        let mut out = Vec::new();
        for name in &statement.tables {
            let database = name.schema.as_ref().map(|n| n.text.as_str()).or(self.database.as_deref());
            let Some(database) = database else { continue };
            let schema = self.shared.catalog.table(database, &name.name.text);
            let auto = schema.iter().flat_map(|s| &s.columns).find(|c| c.auto_increment && !c.nullable);
            out.extend(auto.map(|column| column.name.clone()));
            let table = self.shared.topology().database(database).map(|d| d.table(&name.name.text));
            let numbers = |id: &&IdRule| id.form != IdForm::Uuid;
            out.extend(table.and_then(|t| Some(t.id.as_ref().filter(numbers)?.column.to_string())));
        }
        out
    }
}

fn replaced(text: &[u8], session: &Session, columns: &[String]) -> Option<Vec<u8>> {
    let mut lexer = Lexer::new(text, session.vars.mode);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.token();
        if matches!(token.kind, TokenKind::End | TokenKind::Bad) {
            break;
        }
        tokens.push(token);
    }
    let word =
        |at: usize| tokens.get(at).map(|token| String::from_utf8_lossy(token.of(text)).to_ascii_uppercase());
    // In an outer join the column may be NULL for want of a row.
    if (0..tokens.len()).any(|at| matches!(word(at).as_deref(), Some("LEFT" | "RIGHT"))) {
        return None;
    }
    let auto = |at: usize| {
        word(at).is_some_and(|name| columns.iter().any(|c| c.eq_ignore_ascii_case(name.trim_matches('`'))))
    };
    let found = (0..tokens.len()).find(|&at| {
        auto(at) && word(at + 1).as_deref() == Some("IS") && word(at + 2).as_deref() == Some("NULL")
    })?;
    let (start, end) = (tokens.get(found + 1)?.start as usize, tokens.get(found + 2)?.end as usize);
    let equal = format!("= {}", session.last.insert_id);
    Some([text.get(..start)?, equal.as_bytes(), text.get(end..)?].concat())
}
