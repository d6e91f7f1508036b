//! Places in memory for deliveries that wait for their turn. What finds none stays in the database for the claim loop, so that memory is bounded
//! however much is accepted; and no webhook takes the places of the others.

use crate::model::id::WebhookId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Deliveries in memory at most, all webhooks together.
const TOTAL_MAX: usize = 50_000;
/// Of one webhook, while less than half of them is taken.
const MOST_EACH: usize = 10_000;
/// Of one webhook in any case, so that a thousand slow ones leave room for the rest.
const LEAST_EACH: usize = 16;

/// The places. Cheap to clone.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    total: usize,
    each: HashMap<WebhookId, usize>,
}

/// A place that is taken; given up when it is dropped.
pub struct Place {
    memory: Memory,
    webhook: WebhookId,
}

impl Taken {
    fn has_room(&self, of_one: usize) -> bool {
        self.total < TOTAL_MAX && (of_one < LEAST_EACH || (of_one < MOST_EACH && self.total < TOTAL_MAX / 2))
    }
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more delivery of this webhook, where there is one.
    pub fn place(&self, webhook: &WebhookId) -> Option<Place> {
        let mut taken = self.lock();
        let of_one = taken.each.get(webhook).copied().unwrap_or_default();
        if !taken.has_room(of_one) {
            return None;
        }
        taken.total += 1;
        taken.each.insert(webhook.clone(), of_one + 1);
        Some(Place { memory: self.clone(), webhook: webhook.clone() })
    }

    /// Webhooks that have no place left: nothing is claimed for them.
    pub fn full(&self) -> Vec<String> {
        let taken = self.lock();
        taken.each.iter().filter(|(_, n)| !taken.has_room(**n)).map(|(webhook, _)| webhook.to_string()).collect()
    }

    /// Places that are left, all webhooks together.
    pub fn free(&self) -> usize {
        TOTAL_MAX.saturating_sub(self.lock().total)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.memory.lock();
        taken.total = taken.total.saturating_sub(1);
        let left = taken.each.get_mut(&self.webhook).map(|n| {
            *n = n.saturating_sub(1);
            *n
        });
        if left == Some(0) {
            taken.each.remove(&self.webhook);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_webhook_leaves_room_for_the_others() {
        let memory = Memory::default();
        let greedy = WebhookId::from_bits(1);
        let places: Vec<Place> = (0..20_000).map_while(|_| memory.place(&greedy)).collect();
        assert_eq!(places.len(), MOST_EACH);
        assert_eq!(memory.full(), [greedy.to_string()]);
        // Many slow ones: once half is taken, each gets little, and the next one still something.
        let take = |n: u128| (0..100).map_while(|_| memory.place(&WebhookId::from_bits(n))).collect::<Vec<_>>();
        let others: Vec<Place> = (2..1_002).flat_map(take).collect();
        assert_eq!(take(1_002).len(), LEAST_EACH);
        assert!(memory.free() > 0 && others.len() > 25_000);
        drop((places, others));
        assert_eq!((memory.free(), memory.full().len()), (TOTAL_MAX, 0));
        assert!(memory.place(&greedy).is_some());
    }
}
