//! Random SELECTs over `select_tables.sql`: joins, subqueries in every place, groups, windows, set operations and common
//! table expressions, whose answer is one: orders are total, limits have one, and what groups, DISTINCT or UNION show of
//! equal values is the same for each of them.
//!
//! The same seed gives the same statements on every machine.

use super::columns::Kind::{
    self, Bytes, Choice, Day, Decimal, Exact, Folded, Huge, Int, Moment, Real, Span, Wide,
};
use super::columns::{TABLES, literal};
use super::corpus::Step;
use super::generate::Random;

/// One table of a FROM, by its alias.
#[derive(Debug, Clone)]
struct Source {
    /// What stands in FROM, with the alias.
    text: String,
    alias: String,
    /// Columns that identify a row.
    unique: Vec<String>,
    columns: Vec<(String, Kind)>,
}

/// A query that other queries take as a table: text, columns that identify a row, columns.
type Named = (String, Vec<String>, Vec<(String, Kind)>);

/// `count` statements.
pub fn statements(seed: u64, count: usize) -> Vec<Step> {
    let mut maker = Maker { random: Random::new(seed), ctes: Vec::new(), aliases: 0 };
    (0..count)
        .map(|number| {
            let (text, ordered) = maker.statement();
            let place = format!("seed {seed}, statement {number}");
            Step {
                place,
                text,
                ordered,
                any_warnings: true,
                any_columns_of_nothing: true,
                may_refuse: true,
                ..Step::default()
            }
        })
        .collect()
}

struct Maker {
    random: Random,
    /// Common table expressions of the statement; their texts are their names.
    ctes: Vec<Source>,
    aliases: usize,
}

impl Maker {
    /// A statement, and whether its rows have an order.
    fn statement(&mut self) -> (String, bool) {
        (self.ctes, self.aliases) = (Vec::new(), 0);
        let mut with = Vec::new();
        while self.random.chance(if with.is_empty() { 18 } else { 35 }) && with.len() < 3 {
            let name = format!("c{}", with.len() + 1);
            let (text, unique, columns) = self.named();
            with.push(format!("{name} AS ({text})"));
            self.ctes.push(Source { text: name, alias: String::new(), unique, columns });
        }
        let mut recursive = "";
        if self.random.chance(4) {
            recursive = "RECURSIVE ";
            let (from, step) = (self.random.range(-2, 3), self.random.range(1, 4));
            let end = self.random.range(4, 20);
            with.push(format!(
                "r AS (SELECT {from} AS n UNION ALL SELECT n + {step} FROM r WHERE n < {end})"
            ));
            let (name, columns) = ("n".to_owned(), vec![("n".to_owned(), Int)]);
            self.ctes.push(Source {
                text: "r".to_owned(),
                alias: String::new(),
                unique: vec![name],
                columns,
            });
        }
        let (text, ordered) = match self.random.below(20) {
            0..6 => self.rows(),
            6..11 => self.groups(),
            11 => (self.totals(), false),
            12..14 => self.distinct(),
            14..17 => self.windows(),
            _ => self.set(),
        };
        if with.is_empty() {
            (text, ordered)
        } else {
            (format!("WITH {recursive}{} {text}", with.join(", ")), ordered)
        }
    }

    /// FROM and WHERE over one to three sources.
    fn from(&mut self) -> (String, Vec<Source>) {
        let mut sources = vec![self.source()];
        let mut text = sources[0].text.clone();
        let more = [0, 0, 0, 1, 1, 1, 2][self.random.below(7)];
        for _ in 0..more {
            let source = self.source();
            let kind =
                self.random.pick(&["JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "STRAIGHT_JOIN"]);
            sources.push(source.clone());
            let mut on = self.link(&sources);
            if self.random.chance(25) {
                // MySQL 9.7 forgets an EXISTS or IN in the ON of an outer join that names the table whose rows all stay.
                let subqueries = !matches!(kind, "LEFT JOIN" | "RIGHT JOIN");
                on = format!("{on} AND {}", self.condition(&sources, 1, subqueries));
            }
            text = format!("{text} {kind} {} ON {on}", source.text);
        }
        if self.random.chance(65) {
            text = format!("{text} WHERE {}", self.condition(&sources, 2, true));
        }
        (text, sources)
    }

    /// A comparison of the last source with one before it.
    fn link(&mut self, sources: &[Source]) -> String {
        let (last, before) = sources.split_last().unwrap();
        for _ in 0..20 {
            let other = &before[self.random.below(before.len())];
            let (name, kind) = self.column_of(last);
            let (name2, kind2) = self.column_of(other);
            let keys = last.unique.contains(&name.split('.').nth(1).unwrap_or_default().to_owned());
            if kind == kind2 && kind != Folded && (keys || kind != Int || self.random.chance(30)) {
                return format!("{name} = {name2}");
            }
        }
        format!("{}.{} = {}.{}", last.alias, last.columns[0].0, before[0].alias, before[0].columns[0].0)
    }

    fn source(&mut self) -> Source {
        self.aliases += 1;
        let alias = format!("t{}", self.aliases);
        let choice = self.random.below(100);
        if !self.ctes.is_empty() && choice < 55 {
            let cte = self.ctes[self.random.below(self.ctes.len())].clone();
            return Source { text: format!("{} AS {alias}", cte.text), alias, ..cte };
        }
        if choice > 85 {
            let (text, unique, columns) = self.named();
            return Source { text: format!("({text}) AS {alias}"), alias, unique, columns };
        }
        self.table(alias)
    }

    fn table(&mut self, alias: String) -> Source {
        let (name, unique, columns) = TABLES[self.random.below(TABLES.len())];
        Source {
            text: format!("{name} AS {alias}"),
            alias,
            unique: unique.iter().map(|&name| name.to_owned()).collect(),
            columns: columns.iter().map(|&(name, kind)| (name.to_owned(), kind)).collect(),
        }
    }

    /// A query with columns that have names and identify its rows.
    fn named(&mut self) -> Named {
        self.aliases += 1;
        let source = self.table(format!("n{}", self.aliases));
        let alias = source.alias.clone();
        let filter = if self.random.chance(60) {
            format!(" WHERE {}", self.condition(std::slice::from_ref(&source), 1, true))
        } else {
            String::new()
        };
        if self.random.chance(45) {
            let (key, kind) = self.column(std::slice::from_ref(&source), &[Int, Decimal, Day, Exact, Choice]);
            let sum = self.aggregate(std::slice::from_ref(&source));
            let text = format!(
                "SELECT {key} AS g, COUNT(*) AS c, {sum} AS s FROM {}{filter} GROUP BY {key}",
                source.text
            );
            let columns = vec![("g".to_owned(), kind), ("c".to_owned(), Int)];
            return (text, vec!["g".to_owned()], columns);
        }
        let mut list = source.unique.clone();
        let mut columns: Vec<(String, Kind)> = list.iter().map(|name| (name.clone(), Int)).collect();
        for _ in 0..=self.random.below(4) {
            let (name, kind) = source.columns[self.random.below(source.columns.len())].clone();
            if !list.contains(&name) {
                list.push(name.clone());
                columns.push((name, kind));
            }
        }
        let names: Vec<_> = list.iter().map(|name| format!("{alias}.{name}")).collect();
        let mut text = format!("SELECT {} FROM {}{filter}", names.join(", "), source.text);
        if self.random.chance(25) {
            let keys: Vec<_> = source.unique.iter().map(|name| format!("{alias}.{name}")).collect();
            let down = self.random.pick(&["", " DESC"]);
            text = format!(
                "{text} ORDER BY {}{down} LIMIT {}",
                keys.join(&format!("{down}, ")),
                self.random.below(20)
            );
        }
        (text, source.unique, columns)
    }

    fn column_of(&mut self, source: &Source) -> (String, Kind) {
        let (name, kind) = &source.columns[self.random.below(source.columns.len())];
        (format!("{}.{name}", source.alias), *kind)
    }

    /// A column of one of these kinds, as far as chance finds one: otherwise the first, a number.
    fn column(&mut self, sources: &[Source], kinds: &[Kind]) -> (String, Kind) {
        for _ in 0..20 {
            let source = &sources[self.random.below(sources.len())];
            let (name, kind) = self.column_of(source);
            if kinds.contains(&kind) {
                return (name, kind);
            }
        }
        (format!("{}.{}", sources[0].alias, sources[0].columns[0].0), sources[0].columns[0].1)
    }

    /// An expression whose equal values look alike.
    fn exact(&mut self, sources: &[Source]) -> String {
        let (column, kind) =
            self.column(sources, &[Int, Wide, Huge, Decimal, Real, Day, Moment, Span, Exact, Bytes, Choice]);
        match (kind, self.random.below(8)) {
            (Int, 0) => format!("{column} % 3"),
            (Int, 1) => format!("{column} + 1"),
            (Int, 2) => format!("IFNULL({column}, 0)"),
            (Decimal, 0) => format!("ROUND({column})"),
            (Decimal, 1) => format!("{column} * 2"),
            (Day | Moment, 0) => format!("YEAR({column})"),
            (Day | Moment, 1) => format!("MONTH({column})"),
            (Exact, 0) => format!("CHAR_LENGTH({column})"),
            (Exact, 1) => format!("CONCAT({column}, '!')"),
            (Bytes, 0) => format!("HEX({column})"),
            (_, 3) => format!("{column} IS NULL"),
            (Int | Decimal, 4) => format!("CASE WHEN {column} > 5 THEN 'more' ELSE 'less' END"),
            _ => column,
        }
    }

    fn aggregate(&mut self, sources: &[Source]) -> String {
        let (number, _) = self.column(sources, &[Int, Wide, Decimal, Real]);
        let small = self.column(sources, &[Int]).0;
        let exact = self.exact(sources);
        match self.random.below(14) {
            0 => "COUNT(*)".to_owned(),
            1 => format!("COUNT({})", self.column(sources, &[Folded, Exact, Bytes, Choice, Day]).0),
            2 => format!("COUNT(DISTINCT {exact})"),
            3 | 4 => format!("SUM({number})"),
            5 => format!("AVG({number})"),
            6 => format!("SUM(DISTINCT {number})"),
            7 => format!("MIN({exact})"),
            8 => format!("MAX({exact})"),
            9 => format!("BIT_XOR({small})"),
            10 => format!("SUM({small}) - COUNT(*)"),
            11 => format!("GROUP_CONCAT(DISTINCT {small} ORDER BY {small})"),
            12 => format!("ROUND(STDDEV_POP({small}), 3)"),
            _ => format!("COUNT(DISTINCT {small}, {exact})"),
        }
    }

    fn rows(&mut self) -> (String, bool) {
        let (from, sources) = self.from();
        let mut items: Vec<String> = Vec::new();
        for _ in 0..=self.random.below(4) {
            let item = match self.random.below(10) {
                0 => self.scalar(&sources),
                1 | 2 => self.exact(&sources),
                _ => {
                    let source = &sources[self.random.below(sources.len())];
                    self.column_of(source).0
                }
            };
            items.push(item);
        }
        let list: Vec<String> = items.iter().enumerate().map(|(n, item)| format!("{item} AS x{n}")).collect();
        let text = format!("SELECT {} FROM {from}", list.join(", "));
        if self.random.chance(30) {
            return (text, false);
        }
        let mut keys = Vec::new();
        if self.random.chance(50) {
            let source = &sources[self.random.below(sources.len())];
            keys.push(self.column_of(source).0);
        }
        keys.extend(identity(&sources));
        let order = self.order(&keys);
        (format!("{text} ORDER BY {order}{}", self.limit(&sources)), true)
    }

    fn groups(&mut self) -> (String, bool) {
        let (from, sources) = self.from();
        let keys: Vec<String> = (0..=self.random.below(2)).map(|_| self.exact(&sources)).collect();
        let sums: Vec<String> = (0..=self.random.below(3)).map(|_| self.aggregate(&sources)).collect();
        let named = keys.iter().enumerate().map(|(n, key)| format!("{key} AS g{n}"));
        let list: Vec<String> =
            named.chain(sums.iter().enumerate().map(|(n, sum)| format!("{sum} AS s{n}"))).collect();
        let mut text = format!("SELECT {} FROM {from} GROUP BY {}", list.join(", "), keys.join(", "));
        let rollup = self.random.chance(8);
        if rollup {
            text += " WITH ROLLUP";
        }
        // Over no rows at all MySQL 9.7 shows what it groups by as NULL or as a value, by how it goes about it.
        let some = if rollup { "COUNT(*) > 0" } else { "" };
        if self.random.chance(30) {
            let having = match self.random.below(4) {
                0 => format!("COUNT(*) > {}", self.random.below(4)),
                1 => "s0 IS NOT NULL".to_owned(),
                2 => format!("MAX({}) > {}", self.column(&sources, &[Int]).0, self.random.below(20)),
                // What is not grouped by has many values in a group.
                _ => format!("COUNT(*) <= {}", self.subquery_of(Int, &[])),
            };
            let and = if rollup { " AND " } else { "" };
            text = format!("{text} HAVING {some}{and}{having}");
        } else if rollup {
            text = format!("{text} HAVING {some}");
        }
        if rollup || self.random.chance(35) {
            return (text, false);
        }
        let mut order: Vec<String> = (0..keys.len()).map(|n| format!("g{n}")).collect();
        if self.random.chance(30) {
            order.insert(0, "COUNT(*)".to_owned());
        }
        // MariaDB takes NULL for the DECIMAL before it, where it groups by an expression and goes down.
        let order =
            if keys.iter().any(|key| key.contains('*')) { order.join(", ") } else { self.order(&order) };
        (format!("{text} ORDER BY {order}{}", self.limit(&sources)), true)
    }

    fn totals(&mut self) -> String {
        let (from, sources) = self.from();
        let sums: Vec<String> = (0..=self.random.below(4)).map(|_| self.aggregate(&sources)).collect();
        format!("SELECT {} FROM {from}", sums.join(", "))
    }

    fn distinct(&mut self) -> (String, bool) {
        let (from, sources) = self.from();
        let list: Vec<String> =
            (0..=self.random.below(2)).map(|n| format!("{} AS x{n}", self.exact(&sources))).collect();
        let text = format!("SELECT DISTINCT {} FROM {from}", list.join(", "));
        if self.random.chance(40) {
            return (text, false);
        }
        let keys: Vec<String> = (0..list.len()).map(|n| format!("x{n}")).collect();
        let order = self.order(&keys);
        // MariaDB forgets OFFSET where DISTINCT shows nothing but what is the same in every row.
        let limit = self.limit(&sources);
        let limit = limit.split(" OFFSET").next().unwrap_or_default();
        (format!("{text} ORDER BY {order}{limit}"), true)
    }

    fn windows(&mut self) -> (String, bool) {
        let (from, sources) = self.from();
        let key = identity(&sources);
        let mut list = key.iter().enumerate().map(|(n, key)| format!("{key} AS x{n}")).collect::<Vec<_>>();
        for n in 0..=self.random.below(2) {
            let number = self.column(&sources, &[Int, Decimal]).0;
            let exact = self.exact(&sources);
            let function = match self.random.below(9) {
                0 => "ROW_NUMBER()".to_owned(),
                1 => "RANK()".to_owned(),
                2 => "DENSE_RANK()".to_owned(),
                3 => format!("LAG({exact})"),
                4 => format!("LEAD({exact}, 2)"),
                5 => format!("FIRST_VALUE({exact})"),
                6 => format!("SUM({number})"),
                7 => "COUNT(*)".to_owned(),
                _ => "NTILE(3)".to_owned(),
            };
            let part = if self.random.chance(60) {
                format!("PARTITION BY {} ", self.exact(&sources))
            } else {
                String::new()
            };
            let mut by = key.clone();
            if self.random.chance(40) {
                by.insert(0, self.exact(&sources));
            }
            list.push(format!("{function} OVER ({part}ORDER BY {}) AS w{n}", self.order(&by)));
        }
        let text = format!("SELECT {} FROM {from}", list.join(", "));
        if self.random.chance(40) {
            return (text, false);
        }
        let order = self.order(&key);
        (format!("{text} ORDER BY {order}{}", self.limit(&sources)), true)
    }

    fn set(&mut self) -> (String, bool) {
        let kinds: Vec<Kind> = (0..=self.random.below(2))
            .map(|_| [Int, Int, Decimal, Exact, Day][self.random.below(5)])
            .collect();
        let mut text = String::new();
        for arm in 0..2 + self.random.below(2) {
            if arm > 0 {
                text +=
                    self.random.pick(&[" UNION ", " UNION ALL ", " UNION ALL ", " INTERSECT ", " EXCEPT "]);
            }
            let (from, sources) = self.from();
            let list: Vec<String> = kinds
                .iter()
                .enumerate()
                .map(|(n, &kind)| {
                    let (column, found) = self.column(&sources, &[kind]);
                    let value = if found == kind { column } else { "NULL".to_owned() };
                    format!("{value} AS x{n}")
                })
                .collect();
            text += &format!("SELECT {} FROM {from}", list.join(", "));
        }
        if self.random.chance(40) {
            return (text, false);
        }
        let keys: Vec<String> = (0..kinds.len()).map(|n| format!("x{n}")).collect();
        let order = self.order(&keys);
        (format!("{text} ORDER BY {order}{}", self.limit(&[])), true)
    }

    fn order(&mut self, keys: &[String]) -> String {
        let keys = keys.iter().map(|key| format!("{key}{}", self.random.pick(&["", "", " DESC"])));
        keys.collect::<Vec<_>>().join(", ")
    }

    fn limit(&mut self, sources: &[Source]) -> String {
        // MySQL 9.7 takes the rows of a common table expression for ordered by the columns that another reader of it is
        // joined by, and sorts them no more where there is a LIMIT.
        let name = |source: &Source| source.text.split(" AS ").next().unwrap_or_default().to_owned();
        let again = |source: &Source| sources.iter().filter(|other| name(other) == name(source)).count() > 1;
        if sources.iter().any(|source| self.ctes.iter().any(|cte| cte.text == name(source)) && again(source))
        {
            return String::new();
        }
        match self.random.below(4) {
            0 => format!(" LIMIT {}", self.random.below(12)),
            1 => format!(" LIMIT {} OFFSET {}", self.random.below(12), self.random.below(8)),
            _ => String::new(),
        }
    }

    fn condition(&mut self, sources: &[Source], depth: usize, subqueries: bool) -> String {
        if depth > 0 && self.random.chance(35) {
            let left = self.condition(sources, depth - 1, subqueries);
            let right = self.condition(sources, depth - 1, subqueries);
            return match self.random.below(4) {
                0 => format!("({left} OR {right})"),
                1 => format!("NOT ({left} AND {right})"),
                _ => format!("{left} AND {right}"),
            };
        }
        let source = &sources[self.random.below(sources.len())];
        let (column, kind) = self.column_of(source);
        let compare = self.random.pick(&["=", "=", "<", "<=", ">", ">=", "<>", "<=>"]);
        let value = literal(&mut self.random, kind);
        match self.random.below(if subqueries { 14 } else { 8 }) {
            0..5 => format!("{column} {compare} {value}"),
            5 => format!("{column} IS {}NULL", self.random.pick(&["", "NOT "])),
            6 => format!(
                "{column} {}IN ({value}, {})",
                self.random.pick(&["", "NOT "]),
                literal(&mut self.random, kind)
            ),
            7 => format!("{column} BETWEEN {value} AND {}", literal(&mut self.random, kind)),
            8 if kind != Folded => format!("{column} {compare} {}", self.subquery_of(kind, sources)),
            9 | 10 if kind != Folded => {
                let not = self.random.pick(&["", "", "NOT "]);
                format!("{column} {not}IN {}", self.list_of(kind, sources))
            }
            11 if kind != Folded => {
                let compare = self.random.pick(&["= ANY", "> ALL", "<= ANY", "<> ALL"]);
                format!("{column} {compare} {}", self.list_of(kind, sources))
            }
            12 | 13 => format!("{}EXISTS {}", self.random.pick(&["", "NOT "]), self.correlated(sources)),
            _ => format!("{column} {compare} {value}"),
        }
    }

    /// A scalar subquery of a kind.
    fn subquery_of(&mut self, kind: Kind, sources: &[Source]) -> String {
        self.aliases += 1;
        let inner = self.table(format!("q{}", self.aliases));
        let (column, found) = self.column(std::slice::from_ref(&inner), &[kind]);
        let value = if found == kind {
            format!("{}({column})", self.random.pick(&["MIN", "MAX"]))
        } else {
            "MAX(NULL)".to_owned()
        };
        let filter = self.inner_filter(&inner, sources);
        format!("(SELECT {value} FROM {}{filter})", inner.text)
    }

    /// A subquery of one column of a kind.
    fn list_of(&mut self, kind: Kind, sources: &[Source]) -> String {
        self.aliases += 1;
        let inner = self.table(format!("q{}", self.aliases));
        let (column, found) = self.column(std::slice::from_ref(&inner), &[kind]);
        let value = if found == kind { column } else { "NULL".to_owned() };
        let filter = self.inner_filter(&inner, sources);
        format!("(SELECT {value} FROM {}{filter})", inner.text)
    }

    fn correlated(&mut self, sources: &[Source]) -> String {
        self.aliases += 1;
        let inner = self.table(format!("q{}", self.aliases));
        let mut all = vec![sources[self.random.below(sources.len())].clone()];
        all.push(inner.clone());
        let link = self.link(&all);
        let more = if self.random.chance(40) {
            format!(" AND {}", self.condition(std::slice::from_ref(&inner), 0, true))
        } else {
            String::new()
        };
        format!("(SELECT 1 FROM {} WHERE {link}{more})", inner.text)
    }

    fn scalar(&mut self, sources: &[Source]) -> String {
        self.aliases += 1;
        let inner = self.table(format!("q{}", self.aliases));
        let sum = self.aggregate(std::slice::from_ref(&inner));
        let filter = self.inner_filter(&inner, sources);
        format!("(SELECT {sum} FROM {}{filter})", inner.text)
    }

    fn inner_filter(&mut self, inner: &Source, sources: &[Source]) -> String {
        match self.random.below(4) {
            0 => String::new(),
            1 if !sources.is_empty() => {
                let outer = sources[self.random.below(sources.len())].clone();
                format!(" WHERE {}", self.link(&[outer, inner.clone()]))
            }
            _ => format!(" WHERE {}", self.condition(std::slice::from_ref(inner), 0, true)),
        }
    }
}

/// What identifies a row of a join.
fn identity(sources: &[Source]) -> Vec<String> {
    let of = |source: &Source| {
        let alias = source.alias.clone();
        source.unique.clone().into_iter().map(move |name| format!("{alias}.{name}"))
    };
    sources.iter().flat_map(of).collect()
}
