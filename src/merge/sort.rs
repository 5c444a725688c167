//! A stable sort whose comparison can fail: `std`'s cannot, and a merge must never take a guess for an order. A merge
//! sort, because it goes through memory from one end to the other, where a heap sort jumps.

use crate::base::Result;

/// So few items are put in order where they are.
const FEW: usize = 16;

/// Sorts so that no item stands after one that it must come before.
pub(super) fn sort<T>(mut items: Vec<T>, before: &mut impl FnMut(&T, &T) -> Result<bool>) -> Result<Vec<T>> {
    if items.len() <= FEW {
        for next in 1..items.len() {
            let mut at = next;
            while at > 0 && before(&items[at], &items[at - 1])? {
                items.swap(at, at - 1);
                at -= 1;
            }
        }
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    merge(sort(items, before)?, sort(right, before)?, before)
}

fn merge<T>(left: Vec<T>, right: Vec<T>, before: &mut impl FnMut(&T, &T) -> Result<bool>) -> Result<Vec<T>> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if before(b, a)? { right.next() } else { left.next() };
        out.extend(next);
    }
    out.extend(left);
    out.extend(right);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Code, Error};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts_and_keeps_equal_items_in_their_order(keys in proptest::collection::vec(any::<u8>(), 0..200)) {
            let items: Vec<_> = keys.into_iter().map(|key| key % 32).enumerate().collect();
            let mut expect = items.clone();
            expect.sort_by_key(|(_, key)| *key);
            prop_assert_eq!(sort(items, &mut |a, b| Ok(a.1 < b.1)).unwrap(), expect);
        }
    }

    #[test]
    fn what_cannot_be_compared_is_an_error() {
        let compare = |a: &i32, b: &i32| match a + b {
            1 => Err(Error::new(Code::Internal, "0 and 1")),
            _ => Ok(a < b),
        };
        assert!(sort((0..100).rev().collect(), &mut { compare }).is_err());
        assert!(sort((1..100).rev().collect(), &mut { compare }).is_ok());
    }
}
