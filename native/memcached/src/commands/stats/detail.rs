//! `stats detail on|off|dump`: statistics by key prefix.

use std::io::Write as _;

use crate::call::Call;

pub(super) fn run(call: &mut Call<'_>, word: Option<&[u8]>) {
    if !call.server.settings.allow_dump {
        return call.out.put(b"CLIENT_ERROR stats detail not allowed\r\n");
    }
    match word {
        Some(b"on") => switch(call, true),
        Some(b"off") => switch(call, false),
        Some(b"dump") => dump(call),
        _ => call.out.put(b"CLIENT_ERROR usage: stats detail on|off|dump\r\n"),
    }
}

fn switch(call: &mut Call<'_>, on: bool) {
    call.server.watchers.set_detail(on);
    call.out.put(b"OK\r\n");
}

fn dump(call: &mut Call<'_>) {
    let buffer = call.out.buffer();
    call.server.prefixes.visit(|prefix, counts| {
        buffer.extend_from_slice(b"PREFIX ");
        buffer.extend_from_slice(prefix);
        // Writing to a vector does not fail.
        let _ =
            write!(buffer, " get {} hit {} set {} del {}\r\n", counts.gets, counts.hits, counts.sets, counts.deletes);
    });
    call.out.put(b"END\r\n");
}
