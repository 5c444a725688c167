//! A statement that comes to several statements of servers: all of what they write is there afterwards, or nothing.

use super::Session;
use crate::backend::{Answer, AnswerLimit, Flavor, Pools, Settings, Summary};
use crate::base::{Error, Result};
use crate::exec::Client;
use crate::exec::single::Around;
use crate::exec::write::{self, Pace, Task};
use crate::merge::Budget;
use crate::txn::Held;

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
                self.last.failed_with(&error);
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
        self.hand(settings).pull(tasks, pace).await
    }

    async fn run_tasks(
        &mut self,
        tasks: &[Task<'_>],
        pace: Pace,
        limit: AnswerLimit,
        settings: &Settings,
    ) -> Result<Vec<Answer>> {
        self.hand(settings).run(tasks, pace, limit).await
    }

    /// What runs statements in the scope's transaction.
    pub(super) fn hand<'h>(&'h mut self, settings: &'h Settings) -> Hand<'h> {
        let deadline = self.deadline();
        Hand {
            held: &mut self.held,
            pools: &self.pools,
            flavor: self.flavor,
            settings,
            client: Some(&mut self.client),
            around: Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline },
            budget: self.shared.limits.merge,
            last_insert_id: None,
        }
    }
}

/// The connections of a statement's transaction, where parts of the session are in use elsewhere.
pub(super) struct Hand<'h> {
    pub(super) held: &'h mut Held,
    pub(super) pools: &'h Pools,
    pub(super) flavor: Flavor,
    pub(super) settings: &'h Settings,
    /// Who is waiting: nothing goes on for a client that has left.
    pub(super) client: Option<&'h mut Client>,
    pub(super) around: Around<'h>,
    /// What may be read at once.
    pub(super) budget: Budget,
    /// See [`Ran`](write::Ran).
    pub(super) last_insert_id: Option<u64>,
}

impl Hand<'_> {
    /// The same with other variables.
    pub(super) fn under<'u>(&'u mut self, settings: &'u Settings) -> Hand<'u> {
        Hand { held: self.held, settings, client: self.client.as_deref_mut(), ..*self }
    }

    /// Runs statements that change rows.
    pub(super) async fn change(&mut self, tasks: &[Task<'_>], pace: Pace) -> Result<Vec<Summary>> {
        let answers = self.run(tasks, pace, AnswerLimit::of_rows(0)).await?;
        Ok(answers.into_iter().map(|answer| answer.ok).collect())
    }

    /// Reads rows, all that there are, within the budget.
    pub(super) async fn pull(&mut self, tasks: &[Task<'_>], pace: Pace) -> Result<Vec<Answer>> {
        // It counts rows that a client gets.
        const LIMIT: &str = "sql_select_limit";
        let part = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX) / tasks.len().max(1);
        let limit = AnswerLimit { rows: part(self.budget.max_rows), bytes: part(self.budget.max_bytes) };
        if self.settings.get(LIMIT).is_none() {
            return self.run(tasks, pace, limit).await;
        }
        let settings = self.settings.with(LIMIT, "18446744073709551615");
        self.under(&settings).run(tasks, pace, limit).await
    }

    /// Runs statements; the first failure is the answer.
    async fn run(&mut self, tasks: &[Task<'_>], pace: Pace, limit: AnswerLimit) -> Result<Vec<Answer>> {
        let ran = self.try_each(tasks, pace, limit).await;
        let mut first: Option<Error> = None;
        let mut answers = Vec::with_capacity(tasks.len());
        for result in ran.into_iter().flatten() {
            match result {
                Ok(answer) => answers.push(answer),
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        first.map_or(Ok(answers), Err)
    }

    /// Runs statements: one result each, `None` of those that were not begun because another had failed.
    pub(super) async fn try_each(
        &mut self,
        tasks: &[Task<'_>],
        pace: Pace,
        limit: AnswerLimit,
    ) -> Vec<Option<Result<Answer>>> {
        let mut using = self.held.using(self.pools, self.flavor, self.settings);
        let client = self.client.as_deref_mut();
        let ran = write::run(tasks, self.settings, &mut using, pace, limit, client, self.around).await;
        self.last_insert_id = ran.last_insert_id.or(self.last_insert_id);
        ran.results
    }
}
