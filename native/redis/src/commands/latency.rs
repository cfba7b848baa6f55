//! LATENCY: moments in which something took long, and how long each command takes.

use crate::call::Call;
use crate::command::{self, Command, Keys, Run, flag};
use crate::commands::help::help;
use crate::config;
use crate::fault::{Fault, Outcome};
use crate::latency::Event;

const ADMIN: u32 = flag::ADMIN | flag::NOSCRIPT | flag::LOADING | flag::STALE;

pub(super) const COMMANDS: &[Command] =
    &[Command::new("latency", -2, 0, Keys::None, help).about("2.8.13", "What took long, and when.").with(&[
        row("latest", 2, ADMIN, latest).about("2.8.13", "The last moment of each event."),
        row("history", 3, ADMIN, history).about("2.8.13", "The last moments of an event."),
        row("reset", -2, ADMIN, reset).about("2.8.13", "Forgets events, all or those named."),
        row("graph", 3, ADMIN, graph).about("2.8.13", "The last moments of an event, drawn."),
        row("doctor", 2, ADMIN, doctor).about("2.8.13", "What to make of it."),
        row("histogram", -2, ADMIN, histogram).about("7.0.0", "How often commands took how long, all or those named."),
        row("help", 2, flag::LOADING | flag::STALE, help).about("2.8.13", "This text."),
    ])];

const fn row(name: &'static str, arity: i32, flags: u32, run: Run) -> Command {
    Command::new(name, arity, flags, Keys::None, run)
}

fn latest(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let events = call.server.latency.all();
    call.reply.array(events.len());
    for (name, event) in events {
        let (second, milliseconds) = event.samples.back().copied().unwrap_or_default();
        call.reply.array(4);
        call.reply.bulk(name.as_bytes());
        [second, milliseconds, event.most].into_iter().for_each(|number| call.reply.integer(number));
    }
    Ok(())
}

fn history(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let event = call.server.latency.of(words[2]).unwrap_or_default();
    call.reply.array(event.samples.len());
    for (second, milliseconds) in event.samples {
        call.reply.array(2);
        call.reply.integer(second);
        call.reply.integer(milliseconds);
    }
    Ok(())
}

fn reset(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let forgotten = call.server.latency.reset(&words[2..]);
    call.reply.integer(forgotten as i64);
    Ok(())
}

/// A bar for each moment, as high as it was long.
const HEIGHT: i64 = 4;

fn graph(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let name = String::from_utf8_lossy(words[2]).into_owned();
    let event = call.server.latency.of(words[2]);
    let event = event.ok_or_else(|| Fault::made(format!("ERR No samples available for event '{name}'")))?;
    call.reply.verbatim(b"txt", draw(&name, &event).as_bytes());
    Ok(())
}

fn draw(name: &str, event: &Event) -> String {
    let times = || event.samples.iter().map(|(_, milliseconds)| *milliseconds);
    let (least, most) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
    let mut text =
        format!("{name} - high {most} ms, low {least} ms (all time high {} ms)\n{}\n", event.most, "-".repeat(80));
    for level in (1..=HEIGHT).rev() {
        let reaches = |time: i64| time * HEIGHT >= most * level;
        text.extend(times().map(|time| if reaches(time) { '#' } else { '_' }));
        text.push('\n');
    }
    text
}

fn doctor(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let threshold = call.server.config.number(config::LATENCY_THRESHOLD);
    let events = call.server.latency.all();
    let text = match events.as_slice() {
        _ if threshold == 0 => {
            "Latency monitoring is off: CONFIG SET latency-monitor-threshold <milliseconds> turns it on.\n".to_owned()
        }
        [] => "No moment of latency has been recorded.\n".to_owned(),
        events => events
            .iter()
            .map(|(name, event)| {
                format!(
                    "{name}: {} moments of {threshold} ms or more, the longest {} ms.\n",
                    event.samples.len(),
                    event.most
                )
            })
            .collect(),
    };
    call.reply.verbatim(b"txt", text.as_bytes());
    Ok(())
}

fn histogram(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let rows: Vec<&Command> = match &words[2..] {
        [] => command::numbered().to_vec(),
        names => names.iter().flat_map(|name| named(name)).collect(),
    };
    let used = rows.into_iter().map(|row| (row.full_name, call.server.usage_of(row)));
    let used: Vec<_> = used.filter(|(_, usage)| usage.recorded() > 0).collect();
    call.reply.map(used.len());
    for (name, usage) in used {
        call.reply.bulk(name.as_bytes());
        call.reply.map(2);
        call.reply.bulk(b"calls");
        call.reply.integer(usage.recorded() as i64);
        call.reply.bulk(b"histogram_usec");
        // As many as were not longer, up to the bucket that holds them all.
        let sums = usage.histogram.iter().enumerate().scan(0, |sum, (at, count)| {
            *sum += count;
            Some((1_i64 << at, *sum, *count))
        });
        let shown: Vec<_> = sums.filter(|(_, _, count)| *count > 0).collect();
        call.reply.map(shown.len());
        for (bound, sum, _) in shown {
            call.reply.integer(bound);
            call.reply.integer(sum as i64);
        }
    }
    Ok(())
}

/// A command with its subcommands, or one of them.
fn named(name: &[u8]) -> Vec<&'static Command> {
    let is_it = |row: &&Command| {
        let full = row.full_name.as_bytes();
        full.eq_ignore_ascii_case(name)
            || full.split(|byte| *byte == b'|').next().is_some_and(|parent| parent.eq_ignore_ascii_case(name))
    };
    command::numbered().iter().copied().filter(is_it).collect()
}
