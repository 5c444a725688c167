//! A statement that comes to several statements of servers: all of what they write is there afterwards, or nothing.

use super::Session;
use crate::backend::{Answer, AnswerLimit, Settings, Summary};
use crate::base::{Error, Result};
use crate::exec::single::Around;
use crate::exec::write::{self, Pace, Task};

/// How what a statement has written so far is undone, should it fail.
#[derive(Debug)]
#[must_use]
pub(super) enum Scope {
    /// It writes in one place, whose server undoes it.
    Server,
    /// It is a transaction of its own.
    Transaction,
    /// By a savepoint of the transaction that it runs in.
    Savepoint,
}

impl Session {
    /// A statement begins that writes, in `several` parts or in one.
    pub(super) async fn open_scope(&mut self, several: bool) -> Result<Scope> {
        let scope = match several {
            false => Scope::Server,
            true if self.vars.autocommit && !self.held.in_transaction() => {
                self.held.begin("BEGIN", None, false, &self.vars.settings);
                Scope::Transaction
            }
            true => {
                self.held.statement_begins().await?;
                Scope::Savepoint
            }
        };
        self.held.writes();
        Ok(scope)
    }

    /// It has ended: what it wrote is committed where it is a transaction of its own, and undone where it failed.
    pub(super) async fn close_scope<T>(&mut self, scope: Scope, done: Result<T>) -> Result<T> {
        match (done, scope) {
            (Ok(done), Scope::Transaction) => self.held.commit().await.map(|()| done),
            (Ok(done), _) => Ok(done),
            (Err(error), scope) => {
                match scope {
                    Scope::Transaction => self.held.rollback().await,
                    Scope::Savepoint => self.held.statement_failed().await,
                    Scope::Server => {}
                }
                self.after_error(error.errno).await;
                self.last.warnings =
                    vec![["Error".to_owned(), error.errno.to_string(), error.message.clone()]];
                Err(error)
            }
        }
    }

    /// Runs statements that change rows, each on its server; the first failure is the answer, and what the others did is
    /// the scope's to undo.
    pub(super) async fn change(&mut self, tasks: &[Task<'_>], pace: Pace) -> Result<Vec<Summary>> {
        let settings = self.vars.settings.clone();
        self.change_under(tasks, pace, &settings).await
    }

    /// The same with other variables than the session's.
    pub(super) async fn change_under(
        &mut self,
        tasks: &[Task<'_>],
        pace: Pace,
        settings: &Settings,
    ) -> Result<Vec<Summary>> {
        let answers = self.run_tasks(tasks, pace, AnswerLimit::of_rows(0), settings).await?;
        Ok(answers.into_iter().map(|answer| answer.ok).collect())
    }

    /// Reads rows for the proxy's own use, within the scope's transaction: as many as limits.merge_rows and merge_bytes
    /// allow in all, 1038 where there are more.
    pub(super) async fn pull(&mut self, tasks: &[Task<'_>]) -> Result<Vec<Answer>> {
        let settings = self.vars.settings.clone();
        self.pull_under(tasks, Pace::Together, &settings).await
    }

    /// The same with other variables than the session's.
    pub(super) async fn pull_under(
        &mut self,
        tasks: &[Task<'_>],
        pace: Pace,
        settings: &Settings,
    ) -> Result<Vec<Answer>> {
        // It counts rows that a client gets.
        const LIMIT: &str = "sql_select_limit";
        let unlimited = settings.get(LIMIT).map(|_| settings.with(LIMIT, "18446744073709551615"));
        let settings = unlimited.as_ref().unwrap_or(settings);
        let budget = self.shared.limits.merge;
        let part = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX) / tasks.len().max(1);
        let limit = AnswerLimit { rows: part(budget.max_rows), bytes: part(budget.max_bytes) };
        self.run_tasks(tasks, pace, limit, settings).await
    }

    async fn run_tasks(
        &mut self,
        tasks: &[Task<'_>],
        pace: Pace,
        limit: AnswerLimit,
        settings: &Settings,
    ) -> Result<Vec<Answer>> {
        let deadline = self.deadline();
        let mut using = self.held.using(&self.pools, self.flavor, settings);
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let client = Some(&mut self.client);
        let ran = write::run(tasks, settings, &mut using, pace, limit, client, around).await;
        let mut first: Option<Error> = None;
        let mut answers = Vec::with_capacity(tasks.len());
        for result in ran.results.into_iter().flatten() {
            match result {
                Ok(answer) => answers.push(answer),
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        first.map_or(Ok(answers), Err)
    }
}
