//! `set`, `add`, `replace`, `append`, `prepend`, `cas`.

use cache::NewValue;

use super::store::{Mode, Order, Outcome, store};
use crate::call::{Call, no_room};
use crate::command::{Command, Route, Shape};
use crate::request::Storage;

pub(super) const COMMANDS: &[Command] = &[
    row("set", false, |call, request, value| run(call, request, value, Mode::Set)),
    row("add", false, |call, request, value| run(call, request, value, Mode::Add)),
    row("replace", false, |call, request, value| run(call, request, value, Mode::Replace)),
    row("append", false, |call, request, value| run(call, request, value, Mode::Append)),
    row("prepend", false, |call, request, value| run(call, request, value, Mode::Prepend)),
    row("cas", true, |call, request, value| run(call, request, value, Mode::Compare)),
];

const fn row(name: &'static str, has_cas: bool, run: fn(&mut Call<'_>, &Storage<'_>, NewValue<'_>)) -> Command {
    Command { name, shape: Shape::Storage { has_cas, run }, route: Route::Key }
}

#[inline]
fn run(call: &mut Call<'_>, request: &Storage<'_>, value: NewValue<'_>, mode: Mode) {
    let key = call.cache.key(request.key);
    let order = Order {
        mode,
        flags: request.flags,
        expires_at: call.clock.expires_at(request.expiry),
        compare: (mode == Mode::Compare).then_some(request.compare),
        cas: None,
        allow_stale: false,
        vivify: false,
        want_cas: false,
    };
    match store(call, &key, &order, value) {
        Ok(stored) => call.answer(request.noreply, words(stored.outcome)),
        Err(error) => no_room(call, request.noreply, error),
    }
}

fn words(outcome: Outcome) -> &'static [u8] {
    match outcome {
        Outcome::Stored => b"STORED\r\n",
        Outcome::NotStored => b"NOT_STORED\r\n",
        Outcome::Exists => b"EXISTS\r\n",
        Outcome::NotFound => b"NOT_FOUND\r\n",
    }
}
