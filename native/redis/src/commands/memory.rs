//! MEMORY: what takes how much of it.

use std::sync::atomic::Ordering::Relaxed;

use crate::call::Call;
use crate::command::{Command, Keys, Run, flag};
use crate::commands::help::help;
use crate::fault::{Fault, Outcome};
use crate::numbers;
use crate::server::Server;
use crate::words;

pub(super) const COMMANDS: &[Command] =
    &[Command::new("memory", -2, 0, Keys::None, help).about("4.0.0", "What takes how much memory.").with(&[
        Command::new("usage", -3, flag::READONLY, Keys::Range { first: 2, last: 2, step: 1 }, usage)
            .about("4.0.0", "Bytes that a key and its value take."),
        Command::new("stats", 2, 0, Keys::All, stats).about("4.0.0", "What takes how much."),
        row("doctor", 0, doctor).about("4.0.0", "What to make of it."),
        row("purge", 0, purge).about("4.0.0", "Would give memory back; that happens by itself here."),
        row("malloc-stats", 0, allocator).about("4.0.0", "What the allocator says of itself: nothing."),
        row("help", flag::LOADING | flag::STALE, help).about("4.0.0", "This text."),
    ])];

const fn row(name: &'static str, flags: u32, run: Run) -> Command {
    Command::new(name, 2, flags, Keys::None, run)
}

/// Bytes of a connection beside its buffers, and of its entry among others.
const CONNECTION: u64 = 512;

impl Server {
    /// Bytes that data and connections take.
    pub(crate) fn memory_taken(&self) -> u64 {
        self.dataset.weight() as u64 + self.connections_memory()
    }

    pub(crate) fn connections_memory(&self) -> u64 {
        self.clients.count() as u64 * CONNECTION + self.host.connections().held_bytes
    }
}

fn usage(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    match words {
        [_, _, _] => {}
        // A weight is known without samples: that the number is one is all that matters.
        [_, _, _, option, count] if words::is(option, "samples") => {
            if words::integer(count)? < 0 {
                return Err(Fault::SYNTAX);
            }
        }
        _ => return Err(Fault::SYNTAX),
    }
    match call.peek(words[2]) {
        (None, reply) => reply.null(),
        (Some(item), reply) => reply.integer((item.weight() + size_of::<u64>()) as i64),
    }
    Ok(())
}

fn stats(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let server = call.server;
    let (used, resident) = (server.memory_taken(), server.host.usage().resident);
    let peak = server.peak_memory.fetch_max(used, Relaxed).max(used);
    let dataset = server.dataset.weight() as u64;
    let counts = (0..server.settings.databases).map(|database| {
        let parts = call.data.parts(database).map(|(_, part)| part.len());
        (database, parts.sum::<usize>())
    });
    let counts: Vec<(usize, usize)> = counts.filter(|(_, keys)| *keys > 0).collect();
    let keys: usize = counts.iter().map(|(_, keys)| keys).sum();
    let integers = [
        ("peak.allocated", peak),
        ("total.allocated", used),
        ("startup.allocated", 0),
        ("replication.backlog", 0),
        ("clients.slaves", 0),
        ("clients.normal", server.connections_memory()),
        ("cluster.links", 0),
        ("aof.buffer", 0),
        ("lua.caches", 0),
        ("functions.caches", 0),
        ("overhead.total", used - dataset),
        ("keys.count", keys as u64),
        ("keys.bytes-per-key", dataset.checked_div(keys as u64).unwrap_or(0)),
        ("dataset.bytes", dataset),
        ("allocator.resident", resident),
        ("fragmentation.bytes", resident.saturating_sub(used)),
    ];
    let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    let doubles = [
        ("dataset.percentage", 100.0 * share(dataset, used)),
        ("peak.percentage", 100.0 * share(used, peak)),
        ("fragmentation", share(resident, used)),
    ];
    let reply = &mut call.reply;
    reply.map(integers.len() + doubles.len() + counts.len());
    for (name, number) in integers {
        reply.bulk(name.as_bytes());
        reply.integer(number as i64);
    }
    for (database, keys) in counts {
        reply.bulk(format!("db.{database}").as_bytes());
        reply.map(1);
        reply.bulk(b"keys.count");
        reply.integer(keys as i64);
    }
    for (name, number) in doubles {
        reply.bulk(name.as_bytes());
        reply.double_text(&numbers::double_text(number));
    }
    Ok(())
}

fn doctor(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let (used, resident) = (call.server.memory_taken(), call.server.host.usage().resident);
    let text = if used < 5 << 20 {
        "There is too little data to say anything about.\n".to_owned()
    } else if resident > used + used / 2 {
        format!("The process takes {resident} bytes for {used} of data: more than one and a half times as much.\n")
    } else {
        "Nothing stands out.\n".to_owned()
    };
    call.reply.verbatim(b"txt", text.as_bytes());
    Ok(())
}

fn purge(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.ok();
    Ok(())
}

fn allocator(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.bulk(b"Stats not supported for the current allocator");
    Ok(())
}
