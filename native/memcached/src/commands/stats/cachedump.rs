//! `stats cachedump <class> <limit>`: some items; all are of class 1. Bounded to what memcached answers at most, 1 MiB.

use std::io::Write as _;

use crate::call::Call;
use crate::request::{BAD_FORMAT, numbers};

const REPLY_MAX_BYTES: usize = 1 << 20;
const CLASS_MAX: u64 = 63;

pub(super) fn run(call: &mut Call<'_>, class: Option<&[u8]>, limit: Option<&[u8]>) {
    if !call.server.settings.allow_dump {
        return call.out.put(b"CLIENT_ERROR stats cachedump not allowed\r\n");
    }
    let (Some(class), Some(limit)) = (class, limit) else {
        return call.out.put(b"CLIENT_ERROR bad command line\r\n");
    };
    match (numbers::unsigned(class), numbers::unsigned(limit)) {
        (Some(class), Some(_)) if class > CLASS_MAX => call.out.put(b"CLIENT_ERROR Illegal slab id\r\n"),
        (Some(class), Some(limit)) => list(call, class, if limit == 0 { u64::MAX } else { limit }),
        _ => call.out.put(BAD_FORMAT),
    }
}

fn list(call: &mut Call<'_>, class: u64, limit: u64) {
    let unix_start = call.clock.unix_start;
    let mut items = Vec::new();
    let mut left = limit;
    let mut next = (class == 1).then_some(0);
    while let (Some(cursor), 1.., ..REPLY_MAX_BYTES) = (next, left, items.len()) {
        next = call.cache.walk(cursor, call.clock.now, &mut |walked| {
            if left == 0 || items.len() >= REPLY_MAX_BYTES {
                return;
            }
            left -= 1;
            let item = walked.item;
            let expires = if item.expires_at == 0 { 0 } else { unix_start + u64::from(item.expires_at) };
            items.extend_from_slice(b"ITEM ");
            items.extend_from_slice(walked.key);
            // Writing to a vector does not fail.
            let _ = write!(items, " [{} b; {expires} s]\r\n", item.value.as_slice().len());
        });
    }
    call.out.put(&items);
    call.out.put(b"END\r\n");
}
