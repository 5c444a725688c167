//! OFFSET and LIMIT over the merged rows.

/// What is left to skip and to let through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    skip: u64,
    left: Option<u64>,
}

impl Window {
    pub(super) fn new(offset: u64, limit: Option<u64>) -> Self {
        Self { skip: offset, left: limit }
    }

    /// Whether no further row goes out.
    pub(super) fn is_closed(self) -> bool {
        self.left == Some(0)
    }

    /// The rows that can matter in a sorted whole; `None` when all can.
    pub(super) fn reach(self) -> Option<usize> {
        usize::try_from(self.left?.checked_add(self.skip)?).ok()
    }

    /// Counts one row: whether it goes out.
    pub(super) fn admit(&mut self) -> bool {
        if self.is_closed() {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_then_admits() {
        let mut window = Window::new(2, Some(2));
        assert_eq!(window.reach(), Some(4));
        let admitted: Vec<bool> = (0..5).map(|_| window.admit()).collect();
        assert_eq!(admitted, [false, false, true, true, false]);
        assert!(window.is_closed());
        assert!(Window::new(5, Some(0)).is_closed());
        assert_eq!(Window::new(5, Some(u64::MAX)).reach(), None);
        assert_eq!(Window::new(5, None).reach(), None);
    }
}
