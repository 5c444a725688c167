//! The whole merge against naive models.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::plan::merge_spec::{Col, Fold as F, Key};
use crate::wire::column::kind;
use crate::wire::row::{Row, encode_cells};

const BUDGET: Budget = Budget { max_rows: 1_000_000, max_bytes: 1 << 30 };

type Cells = Vec<Option<Vec<u8>>>;

#[expect(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "a cell as the rows hold it")]
fn text(value: impl ToString) -> Option<Vec<u8>> {
    Some(value.to_string().into_bytes())
}

fn encode(columns: &[ColumnDef], format: Format, cells: &Cells) -> Bytes {
    let mut out = Vec::new();
    encode_cells(format, columns, cells.iter().map(Option::as_deref), &mut out).unwrap();
    out.into()
}

fn decode(columns: &[ColumnDef], format: Format, row: Bytes) -> Cells {
    let row = Row::parse(row, format, columns).unwrap();
    (0..row.len()).map(|i| row.cell(i).map(<[u8]>::to_vec)).collect()
}

fn key(value: Col, descending: bool) -> Key {
    Key { value, weight: None, descending }
}

/// Feeds the streams as the merger wants them, `ahead` rows more than wanted, and collects what comes out.
fn drive(
    merger: &mut Merger,
    streams: &[Vec<Cells>],
    columns: &[ColumnDef],
    format: Format,
    ahead: usize,
) -> Result<Vec<Cells>> {
    let mut left: Vec<VecDeque<&Cells>> = streams.iter().map(|rows| rows.iter().collect()).collect();
    let mut ended = vec![false; streams.len()];
    let mut out = Vec::new();
    loop {
        while let Some(row) = merger.pop()? {
            out.push(decode(merger.visible(), format, row));
        }
        if merger.done() {
            assert_eq!(merger.wants().count(), 0);
            return Ok(out);
        }
        let wanted: Vec<usize> = merger.wants().collect();
        assert!(!wanted.is_empty(), "neither done nor wanting");
        for stream in wanted {
            for _ in 0..=ahead {
                match left[stream].pop_front() {
                    Some(cells) => merger.push(stream, encode(columns, format, cells))?,
                    None if !ended[stream] => {
                        ended[stream] = true;
                        merger.finish(stream);
                    }
                    None => {}
                }
            }
        }
    }
}

fn run(
    step: Step,
    hidden: usize,
    columns: &[ColumnDef],
    streams: &[Vec<Cells>],
    limit: Option<u64>,
    offset: u64,
) -> Result<Vec<Cells>> {
    let merge = Merge { hidden, step };
    let mut merger = Merger::new(&merge, columns, Format::Text, streams.len(), limit, offset, BUDGET)?;
    let out = drive(&mut merger, streams, columns, Format::Text, 0)?;
    if limit.is_none() {
        assert_eq!(merger.ledger.held(), (0, 0), "everything is booked out");
    }
    Ok(out)
}

fn int_columns() -> Vec<ColumnDef> {
    vec![ColumnDef::new("id", kind::LONG), ColumnDef::new("k", kind::LONG)]
}

/// `[id, k]`, `k` perhaps NULL.
fn int_streams() -> impl Strategy<Value = Vec<Vec<Cells>>> {
    let row = (any::<u8>(), proptest::option::of(-3i32..4));
    proptest::collection::vec(proptest::collection::vec(row, 0..12), 0..5).prop_map(|streams| {
        let cells = |(id, k): (u8, Option<i32>)| vec![text(id), k.and_then(text)];
        streams.into_iter().map(|rows| rows.into_iter().map(cells).collect()).collect()
    })
}

fn number(cell: Option<&Vec<u8>>) -> Option<i64> {
    cell.map(|cell| std::str::from_utf8(cell).unwrap().parse().unwrap())
}

fn window<T>(rows: Vec<T>, limit: Option<u64>, offset: u64) -> Vec<T> {
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    rows.into_iter().skip(offset as usize).take(limit).collect()
}

fn sort_rows(rows: &mut [Cells], descending: bool) {
    rows.sort_by(|a, b| {
        let order = number(a[1].as_ref()).cmp(&number(b[1].as_ref()));
        if descending { order.reverse() } else { order }
    });
}

proptest! {
    #[test]
    fn merged_streams_are_the_sorted_whole(
        mut streams in int_streams(),
        descending in any::<bool>(),
        limit in proptest::option::of(0u64..20),
        offset in 0u64..10,
        ahead in 0usize..4,
    ) {
        let columns = int_columns();
        for rows in &mut streams {
            sort_rows(rows, descending);
        }
        let mut whole: Vec<Cells> = streams.concat();
        sort_rows(&mut whole, descending);
        for cell in &mut whole {
            cell.pop();
        }
        let merge = Merge { hidden: 1, step: Step::Sorted { keys: vec![key(Col::Hidden(0), descending)] } };
        let mut merger = Merger::new(&merge, &columns, Format::Text, streams.len(), limit, offset, BUDGET).unwrap();
        let out = drive(&mut merger, &streams, &columns, Format::Text, ahead).unwrap();
        prop_assert_eq!(out, window(whole, limit, offset));
    }

    #[test]
    fn concat_gives_every_row_once(streams in int_streams(), limit in proptest::option::of(0u64..20), offset in 0u64..10) {
        let out = run(Step::Concat, 0, &int_columns(), &streams, limit, offset).unwrap();
        let whole: Vec<Cells> = streams.concat();
        let reach = window(whole.clone(), limit, offset).len();
        prop_assert_eq!(out.len(), reach);
        if limit.is_none() && offset == 0 {
            let (mut out, mut whole) = (out, whole);
            out.sort();
            whole.sort();
            prop_assert_eq!(out, whole);
        }
    }

    #[test]
    fn distinct_keeps_one_of_each(mut streams in int_streams()) {
        for rows in &mut streams {
            sort_rows(rows, false);
        }
        let step = Step::Distinct { keys: vec![key(Col::Visible(1), false)] };
        let out = run(step, 0, &int_columns(), &streams, None, 0).unwrap();
        let keys: Vec<Option<i64>> = out.iter().map(|row| number(row[1].as_ref())).collect();
        let mut expect: Vec<Option<i64>> = streams.concat().iter().map(|row| number(row[1].as_ref())).collect();
        expect.sort_unstable();
        expect.dedup();
        prop_assert_eq!(keys, expect);
    }

    /// Rows `(k, v)` lie on shards; each shard sends its partial aggregates by k.
    #[test]
    fn groups_are_those_of_a_naive_model(
        shards in proptest::collection::vec(
            proptest::collection::vec((proptest::option::of(0i64..5), proptest::option::of(-50i64..50)), 0..15), 1..5),
        limit in proptest::option::of(0u64..6),
        offset in 0u64..3,
        by_sum in any::<bool>(),
    ) {
        let columns = group_columns();
        let streams: Vec<Vec<Cells>> = shards.iter().map(|rows| partials(rows)).collect();
        let mut expect = partials(&shards.concat());
        if by_sum {
            expect.sort_by(|a, b| number(b[2].as_ref()).cmp(&number(a[2].as_ref())));
        }
        for row in &mut expect {
            row.truncate(6);
        }
        let step = Step::Group {
            keys: vec![key(Col::Visible(0), false)],
            within: Vec::new(),
            folds: vec![
                (Col::Visible(1), F::Count(Col::Visible(1))),
                (Col::Visible(2), F::Sum(Col::Visible(2))),
                (Col::Visible(3), F::Min { value: Col::Visible(3), weight: None }),
                (Col::Visible(4), F::Max { value: Col::Visible(4), weight: None }),
                (Col::Visible(5), F::Avg { value: Col::Visible(5), sum: Col::Hidden(0), count: Col::Hidden(1) }),
            ],
            order: if by_sum { vec![key(Col::Visible(2), true)] } else { Vec::new() },
            order_is_group_prefix: false,
        };
        let out = run(step, 2, &columns, &streams, limit, offset).unwrap();
        prop_assert_eq!(out, window(expect, limit, offset));
    }
}

fn group_columns() -> Vec<ColumnDef> {
    let mut avg = ColumnDef::new("avg", kind::NEWDECIMAL);
    avg.decimals = 4;
    vec![
        ColumnDef::new("k", kind::LONGLONG),
        ColumnDef::new("count", kind::LONGLONG),
        ColumnDef::new("sum", kind::NEWDECIMAL),
        ColumnDef::new("min", kind::LONGLONG),
        ColumnDef::new("max", kind::LONGLONG),
        avg,
        ColumnDef::new("hidden sum", kind::NEWDECIMAL),
        ColumnDef::new("hidden count", kind::LONGLONG),
    ]
}

fn partials(rows: &[(Option<i64>, Option<i64>)]) -> Vec<Cells> {
    let mut groups: BTreeMap<Option<i64>, Vec<i64>> = BTreeMap::new();
    for (k, v) in rows {
        groups.entry(*k).or_default().extend(v);
    }
    let cell = |value: Option<i64>| value.and_then(text);
    let line = |(k, values): (Option<i64>, Vec<i64>)| {
        let count = values.len() as i64;
        let sum = (count > 0).then(|| values.iter().sum::<i64>());
        // ten thousandths, half away from zero, in integers
        let avg = sum.map(|sum| {
            let scaled = (sum.abs() * 10_000 * 2 + count) / (2 * count);
            let sign = if sum < 0 && scaled != 0 { "-" } else { "" };
            format!("{sign}{}.{:04}", scaled / 10_000, scaled % 10_000).into_bytes()
        });
        let (min, max) = (values.iter().min().copied(), values.iter().max().copied());
        vec![cell(k), text(count), cell(sum), cell(min), cell(max), avg, cell(sum), text(count)]
    };
    groups.into_iter().map(line).collect()
}

#[test]
fn one_group_of_everything_in_binary() {
    let mut avg = ColumnDef::new("avg", kind::DOUBLE);
    avg.decimals = 31;
    let columns = vec![
        ColumnDef::new("count", kind::LONGLONG),
        ColumnDef::new("sum", kind::NEWDECIMAL),
        avg,
        ColumnDef::new("max", kind::TINY),
        ColumnDef::new("bits", kind::LONGLONG),
        ColumnDef::new("hidden sum", kind::DOUBLE),
    ];
    let line = |count: i64, sum: Option<&str>, double: Option<f64>, max: Option<i8>, bits: i64| -> Cells {
        vec![
            Some(count.to_le_bytes().to_vec()),
            sum.and_then(text),
            double.map(|double| double.to_le_bytes().to_vec()),
            max.map(|max| max.to_le_bytes().to_vec()),
            Some(bits.to_le_bytes().to_vec()),
            double.map(|double| double.to_le_bytes().to_vec()),
        ]
    };
    let streams = vec![
        vec![line(2, Some("99999999999999999999"), Some(1.5), Some(-3), 5)],
        vec![line(0, None, None, None, 0)],
        vec![line(1, Some("1"), Some(3.0), Some(-7), 8)],
    ];
    let step = Step::Group {
        keys: Vec::new(),
        within: Vec::new(),
        folds: vec![
            (Col::Visible(0), F::Count(Col::Visible(0))),
            (Col::Visible(1), F::Sum(Col::Visible(1))),
            (Col::Visible(2), F::Avg { value: Col::Visible(2), sum: Col::Hidden(0), count: Col::Visible(0) }),
            (Col::Visible(3), F::Max { value: Col::Visible(3), weight: None }),
            (Col::Visible(4), F::BitOr(Col::Visible(4))),
        ],
        order: Vec::new(),
        order_is_group_prefix: true,
    };
    let merge = Merge { hidden: 1, step };
    let mut merger = Merger::new(&merge, &columns, Format::Binary, 3, None, 0, BUDGET).unwrap();
    let out = drive(&mut merger, &streams, &columns, Format::Binary, 0).unwrap();
    let expect = line(3, Some("100000000000000000000"), Some(1.5), Some(-3), 13);
    assert_eq!(out, vec![expect[..5].to_vec()]);

    let empty = vec![vec![line(0, None, None, None, 0)]; 2];
    let mut merger = Merger::new(&merge, &columns, Format::Binary, 2, None, 0, BUDGET).unwrap();
    let out = drive(&mut merger, &empty, &columns, Format::Binary, 0).unwrap();
    assert_eq!(out, vec![line(0, None, None, None, 0)[..5].to_vec()]);
}

#[test]
fn text_groups_go_by_weight_and_min_takes_its_weight_along() {
    let mut weight = ColumnDef::new("w", kind::VAR_STRING);
    weight.charset = 63;
    let columns = vec![
        ColumnDef::new("city", kind::VAR_STRING),
        ColumnDef::new("min name", kind::VAR_STRING),
        weight.clone(),
        weight,
    ];
    // general_ci: two bytes a character, 0020 for a space
    let weigh = |word: &str| {
        let mut out: Vec<u8> = word.to_uppercase().bytes().flat_map(|byte| [0, byte]).collect();
        out.extend([0, 0x20, 2]);
        Some(out)
    };
    let line = |city: &str, name: &str| -> Cells { vec![text(city), text(name), weigh(city), weigh(name)] };
    let streams = vec![
        vec![line("bern", "zoe"), line("Rome", "carl")],
        vec![line("Bern ", "Bob"), line("oslo", "ada")],
    ];
    let step = |order| Step::Group {
        keys: vec![Key { value: Col::Visible(0), weight: Some(Col::Hidden(0)), descending: false }],
        within: Vec::new(),
        folds: vec![(Col::Visible(1), F::Min { value: Col::Visible(1), weight: Some(Col::Hidden(1)) })],
        order,
        order_is_group_prefix: false,
    };
    let words = |out: Vec<Cells>| -> Vec<String> {
        out.into_iter()
            .map(|row| {
                row.into_iter().flatten().map(|c| String::from_utf8(c).unwrap()).collect::<Vec<_>>().join(":")
            })
            .collect()
    };
    let plain = run(step(Vec::new()), 2, &columns, &streams, None, 0).unwrap();
    assert_eq!(words(plain), ["bern:Bob", "oslo:ada", "Rome:carl"]);
    let by_name = vec![Key { value: Col::Visible(1), weight: Some(Col::Hidden(1)), descending: true }];
    let ordered = run(step(by_name.clone()), 2, &columns, &streams, None, 0).unwrap();
    assert_eq!(words(ordered), ["Rome:carl", "bern:Bob", "oslo:ada"]);
    let first = run(step(by_name), 2, &columns, &streams, Some(1), 1).unwrap();
    assert_eq!(words(first), ["bern:Bob"]);
}

#[test]
fn what_counts_once_does_so_on_whichever_stream_it_comes() {
    let columns = vec![
        ColumnDef::new("k", kind::LONG),
        ColumnDef::new("different", kind::LONGLONG),
        ColumnDef::new("count", kind::LONGLONG),
        ColumnDef::new("hidden value", kind::LONG),
    ];
    // A group, a value in it, and how often it is there.
    let line = |k: i32, value: Option<i32>, count: i64| -> Cells {
        vec![text(k), text(i32::from(value.is_some())), text(count), value.and_then(text)]
    };
    let streams = vec![
        vec![line(1, None, 2), line(1, Some(5), 1), line(1, Some(7), 3), line(2, Some(7), 1)],
        Vec::new(),
        vec![line(1, Some(5), 4), line(1, Some(6), 1), line(2, Some(7), 1), line(3, None, 9)],
    ];
    let step = Step::Group {
        keys: vec![key(Col::Visible(0), false)],
        within: vec![key(Col::Hidden(0), false)],
        folds: vec![
            (Col::Visible(1), F::Once(Box::new(F::Count(Col::Visible(1))))),
            (Col::Visible(2), F::Count(Col::Visible(2))),
        ],
        order: Vec::new(),
        order_is_group_prefix: true,
    };
    let out = run(step, 1, &columns, &streams, None, 0).unwrap();
    let group = |k: i32, different: i32, count: i32| -> Cells { vec![text(k), text(different), text(count)] };
    assert_eq!(out, vec![group(1, 3, 11), group(2, 1, 2), group(3, 0, 9)]);
}

#[test]
fn a_hidden_aggregate_orders_the_groups() {
    let columns = vec![ColumnDef::new("k", kind::LONG), ColumnDef::new("hidden count", kind::LONGLONG)];
    let streams = vec![
        vec![vec![text(1), text(4)], vec![text(2), text(3)]],
        vec![vec![text(2), text(3)], vec![text(3), text(5)]],
    ];
    let step = Step::Group {
        keys: vec![key(Col::Visible(0), false)],
        within: Vec::new(),
        folds: vec![(Col::Hidden(0), F::Count(Col::Hidden(0)))],
        order: vec![key(Col::Hidden(0), true)],
        order_is_group_prefix: false,
    };
    let out = run(step, 1, &columns, &streams, None, 0).unwrap();
    assert_eq!(out, vec![vec![text(2)], vec![text(3)], vec![text(1)]]);
}

#[test]
fn a_stream_out_of_order_is_an_error() {
    let streams = vec![vec![vec![text(1), text(2)], vec![text(1), text(1)]]];
    for step in [
        Step::Sorted { keys: vec![key(Col::Visible(1), false)] },
        Step::Distinct { keys: vec![key(Col::Visible(1), false)] },
    ] {
        assert_eq!(run(step, 0, &int_columns(), &streams, None, 0).unwrap_err().errno, 1235);
    }
}

#[test]
fn the_budget_names_its_setting() {
    let columns = int_columns();
    let row = |id: i32| encode(&columns, Format::Text, &vec![text(id), text(1)]);
    let keys = vec![key(Col::Visible(0), false)];
    let order = vec![key(Col::Visible(1), false)];
    let step =
        Step::Group { keys, within: Vec::new(), folds: Vec::new(), order, order_is_group_prefix: false };
    let merge = Merge { hidden: 0, step };
    for (budget, name) in [
        (Budget { max_rows: 2, max_bytes: 100_000 }, "limits.merge_rows"),
        (Budget { max_rows: 100, max_bytes: 100 }, "limits.merge_bytes"),
    ] {
        let mut merger = Merger::new(&merge, &columns, Format::Text, 1, None, 0, budget).unwrap();
        let taken = (0..10).try_for_each(|id| {
            merger.push(0, row(id))?;
            merger.pop().map(|_| ())
        });
        let error = taken.unwrap_err();
        assert!(error.is(Code::Memory) && error.message.contains(name), "{error}");
    }
}

#[test]
fn rows_ahead_never_exceed_the_budget() {
    let columns = int_columns();
    let row = |id: i32| encode(&columns, Format::Text, &vec![text(id), text(1)]);
    let keys = vec![key(Col::Visible(0), false)];
    for step in [Step::Concat, Step::Sorted { keys }] {
        let budget = Budget { max_rows: 16, max_bytes: 1000 };
        let merge = Merge { hidden: 0, step };
        let mut merger = Merger::new(&merge, &columns, Format::Text, 1, None, 0, budget).unwrap();
        assert!(merger.has_room());
        for id in 0..20 {
            merger.push(0, row(id)).unwrap();
        }
        assert!(!merger.has_room());
        merger.finish(0);
        assert_eq!(std::iter::from_fn(|| merger.pop().unwrap()).count(), 20);
        assert!(merger.has_room() && merger.done());
        assert_eq!(merger.ledger.held(), (0, 0));
    }
}

#[test]
fn groups_in_memory_are_bounded_by_the_limit() {
    let columns = int_columns();
    let streams = vec![(0..1000).map(|i| vec![text(i % 7), text(i)]).collect::<Vec<Cells>>()];
    let step = Step::Group {
        keys: vec![key(Col::Visible(1), false)],
        within: Vec::new(),
        folds: Vec::new(),
        order: vec![key(Col::Visible(0), true), key(Col::Visible(1), false)],
        order_is_group_prefix: false,
    };
    let budget = Budget { max_rows: 8, max_bytes: 4000 };
    let merge = Merge { hidden: 0, step };
    let mut merger = Merger::new(&merge, &columns, Format::Text, 1, Some(3), 2, budget).unwrap();
    let out = drive(&mut merger, &streams, &columns, Format::Text, 0).unwrap();
    assert_eq!(out, [20, 27, 34].map(|i| vec![text(6), text(i)]));
    let mut merger = Merger::new(&merge, &columns, Format::Text, 1, None, 0, budget).unwrap();
    assert!(drive(&mut merger, &streams, &columns, Format::Text, 0).unwrap_err().is(Code::Memory));
}

#[test]
fn limit_zero_wants_nothing() {
    let merge = Merge { hidden: 0, step: Step::Concat };
    let mut merger = Merger::new(&merge, &int_columns(), Format::Text, 3, Some(0), 0, BUDGET).unwrap();
    assert!(merger.done());
    assert_eq!((merger.wants().count(), merger.pop().unwrap()), (0, None));
}

#[test]
fn rows_and_plans_that_do_not_fit_are_errors() {
    let columns = int_columns();
    let new = |merge: &Merge| Merger::new(merge, &columns, Format::Text, 1, None, 0, BUDGET);
    assert!(new(&Merge { hidden: 3, step: Step::Concat }).is_err());
    let far = Merge { hidden: 1, step: Step::Sorted { keys: vec![key(Col::Hidden(1), false)] } };
    assert!(new(&far).is_err());
    let mut merger =
        new(&Merge { hidden: 0, step: Step::Sorted { keys: vec![key(Col::Visible(0), false)] } }).unwrap();
    assert!(merger.push(0, Bytes::from_static(b"\x011")).is_err());
    assert!(merger.push(9, Bytes::from_static(b"\x011\x011")).is_err());
    let mut merger = new(&Merge { hidden: 0, step: Step::Concat }).unwrap();
    merger.finish(0);
    merger.finish(0);
    assert!(merger.push(0, Bytes::from_static(b"\x011\x011")).is_err());
    assert!(merger.check(1, &columns).is_ok());
    assert!(merger.check(1, &columns[..1]).is_err());
    assert!(merger.check(1, &[columns[0].clone(), ColumnDef::new("k", kind::DOUBLE)]).is_err());
}

#[test]
fn sums_that_were_rounded_are_refused() {
    let mut fixed = ColumnDef::new("sum", kind::DOUBLE);
    fixed.decimals = 3;
    let step = Step::Group {
        keys: Vec::new(),
        within: Vec::new(),
        folds: vec![(Col::Visible(0), F::Sum(Col::Visible(0)))],
        order: Vec::new(),
        order_is_group_prefix: true,
    };
    assert_eq!(run(step.clone(), 0, &[fixed.clone()], &[], None, 0).unwrap_err().errno, 1235);
    // the same with a hidden column of all digits
    let step = Step::Group {
        keys: Vec::new(),
        within: Vec::new(),
        folds: vec![(Col::Visible(0), F::Sum(Col::Hidden(0)))],
        order: Vec::new(),
        order_is_group_prefix: true,
    };
    let streams = vec![vec![vec![text("99999.898"), text(99_999.898_437_5)]]; 2];
    let out = run(step, 1, &[fixed, ColumnDef::new("h", kind::DOUBLE)], &streams, None, 0).unwrap();
    assert_eq!(out, vec![vec![text("199999.797")]]);
}

#[test]
fn streams_whose_types_differ_by_how_a_server_went_about_them_are_merged() {
    let of = |kind: u8, length: u32| ColumnDef { length, ..ColumnDef::new("c", kind) };
    let columns = [of(kind::LONG, 11), of(kind::VAR_STRING, 65_532), of(kind::VAR_STRING, 100)];
    let others = [of(kind::LONGLONG, 21), of(kind::BLOB, 262_128), of(kind::BLOB, 400)];
    let merge = Merge { hidden: 1, step: Step::Concat };
    let new = |merge: &Merge| Merger::new(merge, &columns, Format::Binary, 2, None, 0, BUDGET).unwrap();
    let mut merger = new(&merge);
    merger.check(1, &others).unwrap();
    let row = |columns: &[ColumnDef], number: &[u8]| {
        let mut out = Vec::new();
        let cells = [Some(number), Some(b"x".as_slice()), None];
        encode_cells(Format::Binary, columns, cells, &mut out).unwrap();
        Bytes::from(out)
    };
    merger.push(1, row(&others, &(-7_i64).to_le_bytes())).unwrap();
    merger.finish(0);
    merger.finish(1);
    let out = merger.pop().unwrap().unwrap();
    let out = Row::parse(out, Format::Binary, &columns[..2]).unwrap();
    assert_eq!(out.cell(0), Some((-7_i32).to_le_bytes().as_slice()));
    // What the client sees has one type.
    assert!(new(&Merge { hidden: 0, step: Step::Concat }).check(1, &others).is_err());
}

#[test]
fn what_is_an_enum_on_some_servers_only_is_refused() {
    let plain = ColumnDef::new("c", kind::STRING);
    let listed = ColumnDef { flags: crate::wire::column::flag::ENUM, ..plain.clone() };
    let merge = Merge { hidden: 0, step: Step::Concat };
    for (first, other) in [(&plain, &listed), (&listed, &plain)] {
        let columns = [first.clone()];
        let mut merger = Merger::new(&merge, &columns, Format::Text, 2, None, 0, BUDGET).unwrap();
        assert_eq!(merger.check(1, std::slice::from_ref(other)).unwrap_err().errno, 1235);
        merger.check(1, &columns).unwrap();
    }
}
