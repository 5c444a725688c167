//! A binary heap whose comparison can fail: `std`'s cannot, and a merge must never take a guess for an order.

use crate::base::Result;

/// Moves the last item up to its place.
pub(super) fn sift_up<T>(heap: &mut [T], mut before: impl FnMut(&T, &T) -> Result<bool>) -> Result<()> {
    let mut child = heap.len().saturating_sub(1);
    while child > 0 {
        let parent = (child - 1) / 2;
        if !before(&heap[child], &heap[parent])? {
            break;
        }
        heap.swap(child, parent);
        child = parent;
    }
    Ok(())
}

/// Moves the item at `parent` down to its place.
pub(super) fn sift_down<T>(
    heap: &mut [T],
    mut parent: usize,
    mut before: impl FnMut(&T, &T) -> Result<bool>,
) -> Result<()> {
    loop {
        let mut child = 2 * parent + 1;
        if child >= heap.len() {
            return Ok(());
        }
        if child + 1 < heap.len() && before(&heap[child + 1], &heap[child])? {
            child += 1;
        }
        if !before(&heap[child], &heap[parent])? {
            return Ok(());
        }
        heap.swap(child, parent);
        parent = child;
    }
}

/// Sorts so that no item stands after one that it must come before.
pub(super) fn sort<T>(items: &mut [T], mut before: impl FnMut(&T, &T) -> Result<bool>) -> Result<()> {
    for parent in (0..items.len() / 2).rev() {
        sift_down(items, parent, |a, b| before(b, a))?;
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        sift_down(&mut items[..end], 0, |a, b| before(b, a))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts(mut items in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut expect = items.clone();
            expect.sort_unstable();
            sort(&mut items, |a, b| Ok(a < b)).unwrap();
            prop_assert_eq!(items, expect);
        }
    }
}
