//! `touch`.

use crate::call::Call;
use crate::command::{Argument, Command, Route, Shape};
use crate::request::Keyed;

pub(super) const COMMANDS: &[Command] =
    &[Command { name: "touch", shape: Shape::Keyed { argument: Argument::Expiry, run: touch }, route: Route::Key }];

fn touch(call: &mut Call<'_>, request: &Keyed<'_>) {
    let key = call.cache.key(request.key);
    let expires_at = call.clock.expires_at(request.expiry);
    let touched = match call.cache.read(&key, call.clock.now) {
        Some(mut found) => {
            found.hit();
            found.set_expires_at(expires_at);
            true
        }
        None => false,
    };
    if touched {
        call.counters.touch_hits.up();
        call.answer(request.noreply, b"TOUCHED\r\n");
    } else {
        call.counters.touch_misses.up();
        call.answer(request.noreply, b"NOT_FOUND\r\n");
    }
}
