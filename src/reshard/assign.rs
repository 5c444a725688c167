//! Parts to shards with the fewest moves.

use crate::base::ids::NodeId;

/// Spreads parts over `shards` evenly (counts differ by one at most) so that as many as possible stay where they are.
/// `current` says for each part on which of the new shards it lies now, if on any.
///
/// A shard keeps as many of its parts as it may have, and those shards may have one more that have most: no even
/// spread keeps more.
pub fn fewest_moves(current: &[Option<u16>], shards: u16) -> Vec<NodeId> {
    if shards == 0 {
        return Vec::new();
    }
    let mut have = vec![0usize; usize::from(shards)];
    for shard in current.iter().flatten() {
        have[usize::from(*shard)] += 1;
    }
    let (base, extra) = (current.len() / have.len(), current.len() % have.len());
    let mut by_size: Vec<usize> = (0..have.len()).collect();
    by_size.sort_by_key(|shard| std::cmp::Reverse(have[*shard]));
    let mut room = vec![base; have.len()];
    by_size.iter().take(extra).for_each(|shard| room[*shard] += 1);

    let mut out: Vec<Option<u16>> = vec![None; current.len()];
    for (part, shard) in current.iter().enumerate() {
        if let Some(shard) = shard.filter(|shard| room[usize::from(*shard)] > 0) {
            room[usize::from(shard)] -= 1;
            out[part] = Some(shard);
        }
    }
    let mut next = 0;
    let place = |kept: Option<u16>| {
        let shard = kept.unwrap_or_else(|| {
            while room.get(next) == Some(&0) {
                next += 1;
            }
            if let Some(left) = room.get_mut(next) {
                *left -= 1;
            }
            next as u16
        });
        NodeId(shard)
    };
    out.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(current: &[Option<u16>], then: &[NodeId]) -> usize {
        current.iter().zip(then).filter(|(now, then)| **now != Some(then.0)).count()
    }

    fn even(parts: u16, shards: u16) -> Vec<Option<u16>> {
        (0..parts).map(|part| Some((u32::from(part) * u32::from(shards) / u32::from(parts)) as u16)).collect()
    }

    #[test]
    fn growing_moves_only_the_newcomers_share() {
        for (parts, from, to, wanted) in
            [(1024, 4, 5, 204), (1024, 4, 8, 512), (1024, 2, 3, 341), (10, 3, 4, 2), (1024, 4, 4, 0)]
        {
            let current = even(parts, from);
            let then = fewest_moves(&current, to);
            assert_eq!(moved(&current, &then), wanted, "{from} to {to}");
            let counts: Vec<usize> = (0..to).map(|s| then.iter().filter(|n| n.0 == s).count()).collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
    }

    #[test]
    fn shrinking_moves_only_what_the_leaver_had() {
        let current: Vec<_> =
            even(1024, 4).into_iter().map(|shard| shard.filter(|shard| *shard != 3)).collect();
        let then = fewest_moves(&current, 3);
        assert_eq!(moved(&current, &then), 256);
    }
}
