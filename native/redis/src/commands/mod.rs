//! Every command: a family a file, a row and a function each.

mod acl;
mod bitmaps;
mod client;
mod cluster;
mod command;
mod config;
mod connection;
mod debug;
mod geo;
mod group;
mod hashes;
mod help;
mod hyperloglog;
mod info;
mod keys;
mod latency;
mod lists;
mod memory;
mod persistence;
mod pubsub;
mod replication;
mod scripts;
mod server;
mod sets;
mod slowlog;
mod sorted_sets;
mod streams;
mod strings;
mod transactions;

pub(crate) use client::line as client_line;

use crate::command::Command;

/// All rows.
pub(crate) static FAMILIES: &[&[Command]] = &[
    bitmaps::bits::COMMANDS,
    bitmaps::combine::COMMANDS,
    bitmaps::fields::COMMANDS,
    bitmaps::search::COMMANDS,
    acl::COMMANDS,
    client::COMMANDS,
    cluster::COMMANDS,
    command::COMMANDS,
    config::COMMANDS,
    connection::COMMANDS,
    debug::COMMANDS,
    geo::COMMANDS,
    hashes::numbers::COMMANDS,
    hashes::random::COMMANDS,
    hashes::read::COMMANDS,
    hashes::write::COMMANDS,
    hyperloglog::commands::COMMANDS,
    group::COMMANDS,
    info::COMMANDS,
    keys::COMMANDS,
    keys::expiry::COMMANDS,
    keys::object::COMMANDS,
    keys::serialized::COMMANDS,
    keys::sort::COMMANDS,
    keys::space::COMMANDS,
    keys::walk::COMMANDS,
    latency::COMMANDS,
    lists::blocking::COMMANDS,
    lists::ends::COMMANDS,
    lists::moves::COMMANDS,
    lists::places::COMMANDS,
    sets::algebra::COMMANDS,
    sets::chance::COMMANDS,
    sets::members::COMMANDS,
    sorted_sets::add::COMMANDS,
    sorted_sets::combine::COMMANDS,
    sorted_sets::pop::COMMANDS,
    sorted_sets::random::COMMANDS,
    sorted_sets::range::COMMANDS,
    sorted_sets::read::COMMANDS,
    sorted_sets::remove::COMMANDS,
    streams::add::COMMANDS,
    streams::claim::COMMANDS,
    streams::groups::COMMANDS,
    streams::info::COMMANDS,
    streams::pending::COMMANDS,
    streams::range::COMMANDS,
    streams::read::COMMANDS,
    pubsub::COMMANDS,
    memory::COMMANDS,
    persistence::log::COMMANDS,
    persistence::snapshots::COMMANDS,
    replication::failover::COMMANDS,
    replication::roles::COMMANDS,
    replication::stream::COMMANDS,
    replication::wait::COMMANDS,
    scripts::COMMANDS,
    server::COMMANDS,
    slowlog::COMMANDS,
    strings::change::COMMANDS,
    strings::get::COMMANDS,
    strings::lcs::COMMANDS,
    strings::numbers::COMMANDS,
    strings::set::COMMANDS,
    transactions::COMMANDS,
];
