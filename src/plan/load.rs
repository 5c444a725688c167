//! LOAD DATA: to one place as it is, or cut into rows that are placed and given ids one by one.

use super::edit::{quote, quoted, text};
use super::insert::same_everywhere;
use super::ir::{Act, GivenId, Load, LoadRows, Route, Routing};
use super::names::{self, Ctx, Style};
use super::{refuse, show};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Result, Value};
use crate::sharding::{IdForm, KeyColumn};
use crate::sql::{LoadData, LoadTarget};
use crate::topology::schema::TableSchema;
use crate::topology::{IdRule, Layout, Table};

/// Plans a LOAD DATA.
pub(super) fn plan(ctx: &Ctx<'_>, load: &LoadData) -> Result<Act> {
    let index = ctx.index_of(&load.table).unwrap_or(0);
    let Some(used) = ctx.tables.get(index) else {
        return Err(Error::new(Code::Internal, "a LOAD DATA without its table"));
    };
    let table = std::sync::Arc::clone(&used.table);
    let nodes = ctx.nodes(index);
    let whole = nodes.len() == 1 && table.id.is_none() && table.indexes.is_empty();
    if !load.local {
        return if whole {
            show::beside_tables(ctx)
        } else {
            Err(refuse::feature(
                format_args!(
                    "a file on one server has rows for `{}` that go to others, or need ids",
                    table.name
                ),
                "use LOAD DATA LOCAL INFILE with the file at the client",
            ))
        };
    }
    if ctx.statement.params > 0 {
        return Err(refuse::feature("parameters in LOAD DATA", "write the values into the statement"));
    }
    let sources: Vec<SourceId> = nodes.iter().map(|node| node.source).collect();
    if ctx.used().any(|i| i != index && (ctx.sharded(i).is_some() || !ctx.covers(i, &sources))) {
        return Err(refuse::feature(
            "a subquery in SET reads a table that the row's shard does not have in full",
            "load the rows first, and UPDATE them",
        ));
    }
    let routing = match &table.layout {
        Layout::Sharded(_) => Routing::Sharded { leads: vec![(index, Route::All)], aligned: true },
        _ => Routing::Every(nodes.to_vec()),
    };
    if nodes.len() > 1 && !matches!(table.layout, Layout::Sharded(_)) {
        same_everywhere(ctx)?;
    }
    let schema = ctx.schemas.table(&used.database, &table.name);
    let counts = schema.as_ref().is_some_and(|s| s.columns.iter().any(|column| column.auto_increment));
    let mut edits = names::edits(ctx, &routing, Style::Bare(index))?;
    let rows = if whole {
        None
    } else {
        let rows = Rows { load, table: &table, schema: schema.as_deref(), many: nodes.len() > 1 }.plan()?;
        if let Some((_, span)) = load.skip {
            edits.replace(span, Vec::new());
        }
        if let (GivenId::Added, Some(id), Some(span)) = (rows.id, &table.id, load.columns_span) {
            edits.insert(span.start + 1, vec![text(format!("{}, ", quote(&id.column)))]);
        }
        if load.columns.as_ref().is_none_or(Vec::is_empty)
            && let Some(schema) = &schema
        {
            // Lines are placed by the columns' order as it is known.
            let names = quoted(schema.columns.iter().map(|column| &*column.name));
            match load.columns_span {
                Some(span) => edits.insert(span.end - 1, vec![text(names)]),
                None => edits.insert(load.columns_at, vec![text(format!(" ({names})"))]),
            }
        }
        Some(rows)
    };
    let text = edits.whole(ctx.shape);
    let variable = |target: &LoadTarget| match target {
        LoadTarget::Variable(name) => Some(name.clone()),
        LoadTarget::Column(_) => None,
    };
    let variables = load.columns.iter().flatten().filter_map(variable).collect();
    Ok(Act::Load(Load { table: index, file: load.file.clone(), routing, text, rows, counts, variables }))
}

struct Rows<'q> {
    load: &'q LoadData,
    table: &'q Table,
    schema: Option<&'q TableSchema>,
    many: bool,
}

impl Rows<'_> {
    fn plan(&self) -> Result<LoadRows> {
        let load = self.load;
        if load.format.enclosed.len() > 1 || load.format.escaped.len() > 1 {
            let text = "Field separator argument is not what is expected; check the manual";
            return Err(Error { errno: 1083, ..Error::new(Code::Syntax, text) });
        }
        let columns = self.columns()?;
        let key = match &self.table.layout {
            Layout::Sharded(sharded) => Some(&*sharded.key),
            _ => None,
        };
        let id = self.id(&columns)?;
        let key_is_id =
            key.zip(self.table.id.as_ref()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(&b.column));
        let place = match key {
            Some(name) if !key_is_id => Some(self.place(&columns, name)?.ok_or_else(|| {
                refuse::feature(
                    format_args!("no field is for the sharding key `{name}` of `{}`", self.table.name),
                    format_args!("name `{name}` itself in the column list, not a variable and not in SET"),
                )
            })?),
            _ => None,
        };
        let column = key.and_then(|name| {
            let schema = self.schema?;
            Some(schema.columns.get(schema.position(name)?)?.as_key(&self.table.name))
        });
        Ok(LoadRows {
            format: load.format.clone(),
            skip: load.skip.map_or(0, |(lines, _)| lines),
            charset: load.charset.clone(),
            fields: columns.len(),
            key: place,
            id,
            key_is_id,
            column,
            replace: load.replace,
        })
    }

    /// What each field of a line is for: a column's name; `None` for a variable.
    fn columns(&self) -> Result<Vec<Option<String>>> {
        if let Some(targets) = self.load.columns.as_ref().filter(|targets| !targets.is_empty()) {
            let name = |target: &LoadTarget| match target {
                LoadTarget::Column(name) => Some(name.text.clone()),
                LoadTarget::Variable(_) => None,
            };
            return Ok(targets.iter().map(name).collect());
        }
        match self.schema {
            Some(schema) if schema.columns.iter().all(|column| !column.generated && !column.invisible) => {
                Ok(schema.columns.iter().map(|column| Some(column.name.clone())).collect())
            }
            _ => Err(refuse::feature(
                format_args!("the order of the columns of `{}` is not plain", self.table.name),
                "write the column list behind the table's options: … (a, b)",
            )),
        }
    }

    /// The field of a column. `None`: no field is for it. SET must not touch it, and one field at most be for it.
    fn place(&self, columns: &[Option<String>], name: &str) -> Result<Option<usize>> {
        let is = |column: &str| column.eq_ignore_ascii_case(name);
        let mut fields = (0..columns.len()).filter(|&i| columns[i].as_deref().is_some_and(is));
        let first = fields.next();
        if fields.next().is_some() || self.load.set.iter().any(|set| is(&set.column.name.text)) {
            return Err(refuse::feature(
                format_args!(
                    "`{name}` decides where a row goes or which id it has, and is given by SET or twice"
                ),
                format_args!("have one field of the file for `{name}`"),
            ));
        }
        Ok(first)
    }

    fn id(&self, columns: &[Option<String>]) -> Result<GivenId> {
        if let Some(rule) = &self.table.id {
            self.makable(rule)?;
            return Ok(self.place(columns, &rule.column)?.map_or(GivenId::Added, GivenId::Field));
        }
        let auto = self.schema.and_then(|schema| schema.columns.iter().find(|column| column.auto_increment));
        let Some(auto) = auto.filter(|_| self.many) else { return Ok(GivenId::None) };
        match self.place(columns, &auto.name)? {
            Some(place) => Ok(GivenId::Given(place)),
            None => Err(self.counted(&auto.name)),
        }
    }

    fn counted(&self, column: &str) -> Error {
        refuse::feature(
            format_args!("AUTO_INCREMENT of `{}` would count on each server for itself", self.table.name),
            format_args!("declare a generator for `{column}` in the table's configuration, or give the ids"),
        )
    }

    fn makable(&self, rule: &IdRule) -> Result<()> {
        match rule.form {
            IdForm::Number | IdForm::Short => Ok(()),
            IdForm::Uuid => Err(refuse::feature(
                format_args!("ids for `{}` of `{}` cannot be put into a file", rule.column, self.table.name),
                "insert the rows with INSERT … VALUES of many rows each",
            )),
        }
    }
}

/// Which of a table's nodes a row with this key goes to. `column`: the key's, where its definition is known.
pub fn place(table: &Table, column: Option<&KeyColumn>, key: &Value) -> Result<usize> {
    let Layout::Sharded(sharded) = &table.layout else { return Ok(0) };
    let node = match column {
        Some(column) => sharded.rule.store_in(key, column)?,
        None => sharded.rule.store(key)?,
    };
    Ok(usize::from(node.0))
}

/// Whether a field asks for a new id; `None`: what a server would make of it is not known here. A field is `None` for NULL.
pub fn asks_for_id(field: Option<&[u8]>, zero_is_value: bool) -> Option<bool> {
    let Some(text) = field else { return Some(true) };
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().all(|digit| *digit == b'0') && !zero_is_value)
}

#[cfg(test)]
mod tests {
    use super::asks_for_id;

    #[test]
    fn null_and_zero_ask_for_an_id() {
        assert_eq!(asks_for_id(None, true), Some(true));
        for (text, asks) in [("0", true), ("-000", true), ("+0", true), ("7", false), ("-12", false)] {
            assert_eq!(asks_for_id(Some(text.as_bytes()), false), Some(asks), "{text}");
            assert_eq!(asks_for_id(Some(text.as_bytes()), true), Some(false), "{text}");
        }
        for text in ["", " 1", "1.0", "x", "-", "1e3"] {
            assert_eq!(asks_for_id(Some(text.as_bytes()), false), None, "{text}");
        }
    }
}
