//! `SHARDGATE_NEXT_ID(table [, count [, key]])`: new ids for the application. Each call of a statement is replaced by a
//! value of its own, made anew with each execution: the first of `count` consecutive ids.

use super::Session;
use super::query::Text;
use crate::base::ids::{NewIds, uuid_text};
use crate::base::{Code, Error, Result, Value};
use crate::idgen::Ask;
use crate::plan::bind::MakeIds;
use crate::plan::ir::{Act, Plan};
use crate::sql::facts::{FunctionUse, Kind, Operand, Statement};
use crate::topology::IdRule;

impl Session {
    /// Makes the ids of a statement's calls. EXPLAIN uses none up.
    pub(super) async fn make_next_ids(&mut self, plan: &Plan, text: &Text<'_>) -> Result<()> {
        match (&plan.act, &plan.statement.kind) {
            (Act::Refused(_), _) | (_, Kind::Explain { shardgate: true, .. }) => Ok(()),
            (_, Kind::Explain { .. }) => self.show_next_ids(&plan.statement, text),
            _ => {
                let value = |operand: &Operand| text.operand(operand);
                let calls = || plan.statement.functions.iter().filter(|call| call.is_next_id());
                let made = self.patiently(|session, make| {
                    calls().map(|call| session.next_id(call, &value, make)).collect()
                });
                self.next = made.await?;
                Ok(())
            }
        }
    }

    /// Examples in the place of a statement's new ids.
    pub(super) fn show_next_ids(&mut self, statement: &Statement, text: &Text<'_>) -> Result<()> {
        self.exemplify(statement, |_| true, &|operand| text.operand(operand))
    }

    /// Values of the same types, for a server to look at before parameters have their values.
    pub(super) fn stand_for_next_ids(&mut self, statement: &Statement) -> Result<()> {
        let of_known_table =
            |call: &FunctionUse| matches!(call.operands.first(), Some(Some(Operand::Const(_))));
        self.exemplify(statement, of_known_table, &|operand| match operand {
            Operand::Const(value) => Ok(value.clone()),
            Operand::Param(_) | Operand::NegParam(_) => Ok(Value::Int(1)),
        })
    }

    fn exemplify(
        &mut self,
        statement: &Statement,
        known: impl Fn(&FunctionUse) -> bool,
        value: &dyn Fn(&Operand) -> Result<Value>,
    ) -> Result<()> {
        let ids = &self.shared.ids;
        let mut make = |rule: &IdRule, n: usize, gene: u32| Ok(ids.example(rule.generator, n, gene));
        let calls = statement.functions.iter().filter(|call| call.is_next_id());
        let values = calls
            .map(|call| if known(call) { self.next_id(call, value, &mut make) } else { Ok(Value::UInt(0)) });
        self.next = values.collect::<Result<_>>()?;
        Ok(())
    }

    fn next_id(
        &self,
        call: &FunctionUse,
        value: &dyn Fn(&Operand) -> Result<Value>,
        make: &mut MakeIds<'_>,
    ) -> Result<Value> {
        let given: Option<Vec<&Operand>> = call.operands.iter().map(Option::as_ref).collect();
        let Some(given) = given else {
            return Err(Error::refused(
                "SHARDGATE_NEXT_ID is evaluated before a server sees the statement",
                "give literals or parameters as its arguments",
            ));
        };
        let (table, count, key) = match given.as_slice() {
            [table] => (value(table)?, Value::Int(1), None),
            [table, count] => (value(table)?, value(count)?, None),
            [table, count, key] => (value(table)?, value(count)?, Some(value(key)?)),
            _ => return Err(argument_count()),
        };
        let Value::Str(table) = table else { return Err(wrong("a table's name as a string")) };
        let count = match count {
            Value::Int(n) => u64::try_from(n).unwrap_or(0),
            Value::UInt(n) => n,
            _ => return Err(wrong("a count as a whole number")),
        };
        let table = String::from_utf8_lossy(&table);
        let topology = self.shared.topology();
        let ask = Ask::new(topology, self.database.as_deref(), &table, count, key.as_ref())?;
        match make(ask.rule, ask.count, ask.gene)? {
            NewIds::Numbers { first, .. } => Ok(Value::UInt(first)),
            NewIds::Uuids(made) => {
                let [one] = made.as_slice() else {
                    let message = format!("the ids of '{table}' are UUIDs, which are made one at a time");
                    return Err(Error::new(Code::OutOfRange, message));
                };
                Ok(Value::Str(uuid_text(one).into_bytes()))
            }
        }
    }
}

/// As MySQL says it of its own functions (Error Message Reference, ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT).
fn argument_count() -> Error {
    let text = "Incorrect parameter count in the call to native function 'SHARDGATE_NEXT_ID'";
    let error = Error::new(Code::WrongArguments, text);
    Error { errno: 1582, sqlstate: *b"42000", ..error }
}

fn wrong(wanted: &str) -> Error {
    let message = format!(
        "Incorrect arguments to SHARDGATE_NEXT_ID: it takes {wanted}; write SHARDGATE_NEXT_ID('orders', 100)"
    );
    Error::new(Code::WrongArguments, message)
}
