//! What takes DDL back at one place, from the definitions before and after it: only where exactly what was there before
//! comes back, rows included. Pure: whoever asks has looked at the servers.

use serde::{Deserialize, Serialize};

use super::edit::quote;
use crate::base::hex_name;
use crate::sql::definition::{Definition, Part, PartKind, as_logical};
use crate::sql::facts::DdlKind;

/// Something that DDL changes at a place, as it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The schema.
    pub schema: String,
    /// The table's physical name; `None`: it is the schema itself.
    pub table: Option<String>,
    /// Its definition, without counters; `None`: it does not exist.
    pub definition: Option<String>,
    /// When it was created, for statements that leave the definition as it is.
    pub created: Option<String>,
}

impl Seen {
    /// Its name in SQL.
    pub fn quoted(&self) -> String {
        match &self.table {
            Some(table) => format!("{}.{}", quote(&self.schema), quote(table)),
            None => quote(&self.schema),
        }
    }

    /// The condition that finds it in information_schema, safe under every sql_mode.
    pub fn filter(&self) -> String {
        let schema = format!("TABLE_SCHEMA = {}", hex_name(&self.schema));
        match &self.table {
            Some(table) => format!("{schema} AND TABLE_NAME = {}", hex_name(table)),
            None => schema,
        }
    }
}

/// What is at a place, in words that are the same at another place where the same is.
pub fn comparable(all: &[Seen]) -> Vec<Option<String>> {
    let named = |text: &str| {
        all.iter().enumerate().fold(text.to_owned(), |text, (i, seen)| {
            let name = seen.table.as_deref().unwrap_or(&seen.schema);
            as_logical(&text, name, &format!("\u{1}{i}"))
        })
    };
    // In any order of indexes.
    let words = |text: &str| Definition::read(&named(text)).lines().join("\n");
    all.iter().map(|seen| seen.definition.as_deref().map(words)).collect()
}

/// How to take a change back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undo {
    /// Questions that must not find a row: what would be lost.
    pub empty: Vec<String>,
    /// The statements.
    pub statements: Vec<String>,
}

/// What takes back a statement of this kind that has turned `before` into `after`; the reason where nothing does.
pub fn undo(kind: DdlKind, before: &[Seen], after: &[Seen]) -> Result<Undo, String> {
    let pairs = || before.iter().zip(after);
    match kind {
        DdlKind::CreateTable | DdlKind::CreateDatabase => {
            let mut undo = Undo::default();
            for (was, is) in pairs() {
                match (&was.definition, &is.definition) {
                    (None, Some(_)) => created(is, &mut undo),
                    (was, is) if was == is => {}
                    _ => return Err("it has replaced what was there before".to_owned()),
                }
            }
            Ok(undo)
        }
        DdlKind::AlterTable | DdlKind::CreateIndex | DdlKind::DropIndex => {
            let mut undo = Undo::default();
            for (was, is) in pairs() {
                let (Some(old), Some(new)) = (&was.definition, &is.definition) else {
                    return Err(format!("{} is gone", was.quoted()));
                };
                if old == new && kind == DdlKind::AlterTable {
                    return Err("the definition does not show what it has changed".to_owned());
                }
                altered(is, &Definition::read(old), &Definition::read(new), &mut undo)?;
            }
            Ok(undo)
        }
        DdlKind::RenameTable | DdlKind::AlterTableRename => renamed(before, after),
        DdlKind::DropTable | DdlKind::DropDatabase | DdlKind::TruncateTable => {
            Err("the rows are gone".to_owned())
        }
        DdlKind::AlterDatabase | DdlKind::Maintain | DdlKind::Other => {
            Err("such a statement has no exact inverse".to_owned())
        }
    }
}

fn created(is: &Seen, undo: &mut Undo) {
    if is.table.is_some() {
        undo.empty.push(format!("SELECT 1 FROM {} LIMIT 1", is.quoted()));
        undo.statements.push(format!("DROP TABLE {}", is.quoted()));
    } else {
        undo.empty.push(format!("SELECT 1 FROM information_schema.TABLES WHERE {} LIMIT 1", is.filter()));
        undo.statements.push(format!("DROP DATABASE {}", is.quoted()));
    }
}

/// Columns that were added go, indexes and constraints become what they were.
fn altered(is: &Seen, old: &Definition, new: &Definition, undo: &mut Undo) -> Result<(), String> {
    let mut changes: Vec<String> = Vec::new();
    let mut left = old.columns.iter().peekable();
    for column in &new.columns {
        if left.next_if(|was| *was == column).is_some() {
            continue;
        }
        if old.columns.iter().any(|was| was.name == column.name) {
            return Err(format!("it has changed the column {}, and maybe its values", column.name));
        }
        if !column.text.contains(" GENERATED ALWAYS AS ") {
            let (table, name) = (is.quoted(), &column.name);
            undo.empty.push(format!("SELECT 1 FROM {table} WHERE NOT ({name} <=> DEFAULT({name})) LIMIT 1"));
        }
        changes.push(format!("DROP COLUMN {}", column.name));
    }
    if let Some(gone) = left.next() {
        return Err(format!("the column {} and its values are gone or were moved", gone.name));
    }
    if old.rest != new.rest {
        return Err("it has changed the table's options or partitions".to_owned());
    }
    // Constraints before the indexes that they need, and the other way round when they come back.
    let gone = |a: &[Part], b: &[Part]| -> Vec<Part> {
        a.iter().filter(|part| !b.contains(part)).cloned().collect()
    };
    changes.extend(gone(&new.keys, &old.keys).iter().rev().map(|part| match part.kind {
        PartKind::Primary => "DROP PRIMARY KEY".to_owned(),
        PartKind::ForeignKey => format!("DROP FOREIGN KEY {}", part.name),
        PartKind::Check => format!("DROP CONSTRAINT {}", part.name),
        PartKind::Index | PartKind::Column => format!("DROP INDEX {}", part.name),
    }));
    changes.extend(gone(&old.keys, &new.keys).iter().map(|part| format!("ADD {}", part.text)));
    if !changes.is_empty() {
        undo.statements.push(format!("ALTER TABLE {} {}", is.quoted(), changes.join(", ")));
    }
    Ok(())
}

/// Tables that are found under their new names get their old ones back.
fn renamed(before: &[Seen], after: &[Seen]) -> Result<Undo, String> {
    let body = |seen: &Seen| {
        let name = seen.table.as_deref().unwrap_or_default();
        seen.definition.as_deref().map(|text| as_logical(text, name, "\u{1}"))
    };
    let mut moves = Vec::new();
    for pair in before.chunks(2).zip(after.chunks(2)) {
        let ([old, free], [left, new]) = pair else {
            return Err("it has moved something else, too".to_owned());
        };
        let there = old.definition.is_some() && body(old) == body(new);
        if !there || free.definition.is_some() || left.definition.is_some() {
            return Err(format!("{} is not found unchanged under its new name", old.quoted()));
        }
        moves.push(format!("{} TO {}", new.quoted(), old.quoted()));
    }
    moves.reverse();
    let statements = vec![format!("RENAME TABLE {}", moves.join(", "))];
    Ok(Undo { empty: Vec::new(), statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `a` int,\n  PRIMARY KEY (`id`),\n  KEY `k` (`a`)\n) ENGINE=InnoDB";

    fn seen(table: &str, definition: Option<&str>) -> Seen {
        let definition = definition.map(str::to_owned);
        Seen { schema: "s".into(), table: Some(table.into()), definition, created: None }
    }

    fn alter(after: &str) -> Result<Undo, String> {
        undo(DdlKind::AlterTable, &[seen("t", Some(BEFORE))], &[seen("t", Some(after))])
    }

    #[test]
    fn what_was_added_goes_and_indexes_come_back() {
        let after = BEFORE
            .replace("  `a` int,\n", "  `b` int DEFAULT 5,\n  `a` int,\n  `c` int,\n")
            .replace("KEY `k` (`a`)", "UNIQUE KEY `u` (`b`)");
        let undone = alter(&after).unwrap();
        assert_eq!(
            undone.statements,
            ["ALTER TABLE `s`.`t` DROP COLUMN `b`, DROP COLUMN `c`, DROP INDEX `u`, ADD KEY `k` (`a`)"]
        );
        assert_eq!(undone.empty.len(), 2);
        assert_eq!(undone.empty[0], "SELECT 1 FROM `s`.`t` WHERE NOT (`b` <=> DEFAULT(`b`)) LIMIT 1");
    }

    #[test]
    fn what_cannot_come_back_is_refused() {
        for (after, why) in [
            (BEFORE.replace("  `a` int,\n", "").replace("KEY `k` (`a`)", "KEY `k` (`id`)"), "gone"),
            (BEFORE.replace("`a` int", "`a` bigint"), "changed the column `a`"),
            (BEFORE.replace("InnoDB", "Aria"), "options"),
            (BEFORE.to_owned(), "does not show"),
        ] {
            let error = alter(&after).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        let (was, is) = ([seen("t", Some(BEFORE))], [seen("t", None)]);
        for kind in [DdlKind::DropTable, DdlKind::TruncateTable, DdlKind::DropDatabase] {
            assert!(undo(kind, &was, &is).unwrap_err().contains("rows are gone"));
        }
    }

    #[test]
    fn what_was_created_goes_and_what_was_renamed_goes_back() {
        let undone = undo(DdlKind::CreateTable, &[seen("t", None)], &[seen("t", Some(BEFORE))]).unwrap();
        assert_eq!(undone.statements, ["DROP TABLE `s`.`t`"]);
        assert_eq!(undone.empty, ["SELECT 1 FROM `s`.`t` LIMIT 1"]);
        let same = [seen("t", Some(BEFORE))];
        assert_eq!(undo(DdlKind::CreateTable, &same, &same), Ok(Undo::default()));
        let other = [seen("t", Some("CREATE TABLE `t` (\n  `x` int\n)"))];
        assert!(undo(DdlKind::CreateTable, &same, &other).is_err());
        let (before, after) = (
            [seen("t", Some(BEFORE)), seen("u", None)],
            [seen("t", None), seen("u", Some(&BEFORE.replace("`t`", "`u`")))],
        );
        let undone = undo(DdlKind::RenameTable, &before, &after).unwrap();
        assert_eq!(undone.statements, ["RENAME TABLE `s`.`u` TO `s`.`t`"]);
        assert!(undo(DdlKind::RenameTable, &before, &before).is_err());
    }

    #[test]
    fn places_with_other_names_compare() {
        let (a, b) = (
            [seen("t_0", Some(&BEFORE.replace("`t`", "`t_0`")))],
            [seen("t_1", Some(&BEFORE.replace("`t`", "`t_1`")))],
        );
        assert_eq!(comparable(&a), comparable(&b));
        assert_ne!(comparable(&a), comparable(&[seen("t_1", None)]));
    }
}
