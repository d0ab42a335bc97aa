//! A bounded list that drops its oldest item for a new one, and counts what it dropped.

use std::collections::VecDeque;

/// A list of at most `capacity` items, oldest first.
#[derive(Debug, Clone)]
pub struct Ring<T> {
    items: VecDeque<T>,
    capacity: usize,
    dropped: u64,
}

impl<T> Ring<T> {
    /// An empty ring. A capacity of 0 is taken as 1.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            items: VecDeque::new(),
            capacity: capacity.max(1),
            dropped: 0,
        }
    }

    /// Adds an item; gives back the oldest one when there was no room for both.
    pub fn push(&mut self, item: T) -> Option<T> {
        let oldest = if self.items.len() == self.capacity {
            self.dropped = self.dropped.saturating_add(1);
            self.items.pop_front()
        } else {
            None
        };
        self.items.push_back(item);
        oldest
    }

    /// Removes items from the old end while `is_old` holds. They are not
    /// counted as dropped: their time was over.
    pub fn expire(&mut self, mut is_old: impl FnMut(&T) -> bool) {
        while self.items.front().is_some_and(&mut is_old) {
            self.items.pop_front();
        }
    }

    /// Takes out the items that match. They are not counted as dropped.
    pub fn remove(&mut self, mut matches: impl FnMut(&T) -> bool) {
        self.items.retain(|item| !matches(item));
    }

    /// The newest item.
    #[must_use]
    pub fn newest(&self) -> Option<&T> {
        self.items.back()
    }

    /// The newest item, to change it in place.
    pub fn newest_mut(&mut self) -> Option<&mut T> {
        self.items.back_mut()
    }

    /// The items, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.items.iter()
    }

    /// The number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True without items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many items were dropped to make room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_lost_uncounted(capacity in 0usize..20, items in prop::collection::vec(0u32..1000, 0..100)) {
            let mut ring = Ring::new(capacity);
            let mut pushed_out = 0;
            for item in &items {
                pushed_out += u64::from(ring.push(*item).is_some());
            }
            prop_assert!(ring.len() <= capacity.max(1));
            prop_assert_eq!(ring.dropped(), pushed_out);
            prop_assert_eq!(ring.len() as u64 + ring.dropped(), items.len() as u64);
            let kept: Vec<_> = ring.iter().copied().collect();
            prop_assert_eq!(&kept[..], &items[items.len() - kept.len()..]);
        }
    }
}
