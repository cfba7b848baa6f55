//! `delete`.

use crate::call::Call;
use crate::command::{Argument, Command, Route, Shape};
use crate::request::Keyed;

pub(super) const COMMANDS: &[Command] =
    &[Command { name: "delete", shape: Shape::Keyed { argument: Argument::None, run: delete }, route: Route::Key }];

fn delete(call: &mut Call<'_>, request: &Keyed<'_>) {
    let key = call.cache.key(request.key);
    let length = call.watched_length(&key);
    if call.cache.alter(&key, call.clock.now).remove() {
        call.counters.delete_hits.up();
        call.deleted(request.key, "delete", length);
        call.answer(request.noreply, b"DELETED\r\n");
    } else {
        call.counters.delete_misses.up();
        call.answer(request.noreply, b"NOT_FOUND\r\n");
    }
}
