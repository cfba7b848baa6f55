//! `me`, what is known of an item, and `mn`, which only answers.

use std::io::Write as _;

use crate::call::{Call, item_size};
use crate::command::{Command, MetaKind, Route, Shape};
use crate::request::{Admin, KEY_MAX, Meta};

pub(super) const COMMANDS: &[Command] = &[
    Command { name: "me", shape: Shape::Meta { kind: MetaKind::Lenient, run: debug }, route: Route::Key },
    Command { name: "mn", shape: Shape::Words { run: no_operation }, route: Route::Here },
];

fn debug(call: &mut Call<'_>, meta: &Meta<'_>) {
    let mut scratch = [0; KEY_MAX];
    let key = call.cache.key(meta.key(&mut scratch));
    call.counters.meta.up();
    let now = call.clock.now;
    let Some(mut found) = call.cache.read(&key, now) else {
        return call.out.put(b"EN\r\n");
    };
    let cas = found.cas();
    let item = found.item();
    let size = item_size(key.bytes, item.flags, item.value.as_slice().len());
    let expires = if item.expires_at == 0 { -1 } else { i64::from(item.expires_at) - i64::from(now) };
    let accessed = now.saturating_sub(item.accessed_at);
    let fetched = if item.fetched { "yes" } else { "no" };
    let buffer = call.out.buffer();
    buffer.extend_from_slice(b"ME ");
    let is_plain = key.bytes.iter().all(|&byte| byte > b' ');
    buffer.extend_from_slice(if is_plain { key.bytes } else { meta.sent_key });
    // Writing to a vector does not fail.
    let _ = write!(buffer, " exp={expires} la={accessed} cas={cas} fetch={fetched} cls=1 size={size}\r\n");
}

fn no_operation(call: &mut Call<'_>, _: &Admin<'_>) {
    call.out.put(b"MN\r\n");
}
