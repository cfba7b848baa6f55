//! INFO: what the server says of itself, in sections of lines `name:value`, as clients and exporters read them.

mod durability;
mod log;
mod memory;
mod persistence;
mod process;
mod replication;
mod statistics;

use std::fmt::{Display, Write};

use dataset::{Locked, Millis, Shards};

use crate::attached::Attached;
use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::Outcome;
use crate::server::Server;
use crate::words;

pub(super) const COMMANDS: &[Command] = &[Command::new("info", -1, flag::LOADING | flag::STALE, Keys::All, info)
    .of(&["dangerous"])
    .about("1.0.0", "What the server says of itself, by sections.")];

/// What a section is written from and to.
struct Report<'r, 'd> {
    server: &'r Server,
    data: &'r Locked<'d, Attached>,
    now: Millis,
    text: String,
}

impl Report<'_, '_> {
    fn line(&mut self, name: &str, value: impl Display) {
        // A String takes everything that is written to it.
        let _ = write!(self.text, "{name}:{value}\r\n");
    }

    /// Names of what does not exist here, or has not happened, but is read by others.
    fn zeros(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.line(name, 0));
    }
}

/// One section: its title, whether it is shown without being asked for, whether it reads the data, and what writes it.
struct Section {
    title: &'static str,
    is_default: bool,
    reads_data: bool,
    write: fn(&mut Report<'_, '_>),
}

const fn section(title: &'static str, write: fn(&mut Report<'_, '_>)) -> Section {
    Section { title, is_default: true, reads_data: false, write }
}

const SECTIONS: &[Section] = &[
    section("Server", process::server),
    section("Clients", process::clients),
    section("Memory", memory::memory),
    section("Persistence", persistence::persistence),
    section("Durability", durability::durability),
    section("Stats", statistics::stats),
    section("Replication", replication::replication),
    section("CPU", process::processor),
    section("Modules", |_| {}),
    Section { is_default: false, ..section("Commandstats", statistics::commands) },
    section("Errorstats", statistics::errors),
    Section { is_default: false, ..section("Latencystats", statistics::latencies) },
    section("Cluster", |report| report.line("cluster_enabled", 0)),
    Section { reads_data: true, ..section("Keyspace", statistics::keyspace) },
];

fn info(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    call.session.note(call.now);
    let text = describe(call.server, call.data, call.now, &words[1..]);
    call.reply.verbatim(b"txt", text.as_bytes());
    Ok(())
}

fn describe(server: &Server, data: &Locked<'_, Attached>, now: Millis, wanted: &[&[u8]]) -> String {
    let mut report = Report { server, data, now, text: String::new() };
    for section in sections(wanted) {
        if !report.text.is_empty() {
            report.text.push_str("\r\n");
        }
        report.text.push_str(&format!("# {}\r\n", section.title));
        (section.write)(&mut report);
    }
    report.text
}

fn sections(wanted: &[&[u8]]) -> impl Iterator<Item = &'static Section> {
    let has = |name: &str| wanted.iter().any(|word| words::is(word, name));
    let everything = has("all") || has("everything");
    let default = wanted.is_empty() || has("default");
    SECTIONS.iter().filter(move |section| everything || default && section.is_default || has(section.title))
}

impl Server {
    /// What INFO says about this section (`""`: the usual ones), line by line. Waits for a script that runs only if the section reads
    /// the data.
    #[must_use]
    pub fn info(&self, section: &str, now: Millis) -> Vec<(String, String)> {
        let wanted = [section.as_bytes()];
        let wanted = if section.is_empty() { &[][..] } else { &wanted };
        let shards = if sections(wanted).any(|section| section.reads_data) { Shards::ALL } else { Shards::NONE };
        let text = describe(self, &self.dataset.lock(shards), now, wanted);
        let pair = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
        text.lines().filter_map(pair).collect()
    }
}

/// Bytes as people read them: `1.50M`.
pub(super) fn human(bytes: u64) -> String {
    let units = [(1_u64 << 40, 'T'), (1 << 30, 'G'), (1 << 20, 'M'), (1 << 10, 'K')];
    match units.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, letter)) => format!("{:.2}{letter}", bytes as f64 / *unit as f64),
        None => format!("{bytes}B"),
    }
}
