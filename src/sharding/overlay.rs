//! Two rules laid over each other: the pieces of the key space that lie in one part of each. Moving data from one
//! rule to another moves pieces.

use super::function::{Function, Interval, literal};
use super::key::{Key, KeyType};
use super::parts::runs_text;
use super::rule::Rule;

/// So many pieces are told apart.
const MOST: u64 = 1 << 20;

/// The pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// For each piece its part under the first rule and under the second; `None`: it has no place there.
    pub parts: Vec<(Option<u32>, Option<u32>)>,
    names: Names,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Names {
    /// Numbered pieces: `slots 0-127`.
    Numbers(String),
    /// Pieces with a name each.
    Labels(Vec<String>),
}

impl Overlay {
    /// Pieces for a person: `slots 0-127,300`.
    pub fn describe(&self, pieces: &[u32]) -> String {
        match &self.names {
            Names::Numbers(unit) => {
                let mut runs: Vec<(u32, u32)> = Vec::new();
                for &piece in pieces {
                    match runs.last_mut() {
                        Some((_, last)) if *last + 1 == piece => *last = piece,
                        _ => runs.push((piece, piece)),
                    }
                }
                format!("{unit} {}", runs_text(&runs))
            }
            Names::Labels(labels) => {
                let names = pieces.iter().filter_map(|piece| labels.get(*piece as usize).map(String::as_str));
                names.collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// Lays two rules over each other; `None` where only the rows themselves can tell (another hash, another kind of
/// rule, another key type).
pub fn overlay(now: &Rule, then: &Rule) -> Option<Overlay> {
    if now.key() != then.key() {
        return None;
    }
    if now.function() == then.function() {
        return Some(whole(now, true, true));
    }
    match (now.function(), then.function()) {
        (Function::Modulo { divisor: a }, Function::Modulo { divisor: b }) => modulo(*a, *b),
        (Function::Range { bounds: a }, Function::Range { bounds: b }) => Some(ranges(now, then, a, b)),
        (Function::List { keys: a, .. }, Function::List { keys: b, .. }) => Some(lists(now, then, a, b)),
        (Function::Interval(a), Function::Interval(b)) => intervals(a, b),
        _ => None,
    }
}

/// One rule's parts, as pieces of its own and of a place without parts.
pub fn whole(rule: &Rule, now: bool, then: bool) -> Overlay {
    let unit = match rule.function() {
        Function::Hash { .. } => "slots".into(),
        Function::Modulo { divisor } => format!("remainders of {divisor}:"),
        Function::Range { .. } => "ranges".into(),
        Function::List { .. } => "lists".into(),
        Function::Interval(_) => "intervals".into(),
    };
    let part = |part: u32, parted: bool| Some(if parted { part } else { 0 });
    let parts = (0..rule.parts().len()).map(|p| (part(p, now), part(p, then))).collect();
    Overlay { parts, names: Names::Numbers(unit) }
}

fn modulo(a: u32, b: u32) -> Option<Overlay> {
    let (mut x, mut y) = (u64::from(a), u64::from(b));
    while y != 0 {
        (x, y) = (y, x % y);
    }
    let all = u64::from(a) / x * u64::from(b);
    let parts = |n: u64| (Some((n % u64::from(a)) as u32), Some((n % u64::from(b)) as u32));
    (all <= MOST).then(|| Overlay {
        parts: (0..all).map(parts).collect(),
        names: Names::Numbers(format!("remainders of {all}:")),
    })
}

fn ranges(now: &Rule, then: &Rule, a: &[Key<'static>], b: &[Key<'static>]) -> Overlay {
    let mut bounds: Vec<&Key<'static>> = a.iter().chain(b).collect();
    bounds.sort();
    bounds.dedup();
    let text = |key: &Key<'_>| literal(now.key(), key);
    let part = |rule: &Rule, key: Option<&&Key<'static>>| match key {
        Some(key) => rule.function().part(rule.key(), key),
        None => Some(0),
    };
    let mut parts = Vec::new();
    let mut labels = Vec::new();
    for end in 0..=bounds.len() {
        let low = end.checked_sub(1).and_then(|start| bounds.get(start));
        parts.push((part(now, low), part(then, low)));
        labels.push(match (low, bounds.get(end)) {
            (Some(low), Some(high)) => format!("{} … < {}", text(low), text(high)),
            (Some(low), None) => format!("≥ {}", text(low)),
            (None, Some(high)) => format!("< {}", text(high)),
            (None, None) => "all keys".into(),
        });
    }
    Overlay { parts, names: Names::Labels(labels) }
}

fn lists(now: &Rule, then: &Rule, a: &[(Key<'static>, u32)], b: &[(Key<'static>, u32)]) -> Overlay {
    let mut keys: Vec<&Key<'static>> = a.iter().chain(b).map(|(key, _)| key).collect();
    keys.sort();
    keys.dedup();
    let part = |rule: &Rule, key: &Key<'_>| rule.function().part(rule.key(), key);
    let mut parts: Vec<_> = keys.iter().map(|key| (part(now, key), part(then, key))).collect();
    let mut labels: Vec<_> = keys.iter().map(|key| label(now.key(), key)).collect();
    let default = |rule: &Rule| match rule.function() {
        Function::List { default, .. } => *default,
        _ => None,
    };
    if default(now).is_some() || default(then).is_some() {
        parts.push((default(now), default(then)));
        labels.push("other keys".into());
    }
    Overlay { parts, names: Names::Labels(labels) }
}

/// A key for a person.
fn label(key_type: KeyType, key: &Key<'_>) -> String {
    match (key, key_type) {
        (Key::Bytes(bytes), KeyType::String(_)) => format!("'{}'", String::from_utf8_lossy(bytes)),
        _ => literal(key_type, key),
    }
}

/// Intervals of the same unit that do not begin again.
fn intervals(a: &Interval, b: &Interval) -> Option<Overlay> {
    if a.unit != b.unit || a.wrap || b.wrap {
        return None;
    }
    let edges = |i: &Interval| -> Vec<i64> {
        let start = i.unit.count(&i.start);
        (0..=i64::from(i.parts)).map(|n| start + n * i64::from(i.every)).collect()
    };
    let mut all: Vec<i64> = edges(a).into_iter().chain(edges(b)).collect();
    all.sort_unstable();
    all.dedup();
    let part =
        |i: &Interval, count: i64| i.part((count - i.unit.count(&i.start)).div_euclid(i64::from(i.every)));
    let pieces = all.windows(2).map(|edge| (edge[0], edge[1]));
    let text = |count| a.unit.moment(count).map_or("…".into(), |m| m.date_text());
    Some(Overlay {
        parts: pieces.clone().map(|(start, _)| (part(a, start), part(b, start))).collect(),
        names: Names::Labels(
            pieces.map(|(start, end)| format!("{} … < {}", text(start), text(end))).collect(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::moment::Moment;
    use super::super::{Parts, Unit};
    use super::*;

    fn rule(key: KeyType, function: Function) -> Rule {
        let parts = Parts::even(function.parts(), 1);
        Rule::new(key, function, parts, None).unwrap()
    }

    #[test]
    fn remainders() {
        let both = overlay(&Rule::modulo(4, 4), &Rule::modulo(6, 6)).unwrap();
        assert_eq!(both.parts.len(), 12);
        assert_eq!(both.parts[7], (Some(3), Some(1)));
        assert_eq!(both.describe(&[1, 2, 5]), "remainders of 12: 1-2,5");
    }

    #[test]
    fn ranges_are_cut_at_both_bounds() {
        let range = |bounds: &[i128]| {
            let bounds = bounds.iter().map(|n| Key::Int(*n)).collect();
            rule(KeyType::Integer, Function::Range { bounds })
        };
        let both = overlay(&range(&[10]), &range(&[5, 10, 20])).unwrap();
        assert_eq!(
            both.parts,
            [(Some(0), Some(0)), (Some(0), Some(1)), (Some(1), Some(2)), (Some(1), Some(3))]
        );
        assert_eq!(both.describe(&[0, 1, 3]), "< 5, 5 … < 10, ≥ 20");
    }

    #[test]
    fn months_are_cut_at_both_ends() {
        let months = |start: &str, every, parts| {
            let start = Moment::parse(start.as_bytes()).unwrap();
            let interval = Interval { unit: Unit::Month, every, start, parts, wrap: false };
            rule(KeyType::Date, Function::Interval(interval))
        };
        let both = overlay(&months("2024-01-01", 1, 2), &months("2024-01-01", 2, 2)).unwrap();
        assert_eq!(both.parts, [(Some(0), Some(0)), (Some(1), Some(0)), (None, Some(1))]);
        assert_eq!(both.describe(&[1]), "2024-02-01 … < 2024-03-01");
    }

    #[test]
    fn another_hash_tells_nothing() {
        let hash = |slots| Rule::hash(KeyType::Integer, slots, 1);
        assert_eq!(overlay(&hash(8), &hash(16)), None);
        assert_eq!(overlay(&hash(8), &hash(8)).unwrap().describe(&[0, 1, 3]), "slots 0-1,3");
    }
}
