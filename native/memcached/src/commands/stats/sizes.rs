//! `stats sizes`: how many items of which size, in steps of 32 bytes, as memcached counts sizes. Counted when asked.

use std::collections::BTreeMap;

use super::Row;
use crate::call::item_size;
use crate::clock::Clock;
use crate::server::Server;

const STEP: usize = 32;

pub(super) fn list(server: &Server, clock: Clock, row: &mut Row<'_>) {
    let mut sizes = BTreeMap::<usize, u64>::new();
    let mut next = Some(0);
    while let Some(cursor) = next {
        next = server.cache.walk(cursor, clock.now, &mut |walked| {
            let item = walked.item;
            let size = item_size(walked.key, item.flags, item.value.as_slice().len());
            *sizes.entry(size.next_multiple_of(STEP)).or_default() += 1;
        });
    }
    for (size, count) in sizes {
        row(&size.to_string(), &count);
    }
}
