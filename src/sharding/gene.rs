//! Ids that carry the part of their row's sharding key (its hash slot or remainder), so that the id alone says where
//! the row is: id → part → node.
//!
//! The part stands in the id, never the node: it stays true when parts move to other nodes. It is worth something only
//! if no row is stored with an id that has another part than its key: [`Gene::check`] is for whoever stores rows.

use serde::Serialize;

use super::Place;
use super::function::Function;
use super::key::{Key, KeyType, Match, equal_integer, show};
use super::rule::Rule;
use crate::base::Value;
use crate::base::layout::{self, GenePlace, Layout};

/// How a part is read from an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gene {
    layout: Layout,
    cutover: u64,
}

impl Gene {
    /// The layout of ids that carry the parts of a rule. `Err` says why there is none: the parts of ranges, lists and
    /// dates are numbered anew when one is added, and ids keep what they were made with; or the layout has no room.
    pub fn layout(plain: Layout, rule: &Rule, place: GenePlace) -> Result<Layout, String> {
        if !matches!(rule.function(), Function::Hash { .. } | Function::Modulo { .. }) {
            return Err("ids can carry a slot of hash or a remainder of modulo, which a row keeps for ever; parts of \
                        range, list and date are numbered anew when one is added"
                .into());
        }
        let bits = u32::BITS - (rule.parts().len().max(2) - 1).leading_zeros();
        plain.with_gene(layout::Gene { bits, place })
    }

    /// How ids of a layout are read; ids below `cutover` were made before they carried parts. `None`: ids of this
    /// layout carry none.
    pub fn new(layout: Layout, cutover: u64) -> Option<Self> {
        layout.gene().map(|_| Self { layout, cutover })
    }

    /// Ids below it were made before they carried parts.
    pub fn cutover(&self) -> u64 {
        self.cutover
    }

    /// Whether both find the same part in any id that carries one for both.
    pub fn reads_like(&self, other: &Self) -> bool {
        let low = self.layout.gene().is_some_and(|gene| gene.place == GenePlace::Low);
        self.layout.gene() == other.layout.gene()
            && (low || self.layout.sequence_bits() == other.layout.sequence_bits())
    }

    /// The part that an id carries; `None` for one that carries none.
    pub fn part(&self, id: i128) -> Option<u32> {
        let id = u64::try_from(id).ok().filter(|id| (self.cutover..=i64::MAX as u64).contains(id))?;
        self.layout.decode(id).gene
    }

    /// Where rows with `id = value` are, compared as MySQL compares an integer column with `value`.
    pub fn find(&self, rule: &Rule, value: &Value) -> Place {
        match KeyType::Integer.compared(value) {
            Match::Exactly(Key::Int(id)) => {
                let node = self.part(id).and_then(|part| rule.parts().node(part));
                node.map_or(Place::Unknown, Place::One)
            }
            Match::Nothing => Place::Nowhere,
            _ => Place::Unknown,
        }
    }

    /// Like [`Gene::find`], where the column stands alone against the value, by `=` or `<=>`, and not in a list.
    pub fn find_equal(&self, rule: &Rule, value: &Value) -> Place {
        match equal_integer(value) {
            Some(number) => self.find(rule, &number),
            None => self.find(rule, value),
        }
    }

    /// Whether a row whose key is in `part` may be stored with `value` as its id; if not, why. An id from the cutover on
    /// must carry that part; one below it need not. What a server might store as another number is refused.
    pub fn check(&self, value: &Value, part: u32) -> Result<(), String> {
        let id = match KeyType::Integer.stored(value) {
            Ok(Match::Exactly(Key::Int(id))) if (0..=i128::from(i64::MAX)).contains(&id) => id,
            Ok(_) => return Err(format!("{} is no id from 0 to 2^63-1", show(value))),
            Err(_) => {
                return Err(format!("{} as an id would be converted by the server", show(value)));
            }
        };
        match self.part(id) {
            Some(other) if other != part => {
                Err(format!("id {id} carries slot {other}, and the row's key has slot {part}"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Parts;
    use super::*;
    use crate::base::ids::NodeId;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    const PAIRS: usize = 1_000_000;

    fn gene(rule: &Rule, place: GenePlace, cutover: u64) -> Gene {
        Gene::new(Gene::layout(Layout::new(41, 4, 18, 0).unwrap(), rule, place).unwrap(), cutover).unwrap()
    }

    /// A number of parts moved to other nodes.
    fn moved(rule: &Rule, random: &mut StdRng) -> Rule {
        let (parts, nodes) = (rule.parts(), rule.node_count() + 1);
        let place = |part| match random.random_range(0..3) {
            0 => NodeId(random.random_range(0..nodes)),
            _ => parts.node(part).unwrap(),
        };
        rule.with_parts(Parts::from_nodes((0..parts.len()).map(place).collect(), nodes)).unwrap()
    }

    /// Ids lead where their keys lead: before slots are moved and after, in tables of their own name and in numbered ones.
    #[test]
    fn an_id_leads_where_its_key_leads() {
        let mut random = StdRng::seed_from_u64(4);
        let mut rules = Vec::new();
        for parts in [1, 2, 3, 4, 10, 100, 1000, 1023, 1024, 1025, 65_536] {
            rules.push(Rule::hash(KeyType::Integer, parts, parts.min(4) as u16));
            rules.push(Rule::modulo(parts, parts.min(5) as u16));
        }
        let cases: Vec<_> = rules
            .iter()
            .flat_map(|rule| [GenePlace::Middle, GenePlace::Low].map(|place| (rule, place)))
            .map(|(rule, place)| {
                let split = rule.with_parts(rule.parts().split(3)).unwrap();
                let after = [moved(rule, &mut random), moved(&split, &mut random)];
                let [shards, numbered] = after;
                (gene(rule, place, 0), [rule.clone(), shards, split, numbered])
            })
            .collect();
        for pair in 0..PAIRS {
            let (gene, rules) = &cases[pair % cases.len()];
            let user = match random.random_range(0..3) {
                0 => Value::Int(random.random()),
                1 => Value::UInt(random.random()),
                _ => Value::Int(random.random_range(-100_000..100_000)),
            };
            let layout = gene.layout;
            let part = rules[0].part_of(&user).unwrap();
            let (ms, worker) = (random.random_range(0..layout.end()), random.random_range(0..16));
            let order = layout.encode(ms, worker, random.random_range(0..layout.per_ms()), part);
            let order = Value::UInt(order);
            for rule in rules {
                assert_eq!(
                    gene.find(rule, &order),
                    Place::One(rule.store(&user).unwrap()),
                    "{user:?} {order:?}"
                );
            }
            assert_eq!(gene.check(&order, part), Ok(()));
        }
    }

    #[test]
    fn ids_that_carry_nothing_lead_everywhere() {
        let rule = Rule::hash(KeyType::Integer, 1000, 4);
        let gene = gene(&rule, GenePlace::Low, 5000);
        for (value, wanted) in [
            (Value::Int(4999), Place::Unknown),
            (Value::Int(-1), Place::Unknown),
            (Value::UInt(1 << 63), Place::Unknown),
            // Slot 1000 of 1024 that the bits could tell.
            (Value::Int(5 * 1024 + 1000), Place::Unknown),
            (Value::Int(5 * 1024 + 999), Place::One(NodeId(3))),
            (Value::Str(b"6119".to_vec()), Place::One(NodeId(3))),
            (Value::Decimal("6119.0".into()), Place::One(NodeId(3))),
            (Value::Double(6119.0), Place::One(NodeId(3))),
            (Value::Str(b"6119abc".to_vec()), Place::Unknown),
            (Value::Str(b"9007199254740993".to_vec()), Place::Unknown),
            (Value::Double(1e18), Place::Unknown),
            (Value::Decimal("6119.5".into()), Place::Nowhere),
            (Value::Null, Place::Nowhere),
        ] {
            assert_eq!(gene.find(&rule, &value), wanted, "{value:?}");
        }
        // A server compares a column with one string exactly, and with a list of them perhaps as doubles.
        let text = Value::Str(((5_i64 << 60) + 999).to_string().into_bytes());
        assert_eq!(gene.find(&rule, &text), Place::Unknown);
        assert_eq!(gene.find_equal(&rule, &text), Place::One(NodeId(3)));
        let beyond = Value::Str(((1_u64 << 63) + 999).to_string().into_bytes());
        assert_eq!(gene.find_equal(&rule, &beyond), Place::Unknown);
    }

    #[test]
    fn only_ids_that_fit_are_stored() {
        let rule = Rule::hash(KeyType::Integer, 1000, 4);
        let gene = gene(&rule, GenePlace::Low, 5000);
        for (value, part, wanted) in [
            (Value::Int(4999), 7, ""),
            (Value::Int(5120), 0, ""),
            (Value::Int(5121), 0, "carries slot 1, and the row's key has slot 0"),
            (Value::Decimal("5120.5".into()), 1, ""),
            (Value::Int(-1), 0, "no id from 0 to 2^63-1"),
            (Value::UInt(u64::MAX), 0, "no id from 0 to 2^63-1"),
            (Value::Decimal("18446744073709551616".into()), 0, "converted by the server"),
            (Value::Str(b"5120 ".to_vec()), 0, "converted by the server"),
        ] {
            match gene.check(&value, part) {
                Ok(()) => assert_eq!(wanted, "", "{value:?}"),
                Err(why) => assert!(!wanted.is_empty() && why.contains(wanted), "{value:?}: {why}"),
            }
        }
    }

    #[test]
    fn parts_that_are_numbered_anew_are_not_carried() {
        let range = Function::Range { bounds: vec![Key::Int(10)] };
        let rule = Rule::new(KeyType::Integer, range, Parts::even(2, 2), None).unwrap();
        assert!(Gene::layout(Layout::SNOWFLAKE, &rule, GenePlace::Low).unwrap_err().contains("hash or"));
        let rule = Rule::hash(KeyType::Integer, 4096, 4);
        assert!(Gene::layout(Layout::SNOWFLAKE, &rule, GenePlace::Low).unwrap_err().contains("no sequence"));
        let ten = Gene::layout(Layout::SNOWFLAKE, &Rule::modulo(1000, 4), GenePlace::Middle).unwrap();
        assert_eq!(ten.to_string(), "41/10/2+10 middle");
    }
}
