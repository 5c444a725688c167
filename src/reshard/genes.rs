//! Whether ids that carry a slot are still read rightly under another configuration. Moving slots keeps them true; another
//! number of slots, another key or another place in the id does not. Pure.

use crate::base::layout::Layout;
use crate::config::{IdKind, Table, TableLayout};
use crate::sharding::{Gene, Rule};

/// How a table's ids are read.
struct Read<'a> {
    gene: Gene,
    key: &'a str,
    rule: &'a Rule,
    /// What it depends on, for a person.
    text: String,
}

fn read(table: &Table, plain: Layout) -> Option<Read<'_>> {
    let (TableLayout::Sharded { key, rule, .. }, IdKind::Snowflake { gene: Some(gene) }) =
        (&table.layout, &table.id.as_ref()?.kind)
    else {
        return None;
    };
    let layout = Gene::layout(plain, rule, gene.place).ok()?;
    let text = format!("the slot of `{key}` by {} in ids of {layout}", rule.describe());
    Some(Read { gene: Gene::new(layout, gene.cutover)?, key, rule, text })
}

/// Why ids that were made under one configuration would lead to wrong shards under another, and how to mend it. Each
/// table comes with the layout of plain ids; `None`: the table was not declared.
pub fn misread(now: Option<(&Table, Layout)>, then: (&Table, Layout)) -> Option<String> {
    let after = read(then.0, then.1)?;
    let cutover = after.gene.cutover();
    let before = now.and_then(|(table, plain)| {
        let same = |column: &str| table.id.as_ref().is_some_and(|id| id.column.eq_ignore_ascii_case(column));
        let column = then.0.id.as_ref().map_or("", |id| &id.column);
        read(table, plain).filter(|_| same(column))
    });
    let column = then.0.id.as_ref().map_or("", |id| &id.column);
    match before {
        Some(before)
            if before.gene.reads_like(&after.gene)
                && before.key.eq_ignore_ascii_case(after.key)
                && before.rule.same_parts(after.rule) =>
        {
            let least = before.gene.cutover();
            (cutover < least).then(|| {
                format!("its ids carry slots from {least} on: cutover = {cutover} would misread those below; keep {least}")
            })
        }
        Some(before) if cutover <= before.gene.cutover() => Some(format!(
            "its ids carry {}, and would be taken to carry {}: queries by `{column}` would miss rows; keep it, or set cutover \
             above all ids that were made before",
            before.text, after.text
        )),
        None if cutover == 0 => Some(format!(
            "its ids carry no slot, and would be taken to carry {}: queries by `{column}` would miss rows; set cutover above \
             all ids that were made before",
            after.text
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::reshard::moves;

    fn config(shards: u16, algorithm: &str, id: &str) -> Config {
        let sources: String = (0..shards)
            .fold(String::new(), |all, n| all + &format!("source.ds{n}.primary = \"mysql://r@h:{n}1\"\n"));
        let text = format!(
            "user = [{{ name = \"app\" }}]\n{sources}[database.d]\nshards = [\"ds{{0..{}}}/d\"]\n\
             group.g = {{ algorithm = {algorithm}, tables = {{ orders = \"user_id\" }} }}\n{id}\n",
            shards - 1
        );
        crate::config::parse(&text, "t", &|_| None).unwrap()
    }

    #[test]
    fn slots_move_and_are_not_cut_anew() {
        let hash = "{ hash = \"crc32\" }";
        let more = "{ hash = \"crc32\", slots = 2048 }";
        let id = |more: &str| format!("table.orders.id = {{ column = \"order_id\"{more} }}");
        let gene = |more: &str| id(&format!(", gene = \"user_id\"{more}"));
        for (now, then, wanted) in [
            (config(4, hash, &gene("")), config(5, hash, &gene("")), ""),
            (config(4, hash, &gene("")), config(4, hash, &gene(", cutover = 9")), ""),
            (config(4, hash, &gene("")), config(4, more, &id("")), ""),
            (
                config(4, hash, &gene("")),
                config(4, more, &gene("")),
                "its ids carry the slot of `user_id` by crc32 over 1024 slots, integer key in ids of 41/10/2+10 middle, and would \
                 be taken to carry the slot of `user_id` by crc32 over 2048 slots",
            ),
            (config(4, hash, &gene("")), config(4, more, &gene(", cutover = 9")), ""),
            (
                config(4, hash, &gene("")),
                config(4, hash, &gene(", gene_place = \"low\"")),
                "ids of 41/10/2+10 low",
            ),
            (config(4, hash, &gene(", cutover = 9")), config(4, hash, &gene("")), "keep 9"),
            (config(4, hash, &id("")), config(4, hash, &gene("")), "its ids carry no slot"),
            (config(4, hash, &id("")), config(4, hash, &gene(", cutover = 9")), ""),
        ] {
            let problems = moves(&now, &then).problems;
            match problems.as_slice() {
                [] => assert_eq!(wanted, ""),
                [one] => assert!(!wanted.is_empty() && one.contains(wanted), "{one}"),
                more => panic!("{more:?}"),
            }
        }
    }
}
