//! The differential oracle: the same statements on one plain server and through Shardgate, and what differs.

use std::collections::HashMap;
use std::time::Duration;

use super::client::{Answer, Cell, Client, Column, Failure, Login, Param};
use super::corpus::{Step, bound};

/// Status flags that are compared: in transaction, autocommit, more results.
const STATUS: u16 = 1 | 2 | 8;
/// Column flags that are compared: BLOB, UNSIGNED, ZEROFILL, BINARY, ENUM, SET.
const FLAGS: u16 = 0x10 | 0x20 | 0x40 | 0x80 | 0x100 | 0x800;
const BLOB: u16 = 0x10;
const BINARY: u16 = 0x80;
/// ENUM, SET
const NAMES: u16 = 0x100 | 0x800;
/// The same with NOT_NULL, keys, AUTO_INCREMENT, TIMESTAMP, NO_DEFAULT, ON_UPDATE; with SHARDGATE_ORACLE_STRICT=1.
const ALL_FLAGS: u16 = 0xFFFF;
/// Ids above this are generated: the oracle counts from 1, Shardgate does not.
const GENERATED: u64 = 1 << 40;
/// This command is not supported in the prepared statement protocol yet.
const UNPREPARABLE: u16 = 1295;
/// What Shardgate answers to what it cannot answer rightly.
const REFUSED: u16 = 1235;
/// How long a statement may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// How statements are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// COM_QUERY.
    Text,
    /// Prepared as it stands.
    Prepared,
    /// Prepared with literals as parameters.
    Bound,
}

/// One plain server and one proxy, asked the same.
#[derive(Debug)]
pub struct Pair {
    oracle: Side,
    proxy: Side,
    ids: Ids,
    strict: bool,
    /// Errors have the same words, too.
    words: bool,
    /// Shows what the oracle refuses: for authors of corpus files.
    verbose: bool,
    mariadb: bool,
    /// Whether one of the last answers was an error or had warnings.
    noted: bool,
}

#[derive(Debug)]
struct Side {
    login: Login,
    client: Client,
}

impl Pair {
    pub async fn connect(oracle: Login, proxy: Login, mariadb: bool) -> Self {
        Self {
            oracle: Side::connect(oracle).await,
            proxy: Side::connect(proxy).await,
            ids: Ids::default(),
            strict: set("SHARDGATE_ORACLE_STRICT"),
            words: false,
            verbose: set("SHARDGATE_ORACLE_ERRORS"),
            mariadb,
            noted: false,
        }
    }

    /// Errors have to have the same words, too.
    pub fn with_words(self, words: bool) -> Self {
        Self { words, ..self }
    }

    /// Runs steps in order and ends the test when answers differ, with all differences.
    /// Returns how many were refused.
    pub async fn run(&mut self, steps: &[Step], form: Form) -> usize {
        let mut differences = Vec::new();
        let mut refused = 0;
        for step in steps {
            match self.check(step, form).await {
                Ok(Outcome::Same) => {}
                Ok(Outcome::Refused) => refused += 1,
                Err(difference) => differences.push(difference),
            }
        }
        println!("{form:?}: {} statements, {refused} refused, {} differ", steps.len(), differences.len());
        let most = std::env::var("SHARDGATE_ORACLE_SHOWN").map_or(25, |most| most.parse().unwrap());
        let shown = differences.iter().take(most).cloned().collect::<Vec<_>>().join("\n");
        assert!(
            differences.is_empty(),
            "{} of {} statements differ\n\n{shown}",
            differences.len(),
            steps.len()
        );
        refused
    }

    /// Runs one step on both and says what differs.
    pub async fn check(&mut self, step: &Step, form: Form) -> Result<Outcome, String> {
        self.noted = false;
        if !step.runs_on(self.mariadb) {
            return Ok(Outcome::Same);
        }
        let (text, params) = match (&step.bind, form) {
            (Some(values), _) => (step.text.clone(), Some(values.clone())),
            (None, Form::Text) => (step.text.clone(), None),
            (None, _) if step.text_only => (step.text.clone(), None),
            (None, Form::Prepared) => (step.text.clone(), Some(Vec::new())),
            (None, Form::Bound) => match bound(&step.text) {
                Some((text, params)) => (text, Some(params)),
                None => (step.text.clone(), None),
            },
        };
        let report = |what: &str, oracle: &str, proxy: &str| {
            let params = params.as_ref().map_or(String::new(), |p| format!("\n  parameters: {p:?}"));
            format!(
                "── {}: {what}\n  {}{params}\n  oracle:    {}\n  shardgate: {}\n",
                step.place,
                text.trim(),
                oracle.trim_end(),
                proxy.trim_end()
            )
        };
        // The proxy first: what it refuses must not change the oracle's data.
        let proxy = self.proxy.ask(&text, params.as_deref()).await;
        let errno = proxy.as_ref().map_or(0, |answers| answers[0].errno());
        let shown = show(&proxy);
        let must = step.is_refused(self.mariadb);
        if errno == REFUSED && (must || step.may_refuse) {
            return Ok(Outcome::Refused);
        }
        if must || errno == REFUSED {
            let what = if must { "should be refused" } else { "is refused" };
            return Err(report(what, "(not asked)", &shown));
        }
        let oracle = self.oracle.ask(&text, params.as_deref()).await;
        let (Ok(wanted), Ok(given)) = (&oracle, &proxy) else {
            return Err(report("no answer", &show(&oracle), &shown));
        };
        if self.verbose && wanted[0].errno() != 0 {
            println!("{} ({form:?}): {}\n    {}", step.place, text.trim(), wanted[0]);
        }
        self.noted = wanted.iter().chain(given).any(|answer| answer.errno() != 0 || answer.warnings() != 0);
        match self.compare(step, wanted, given) {
            Ok(()) => Ok(Outcome::Same),
            Err(what) => Err(report(&what, &show(&oracle), &shown)),
        }
    }

    /// Compares what SHOW WARNINGS lists after the last statement. Several shards warn in an order of their own, rows
    /// are counted by each server for itself (`at row 2`), and errors have words of their own.
    pub async fn check_diagnostics(&mut self, step: &Step) -> Result<(), String> {
        if !self.noted || step.any_warnings {
            return Ok(());
        }
        let (wanted, given) = (self.oracle.diagnostics().await, self.proxy.diagnostics().await);
        if wanted == given {
            return Ok(());
        }
        Err(format!(
            "── {}: SHOW WARNINGS\n  {}\n  oracle:    {wanted:?}\n  shardgate: {given:?}\n",
            step.place,
            step.text.trim()
        ))
    }

    /// Compares answers to one statement.
    pub fn compare(&mut self, step: &Step, wanted: &[Answer], given: &[Answer]) -> Result<(), String> {
        differ("number of answers", &wanted.len(), &given.len())?;
        for (wanted, given) in wanted.iter().zip(given) {
            match (wanted, given) {
                (Answer::Refused(wanted), Answer::Refused(given)) => {
                    differ("error number", &wanted.errno, &given.errno)?;
                    differ("SQLSTATE", &wanted.state, &given.state)?;
                    if self.strict || self.words {
                        differ("error message", &wanted.message, &given.message)?;
                    }
                }
                (Answer::Done(wanted), Answer::Done(given)) => {
                    differ("affected rows", &wanted.affected, &given.affected)?;
                    if !step.any_id {
                        self.ids
                            .same(wanted.last_id, given.last_id)
                            .map_err(|e| format!("insert id: {e}"))?;
                    }
                    differ("status flags", &(wanted.status & STATUS), &(given.status & STATUS))?;
                    if !step.any_warnings {
                        differ("warnings", &wanted.warnings, &given.warnings)?;
                    }
                    if !step.any_info {
                        differ("info", &wanted.info, &given.info)?;
                    }
                }
                (
                    Answer::Rows { columns, rows, status, warnings },
                    Answer::Rows { columns: columns2, rows: rows2, status: status2, warnings: warnings2 },
                ) => {
                    let any = step.any_columns || step.any_columns_of_nothing && rows.is_empty();
                    self.columns(columns, columns2, any, is_rollup(&step.text))?;
                    differ("number of rows", &rows.len(), &rows2.len())?;
                    if !step.count_only {
                        self.rows(step.ordered, columns, rows, rows2)?;
                    }
                    differ("status flags", &(status & STATUS), &(status2 & STATUS))?;
                    if !step.any_warnings {
                        differ("warnings", warnings, warnings2)?;
                    }
                }
                _ => return Err("kind of answer".to_owned()),
            }
        }
        Ok(())
    }

    fn columns(&self, wanted: &[Column], given: &[Column], any: bool, rollup: bool) -> Result<(), String> {
        differ("number of columns", &wanted.len(), &given.len())?;
        for (wanted, given) in wanted.iter().zip(given) {
            let what = |part: &str| format!("column {}: {part}", wanted.name);
            // Servers set BINARY on numbers or not, by whether they needed a temporary table.
            let number = !matches!(wanted.kind, 15 | 245 | 247..=255);
            let flags = if self.strict {
                ALL_FLAGS
            } else if number {
                FLAGS & !BINARY
            } else if wanted.table.is_empty() {
                // The type says it, too; a temporary table adds the flag.
                FLAGS & !BLOB
            } else {
                FLAGS
            };
            differ(&what("name"), &wanted.name, &given.name)?;
            if any {
                continue;
            }
            // Of an expression a server makes an INT or a BIGINT, by whether it needed a temporary table.
            let whole = |kind: u8| matches!(kind, 1 | 2 | 3 | 8 | 9 | 13);
            let expression = wanted.table.is_empty() && given.table.is_empty();
            // Nor is it the same BINARY or VARBINARY there, where groups have a row for all of them.
            let bytes = |kind: u8| rollup && matches!(kind, 253 | 254);
            // Nor is a string VARCHAR or TEXT there that may be as long as a VARCHAR can be: what parameters give.
            let long = |column: &Column| matches!(column.kind, 252 | 253) && column.length >= 65_532;
            // And of which size a BLOB or TEXT is.
            let large = |kind: u8| matches!(kind, 249..=252);
            // The least ENUM or SET is one of its kind where they needed a temporary table, else a string:
            // `oracle::servers_waver` shows it.
            let string = |column: &Column| matches!(column.kind, 253 | 254);
            let names = |column: &Column| column.flags & NAMES != 0;
            let least = expression && string(wanted) && string(given) && names(wanted) != names(given);
            let flags = if least && !self.strict { flags & !NAMES } else { flags };
            let either = expression && whole(wanted.kind) && whole(given.kind)
                || expression && large(wanted.kind) && large(given.kind)
                || expression && long(wanted) && long(given)
                || bytes(wanted.kind) && bytes(given.kind)
                || least;
            if self.strict || !either {
                differ(&what("type"), &wanted.kind, &given.kind)?;
            }
            differ(&what("flags"), &(wanted.flags & flags), &(given.flags & flags))?;
            differ(&what("charset"), &wanted.charset, &given.charset)?;
            // Of strings they mean nothing.
            if number || self.strict {
                differ(&what("decimals"), &wanted.decimals, &given.decimals)?;
            }
            // Where groups have a row for all of them, a server tells it or not, by whether it needed a temporary table.
            if !rollup {
                differ(&what("table"), &wanted.table, &given.table)?;
            }
            if self.strict {
                differ(&what("length"), &wanted.length, &given.length)?;
                differ(&what("original table"), &wanted.org_table, &given.org_table)?;
                differ(&what("original name"), &wanted.org_name, &given.org_name)?;
                differ(&what("schema"), &wanted.schema, &given.schema)?;
            }
        }
        Ok(())
    }

    fn rows(
        &mut self,
        ordered: bool,
        columns: &[Column],
        wanted: &[Vec<Cell>],
        given: &[Vec<Cell>],
    ) -> Result<(), String> {
        let are_ids: Vec<bool> = columns.iter().map(Ids::holds_ids).collect();
        let order = |rows: &[Vec<Cell>]| {
            let mut keyed: Vec<(String, usize)> = Vec::new();
            for (at, row) in rows.iter().enumerate() {
                // Columns of ids do not decide the order while they may be generated: the sides have different ones.
                let key = row
                    .iter()
                    .zip(&are_ids)
                    .map(|(cell, is_id)| if *is_id { String::new() } else { format!("{cell:?}\0") });
                let ids = row
                    .iter()
                    .zip(&are_ids)
                    .filter(|(_, is_id)| **is_id)
                    .map(|(cell, _)| format!("{:020}\0", Ids::number(cell).unwrap_or_default()));
                keyed.push((key.chain(ids).collect(), at));
            }
            if !ordered {
                keyed.sort();
            }
            keyed.into_iter().map(|(_, at)| at).collect::<Vec<_>>()
        };
        for (line, (wanted_at, given_at)) in order(wanted).into_iter().zip(order(given)).enumerate() {
            let pairs = wanted[wanted_at].iter().zip(&given[given_at]).zip(&are_ids);
            for (place, ((wanted, given), is_id)) in pairs.enumerate() {
                if wanted == given {
                    continue;
                }
                let where_ = format!("row {}, column {}", line + 1, columns[place].name);
                match (Ids::number(wanted), Ids::number(given)) {
                    (Some(wanted), Some(given)) if *is_id => {
                        self.ids.same(wanted, given).map_err(|e| format!("{where_}: {e}"))?;
                    }
                    _ => return Err(format!("{where_}: {given} instead of {wanted}")),
                }
            }
        }
        Ok(())
    }
}

fn set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| value == "1")
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Same,
    /// Refused with 1235, as the step's notes allow.
    Refused,
}

fn is_rollup(text: &str) -> bool {
    text.to_uppercase().contains("WITH ROLLUP")
}

fn differ<T: PartialEq + std::fmt::Debug>(what: &str, wanted: &T, given: &T) -> Result<(), String> {
    if wanted == given { Ok(()) } else { Err(format!("{what}: {given:?} instead of {wanted:?}")) }
}

fn show(answers: &Result<Vec<Answer>, Failure>) -> String {
    match answers {
        Ok(answers) => answers.iter().map(Answer::to_string).collect::<Vec<_>>().join("\n    then "),
        Err(failure) => failure.to_string(),
    }
}

impl Side {
    async fn connect(login: Login) -> Self {
        match Client::connect(&login).await {
            Ok(client) => Self { login, client },
            Err(failure) => panic!("cannot connect as {login:?}: {failure}"),
        }
    }

    /// Level, code and message of all warnings; of errors without the message.
    async fn diagnostics(&mut self) -> Vec<String> {
        let answer = self.client.one("SHOW WARNINGS").await;
        let word = |cell: &Cell| match cell {
            Cell::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => other.to_string(),
        };
        let line = |row: &Vec<Cell>| {
            let message = if word(&row[0]) == "Error" { String::new() } else { without_row(&word(&row[2])) };
            format!("{} {} {message}", word(&row[0]), word(&row[1]))
        };
        let mut lines: Vec<String> = answer.rows().iter().map(line).collect();
        lines.sort_unstable();
        lines
    }

    /// Asks, and connects anew after a broken connection so that what follows can be compared.
    async fn ask(&mut self, text: &str, params: Option<&[Param]>) -> Result<Vec<Answer>, Failure> {
        let asked = tokio::time::timeout(PATIENCE, ask(&mut self.client, text, params));
        let answer = asked.await.unwrap_or_else(|_| Err(Failure::Broken("no answer in time".to_owned())));
        if answer.is_err()
            && let Ok(client) = Client::connect(&self.login).await
        {
            self.client = client;
        }
        answer
    }
}

/// A message without the number of the row that it is about.
fn without_row(message: &str) -> String {
    match message.rsplit_once(" at row ") {
        Some((what, number)) if number.bytes().all(|b| b.is_ascii_digit()) => format!("{what} at row"),
        _ => message.to_owned(),
    }
}

/// A statement's answers; those of a failed PREPARE count as its own. What cannot be prepared is sent as text.
async fn ask(client: &mut Client, text: &str, params: Option<&[Param]>) -> Result<Vec<Answer>, Failure> {
    let Some(params) = params else { return client.query(text).await };
    match client.prepare(text).await {
        Ok(statement) if usize::from(statement.params) != params.len() => {
            client.close(&statement).await?;
            Err(Failure::Broken(format!("{} parameters instead of {}", statement.params, params.len())))
        }
        Ok(statement) => {
            let answers = client.execute(&statement, params).await;
            client.close(&statement).await?;
            answers
        }
        Err(Failure::Refused(refusal)) if refusal.errno == UNPREPARABLE && params.is_empty() => {
            client.query(text).await
        }
        Err(Failure::Refused(refusal)) => Ok(vec![Answer::Refused(refusal)]),
        Err(broken) => Err(broken),
    }
}

/// Which of the oracle's ids is which of Shardgate's.
#[derive(Debug, Default)]
struct Ids {
    to_oracle: HashMap<u64, u64>,
    to_proxy: HashMap<u64, u64>,
}

impl Ids {
    /// Whether a column may hold generated ids, by its name.
    fn holds_ids(column: &Column) -> bool {
        let name = column.name.to_ascii_lowercase();
        name.ends_with("_id") || ["id", "last_insert_id()", "max(id)", "min(id)"].contains(&name.as_str())
    }

    fn number(cell: &Cell) -> Option<u64> {
        match cell {
            Cell::Int(n) => u64::try_from(*n).ok(),
            Cell::UInt(n) => Some(*n),
            Cell::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
            _ => None,
        }
    }

    fn same(&mut self, wanted: u64, given: u64) -> Result<(), String> {
        if wanted == given {
            return Ok(());
        }
        if given < GENERATED || wanted == 0 {
            return Err(format!("{given} instead of {wanted}"));
        }
        let (oracle, proxy) =
            (*self.to_oracle.entry(given).or_insert(wanted), *self.to_proxy.entry(wanted).or_insert(given));
        if oracle == wanted && proxy == given {
            return Ok(());
        }
        Err(format!(
            "{given} instead of {wanted}; earlier {given} stood for {oracle}, and {proxy} for {wanted}"
        ))
    }
}
