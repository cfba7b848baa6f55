//! `watch <kind>*`: from then on the connection receives events, and what it sends is not looked at.

use crate::call::Call;
use crate::command::{Command, Route, Shape};
use crate::request::{Admin, ERROR};
use crate::session::State;
use crate::watch::{FETCHERS, KINDS};

pub(super) const COMMANDS: &[Command] =
    &[Command { name: "watch", shape: Shape::Words { run: watch }, route: Route::Here }];

fn watch(call: &mut Call<'_>, request: &Admin<'_>) {
    if !call.server.settings.allow_watch {
        return call.out.put(b"CLIENT_ERROR watch commands not allowed\r\n");
    }
    let mut kinds = 0;
    for word in request.words {
        match KINDS.iter().find(|(name, _)| name.as_bytes() == word) {
            Some((_, kind)) => kinds |= kind,
            None => return call.out.put(ERROR),
        }
    }
    let kinds = if kinds == 0 { FETCHERS } else { kinds };
    *call.next = State::Watching(call.server.watchers.add(kinds));
    call.out.put(b"OK\r\n");
}
