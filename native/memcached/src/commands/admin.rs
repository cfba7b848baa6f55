//! `version`, `verbosity`, `flush_all`, `cache_memlimit`, `shutdown`, `quit`.

use crate::call::Call;
use crate::command::{Command, Route, Shape};
use crate::request::{Admin, BAD_EXPIRY, BAD_FORMAT, ERROR, numbers};
use crate::session::State;

pub(super) const COMMANDS: &[Command] = &[
    Command { name: "version", shape: Shape::Words { run: version }, route: Route::Here },
    Command { name: "verbosity", shape: Shape::Words { run: verbosity }, route: Route::Nodes },
    Command { name: "flush_all", shape: Shape::Words { run: flush_all }, route: Route::Nodes },
    Command { name: "cache_memlimit", shape: Shape::Words { run: cache_memlimit }, route: Route::Nodes },
    Command { name: "shutdown", shape: Shape::Words { run: shutdown }, route: Route::Here },
    Command { name: "quit", shape: Shape::Words { run: quit }, route: Route::Here },
];

/// The least memory that may be set at run time, in MiB.
const MEMORY_MIN_MIB: u64 = 8;
/// The most: more than this is taken for bytes.
const MEMORY_MAX_MIB: u64 = 1 << 30;

fn version(call: &mut Call<'_>, _: &Admin<'_>) {
    let buffer = call.out.buffer();
    buffer.extend_from_slice(b"VERSION ");
    buffer.extend_from_slice(call.server.settings.version.as_bytes());
    buffer.extend_from_slice(b"\r\n");
}

fn verbosity(call: &mut Call<'_>, request: &Admin<'_>) {
    let level = request.words.clone().next().and_then(numbers::unsigned).and_then(|level| u32::try_from(level).ok());
    let Some(level) = level else {
        return call.answer(request.noreply, BAD_FORMAT);
    };
    call.server.host.set_verbosity(level);
    call.answer(request.noreply, b"OK\r\n");
}

fn flush_all(call: &mut Call<'_>, request: &Admin<'_>) {
    if !call.server.settings.allow_flush {
        return call.answer(request.noreply, b"CLIENT_ERROR flush_all not allowed\r\n");
    }
    let delay = match request.words.clone().next() {
        None | Some(b"noreply") => Some(0),
        Some(word) => numbers::signed(word),
    };
    let Some(delay) = delay else {
        return call.answer(request.noreply, BAD_EXPIRY);
    };
    let now = call.clock.now;
    call.counters.flush.up();
    call.cache.flush(if delay > 0 { call.clock.expires_at(delay) } else { now }, now);
    call.answer(request.noreply, b"OK\r\n");
}

fn cache_memlimit(call: &mut Call<'_>, request: &Admin<'_>) {
    let reply: &[u8] = match request.words.clone().next().and_then(numbers::unsigned) {
        None => ERROR,
        Some(mib) if mib > u64::from(u32::MAX) => ERROR,
        Some(mib) if mib < MEMORY_MIN_MIB => b"MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n",
        Some(mib) if mib > MEMORY_MAX_MIB => b"MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes\r\n",
        Some(mib) => {
            call.cache.set_memory((mib as usize) << 20, call.clock.now);
            b"OK\r\n"
        }
    };
    call.answer(request.noreply, reply);
}

fn shutdown(call: &mut Call<'_>, request: &Admin<'_>) {
    if !call.server.settings.allow_shutdown {
        return call.out.put(b"SERVER_ERROR: shutdown not enabled\r\n");
    }
    match request.words.clone().next() {
        None => call.server.host.shutdown(false),
        Some(b"graceful") => call.server.host.shutdown(true),
        Some(_) => return call.answer(request.noreply, b"CLIENT_ERROR invalid shutdown mode\r\n"),
    }
    *call.next = State::Closed;
}

fn quit(call: &mut Call<'_>, _: &Admin<'_>) {
    *call.next = State::Closed;
}
