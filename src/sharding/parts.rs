//! The map from parts (hash slots, remainders, ranges …) to nodes.

use crate::base::ids::NodeId;

/// Which node holds each part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// By part.
    nodes: Vec<NodeId>,
    /// How many nodes.
    count: u16,
    /// Whether somebody wrote the map down (in the configuration), so that it is not to be changed.
    given: bool,
}

impl Parts {
    /// `parts` over `nodes` in contiguous runs whose lengths differ by one at most.
    pub fn even(parts: u32, nodes: u16) -> Self {
        let part_node =
            |part: u32| NodeId((u64::from(part) * u64::from(nodes) / u64::from(parts.max(1))) as u16);
        Self { nodes: (0..parts).map(part_node).collect(), count: nodes, given: false }
    }

    /// A map that was written down: for each node its runs of parts, both ends inclusive. All mistakes at once,
    /// each with the node it was found at: parts beyond the end, parts given twice, parts given to no node.
    pub fn from_runs(parts: u32, runs: &[Vec<(u32, u32)>]) -> Result<Self, Vec<(usize, String)>> {
        let mut owner: Vec<Option<NodeId>> = vec![None; parts as usize];
        let mut mistakes = Vec::new();
        for (node, runs) in runs.iter().enumerate() {
            for &(first, last) in runs {
                if first > last {
                    mistakes.push((node, format!("{first}-{last} runs backwards")));
                } else if last >= parts {
                    mistakes
                        .push((node, format!("{} is beyond the last, {}", run_text(first, last), parts - 1)));
                } else {
                    let taken = &mut owner[first as usize..=last as usize];
                    if let Some(at) = taken.iter().position(Option::is_some) {
                        let other = taken[at].map_or(0, |n| n.0);
                        let part = first as usize + at;
                        mistakes.push((
                            node,
                            format!("{part} is given twice: to shard {other} and to shard {node}"),
                        ));
                    }
                    taken.iter_mut().filter(|o| o.is_none()).for_each(|o| *o = Some(NodeId(node as u16)));
                }
            }
        }
        let gaps = runs_where(&owner, Option::is_none);
        if !gaps.is_empty() {
            let text: Vec<String> = gaps.iter().map(|&(a, b)| run_text(a, b)).collect();
            mistakes.push((runs.len().saturating_sub(1), format!("no shard is given {}", text.join(","))));
        }
        if mistakes.is_empty() {
            let nodes = owner.into_iter().flatten().collect();
            return Ok(Self { nodes, count: runs.len() as u16, given: true });
        }
        Err(mistakes)
    }

    /// A map as it was computed: node of each part.
    pub fn from_nodes(nodes: Vec<NodeId>, count: u16) -> Self {
        Self { nodes, count, given: true }
    }

    /// Each node's parts over `tables` nodes of its own: part p of node n goes to node `n * tables + p % tables`.
    /// Moving a part between nodes leaves the others where they are.
    #[must_use]
    pub fn split(&self, tables: u16) -> Self {
        let place = |(part, node): (usize, &NodeId)| {
            NodeId(node.0 * tables + (part % usize::from(tables.max(1))) as u16)
        };
        Self {
            nodes: self.nodes.iter().enumerate().map(place).collect(),
            count: self.count * tables,
            given: self.given,
        }
    }

    /// How many parts there are.
    pub fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> u16 {
        self.count
    }

    /// Whether the map was written down rather than spread evenly by default.
    pub fn is_given(&self) -> bool {
        self.given
    }

    /// The node of a part; `None` for a part that does not exist.
    pub fn node(&self, part: u32) -> Option<NodeId> {
        self.nodes.get(part as usize).copied()
    }

    /// A node's parts as runs, both ends inclusive.
    pub fn runs(&self, node: NodeId) -> Vec<(u32, u32)> {
        runs_where(&self.nodes, |n| *n == node)
    }

    /// Each node's parts as the configuration writes them: `["0-255", "256-511,600", …]`.
    pub fn texts(&self) -> Vec<String> {
        (0..self.count).map(|node| runs_text(&self.runs(NodeId(node)))).collect()
    }

    /// Reads one entry of [`Parts::texts`]: `0-255,300`. The empty text is a node without parts.
    pub fn parse_runs(text: &str) -> Option<Vec<(u32, u32)>> {
        if text.trim().is_empty() {
            return Some(Vec::new());
        }
        text.split(',')
            .map(|run| match run.split_once('-') {
                Some((first, last)) => Some((first.trim().parse().ok()?, last.trim().parse().ok()?)),
                None => run.trim().parse().ok().map(|n| (n, n)),
            })
            .collect()
    }
}

/// `0-255,300`
pub fn runs_text(runs: &[(u32, u32)]) -> String {
    runs.iter().map(|&(a, b)| run_text(a, b)).collect::<Vec<_>>().join(",")
}

fn run_text(first: u32, last: u32) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

fn runs_where<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> Vec<(u32, u32)> {
    let mut out: Vec<(u32, u32)> = Vec::new();
    for (part, item) in items.iter().enumerate() {
        let part = part as u32;
        match out.last_mut() {
            _ if !wanted(item) => {}
            Some((_, last)) if *last + 1 == part => *last = part,
            _ => out.push((part, part)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_runs_differ_by_one_at_most() {
        assert_eq!(Parts::even(1024, 4).texts(), ["0-255", "256-511", "512-767", "768-1023"]);
        assert_eq!(Parts::even(10, 3).texts(), ["0-3", "4-6", "7-9"]);
        assert_eq!(Parts::even(3, 3).texts(), ["0", "1", "2"]);
    }

    #[test]
    fn a_written_map_is_read_back() {
        let texts = ["0-3,9", "4-8", ""];
        let runs: Vec<_> = texts.iter().map(|t| Parts::parse_runs(t).unwrap()).collect();
        let parts = Parts::from_runs(10, &runs).unwrap();
        assert_eq!(parts.texts(), texts);
        assert_eq!(parts.node(9), Some(NodeId(0)));
        assert_eq!(parts.node(10), None);
        assert!(Parts::parse_runs("1-x").is_none());
    }

    #[test]
    fn all_mistakes_of_a_map_are_told() {
        let mistakes = Parts::from_runs(10, &[vec![(0, 5)], vec![(5, 6), (8, 20), (3, 1)]]).unwrap_err();
        let texts: Vec<_> = mistakes.into_iter().map(|(_, text)| text).collect();
        assert_eq!(
            texts,
            [
                "5 is given twice: to shard 0 and to shard 1",
                "8-20 is beyond the last, 9",
                "3-1 runs backwards",
                "no shard is given 7-9"
            ]
        );
    }

    #[test]
    fn numbered_tables_split_a_shard() {
        let split = Parts::even(8, 2).split(2);
        assert_eq!(split.texts(), ["0,2", "1,3", "4,6", "5,7"]);
        assert_eq!(split.node_count(), 4);
    }
}
