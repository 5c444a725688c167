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
