//! CLIENT LIST and CLIENT INFO: a line for each connection.

use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;

use dataset::Millis;

use crate::call::Call;
use crate::clients::{Client, mark};
use crate::command;
use crate::fault::{Fault, Outcome};
use crate::words;

pub(super) fn info(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.session.note(call.now);
    let line = line(call.session.client(), call.now);
    call.reply.verbatim(b"txt", format!("{line}\n").as_bytes());
    Ok(())
}

pub(super) fn list(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.session.note(call.now);
    let clients = match words {
        [_, _] => call.server.clients.all(),
        [_, _, option, kind] if words::is(option, "type") => {
            let kind = kind_named(kind)?;
            call.server.clients.all().into_iter().filter(|client| client.kind() == kind).collect()
        }
        [_, _, option, numbers @ ..] if words::is(option, "id") && !numbers.is_empty() => {
            let mut found = Vec::new();
            for word in numbers {
                let number = words::canonical(word).ok_or(Fault::of("ERR Invalid client ID"))?;
                found.extend(u64::try_from(number).ok().and_then(|number| call.server.clients.find(number)));
            }
            found
        }
        _ => return Err(Fault::SYNTAX),
    };
    let text: String = clients.iter().map(|client| line(client, call.now) + "\n").collect();
    call.reply.verbatim(b"txt", text.as_bytes());
    Ok(())
}

/// What TYPE names.
pub(super) fn kind_named(word: &[u8]) -> Result<&'static str, Fault> {
    let kinds = [("normal", "normal"), ("slave", "replica"), ("replica", "replica"), ("pubsub", "pubsub")];
    let kinds = kinds.iter().chain(&[("master", "master")]);
    kinds
        .into_iter()
        .find(|(name, _)| words::is(word, name))
        .map(|(_, kind)| *kind)
        .ok_or_else(|| Fault::naming(&[b"ERR Unknown client type '", word, b"'"]))
}

/// What is said of a connection. Redis's measures of its own buffers stand at zero: the host's are shared by its connections.
pub(crate) fn line(client: &Client, now: Millis) -> String {
    let names = client.names.lock().clone();
    let text = String::from_utf8_lossy;
    let state = &client.state;
    let seconds = |since: Millis| now.saturating_sub(since) / 1000;
    let mut line = format!(
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={}",
        client.id.number,
        client.peer.address,
        client.peer.local,
        client.peer.descriptor,
        text(&names.name),
        seconds(client.opened_at),
        seconds(state.active_at.load(Relaxed)),
        flags(client),
    );
    let command = state.command.load(Relaxed) as usize;
    let command = command.checked_sub(1).and_then(|number| command::numbered().get(number));
    // A String takes everything that is written to it.
    let _ = write!(
        line,
        " db={} sub={} psub={} ssub={} multi={} qbuf={} qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 \
         tot-mem={} events=r cmd={} user={} redir={} resp={} lib-name={} lib-ver={}",
        state.database.load(Relaxed),
        state.channels.load(Relaxed),
        state.patterns.load(Relaxed),
        state.sharded.load(Relaxed),
        state.queued.load(Relaxed),
        state.unread.load(Relaxed),
        size_of::<Client>() + size_of::<crate::Session>(),
        command.map_or("NULL", |row| row.full_name),
        text(&names.user),
        state.redirect.load(Relaxed),
        state.version.load(Relaxed),
        text(&names.library),
        text(&names.library_version),
    );
    line
}

fn flags(client: &Client) -> String {
    let letters: String =
        mark::LETTERS.iter().filter(|(mark, _)| client.has(*mark)).map(|(_, letter)| *letter).collect();
    if letters.is_empty() { "N".to_owned() } else { letters }
}
