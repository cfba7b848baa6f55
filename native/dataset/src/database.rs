//! One numbered database's part in one shard: a table of items. Expired items count as absent everywhere; they are removed by those
//! who may change something.

use hashbrown::hash_table::{Entry, HashTable};

use crate::{Item, Millis, Typed, Value, View};

/// The items of one database in one shard.
#[derive(Debug, Default)]
pub struct Database {
    items: HashTable<(u64, Item)>,
    /// Items with an expiry.
    volatile: usize,
    /// Bytes of all items.
    weight: usize,
}

impl Database {
    /// Items, expired ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True without items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Items with an expiry.
    #[must_use]
    pub fn volatile(&self) -> usize {
        self.volatile
    }

    /// Bytes that its items take.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// The item, expired or not; `hash` is the key's.
    #[must_use]
    pub fn item(&self, hash: u64, key: &[u8]) -> Option<&Item> {
        self.items.find(hash, |(_, item)| item.key() == key).map(|(_, item)| item)
    }

    /// The live value.
    #[must_use]
    pub fn get(&self, hash: u64, key: &[u8], now: Millis) -> Option<View<'_>> {
        self.item(hash, key).filter(|item| !item.is_expired(now)).map(Item::view)
    }

    /// Stores a value in place of any former one, which is returned; the expiry is gone.
    pub fn insert(&mut self, hash: u64, key: &[u8], value: Value, access: u32) -> Option<Value> {
        let former = self.remove(hash, key);
        let item = Item::new(key, value, access);
        self.weight += item.weight();
        self.items.insert_unique(hash, (hash, item), |(hash, _)| *hash);
        former
    }

    /// Changes a value in place; `None` if there is none. What the change makes it weigh is accounted for.
    pub fn change<R>(&mut self, hash: u64, key: &[u8], change: impl FnOnce(&mut Value) -> R) -> Option<R> {
        let (_, item) = self.items.find_mut(hash, |(_, item)| item.key() == key)?;
        let before = item.weight();
        let result = change(item.value_mut());
        self.weight = self.weight + item.weight() - before;
        Some(result)
    }

    /// Removes the item and returns its value: dropping a huge one is the caller's matter.
    pub fn remove(&mut self, hash: u64, key: &[u8]) -> Option<Value> {
        let Ok(entry) = self.items.find_entry(hash, |(_, item)| item.key() == key) else { return None };
        let ((_, item), _) = entry.remove();
        self.weight -= item.weight();
        self.volatile -= usize::from(item.expires_at().is_some());
        Some(item.into_value())
    }

    /// Sets or clears the expiry; false without the item.
    pub fn set_expires_at(&mut self, hash: u64, key: &[u8], at: Option<Millis>) -> bool {
        let Some((_, item)) = self.items.find_mut(hash, |(_, item)| item.key() == key) else { return false };
        self.volatile -= usize::from(item.expires_at().is_some());
        self.volatile += usize::from(at.is_some());
        item.set_expires_at(at);
        true
    }

    /// The live value; `access` is what eviction goes by from now on, made of what it went by before.
    pub fn touch(&mut self, hash: u64, key: &[u8], now: Millis, access: impl FnOnce(u32) -> u32) -> Option<View<'_>> {
        let (_, item) = self.items.find_mut(hash, |(_, item)| item.key() == key)?;
        if item.is_expired(now) {
            return None;
        }
        item.set_access(access(item.access()));
        Some(item.view())
    }

    /// Every item, in no order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().map(|(_, item)| item)
    }

    /// # Panics
    /// When a count is wrong or a value's invariant is broken.
    pub fn validate(&self) {
        let weight: usize = self.items().map(Item::weight).sum();
        assert_eq!(weight, self.weight, "the weight of a database is its items'");
        let volatile = self.items().filter(|item| item.expires_at().is_some()).count();
        assert_eq!(volatile, self.volatile, "items with an expiry are counted");
    }

    /// The collection of this type, made if there is none; `None` when the key holds something else.
    pub fn typed_mut<T: Typed, R>(
        &mut self,
        hash: u64,
        key: &[u8],
        access: u32,
        change: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let entry = self.items.entry(hash, |(_, item)| item.key() == key, |(hash, _)| *hash);
        let mut entry = match entry {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => {
                let item = Item::new(key, T::default().into_value(), access);
                self.weight += item.weight();
                entry.insert((hash, item))
            }
        };
        let (_, item) = entry.get_mut();
        let before = item.weight();
        let result = change(T::of_mut(item.value_mut())?);
        self.weight = self.weight + item.weight() - before;
        Some(result)
    }
}
