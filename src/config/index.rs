//! A table's `index`: values that are unique over all shards.

use super::model::UniqueIndex;
use super::reader::{At, Item, Section};

/// `index.email = { unique = true }`, `index.name = { columns = ["first", "last"], unique = true }`
pub(super) fn indexes(table: &Section<'_, '_>, table_name: &str) -> Vec<UniqueIndex> {
    let read = |(name, item)| index(table, table_name, name, item);
    let indexes: Vec<UniqueIndex> = table.entries("index").into_iter().filter_map(read).collect();
    for (number, index) in indexes.iter().enumerate() {
        if indexes.iter().take(number).any(|other| other.lookup == index.lookup) {
            let message =
                format!("two indexes of \"{table_name}\" have the lookup table \"{}\"", index.lookup);
            table.report(table.key_at("index"), message);
        }
    }
    indexes
}

fn index(
    table: &Section<'_, '_>,
    table_name: &str,
    name: At<String>,
    item: &Item<'_>,
) -> Option<UniqueIndex> {
    /// Bytes of a table's name (MySQL 8.4 manual, "Identifier Length Limits").
    const LONGEST: usize = 64;
    let At { value: name, at } = name;
    let section = Section::of(table.reader, item, at, format!("index.{name}"))?;
    let unique = section.boolean("unique", false);
    let columns = section.names("columns").map_or_else(
        || vec![name.clone()],
        |columns| columns.into_iter().map(|column| column.value).collect::<Vec<_>>(),
    );
    let lookup =
        section.string("table").map_or_else(|| format!("{table_name}_{name}_lookup"), |given| given.value);
    if !unique {
        section.report(at, format!("index.{name}: write unique = true; there are no other indexes"));
    }
    let twice = |c: &String| columns.iter().filter(|other| other.eq_ignore_ascii_case(c)).count() > 1;
    if columns.is_empty() || columns.iter().any(String::is_empty) || columns.iter().any(twice) {
        section.report(section.key_at("columns"), format!("index.{name}: name its columns, each once"));
        return None;
    }
    if lookup.is_empty() || lookup.len() > LONGEST || lookup == table_name || lookup.contains(['`', '/', '.'])
    {
        let message = format!("\"{lookup}\" is no name for a lookup table; give one with table = \"…\"");
        section.report(section.key_at("table"), message);
        return None;
    }
    section.finish();
    Some(UniqueIndex { name, columns, lookup })
}
