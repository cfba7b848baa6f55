//! `config get|set|delete <name>`: how ElastiCache clients find the nodes of a cluster. The oldest of them `get` a key instead.

use std::sync::Arc;

use crate::call::Call;
use crate::cluster_config::Entry;
use crate::command::{Command, Route, Shape};
use crate::request::{Admin, BAD_FORMAT, ERROR, KEY_MAX, numbers};
use crate::server::Server;

pub(super) const COMMANDS: &[Command] =
    &[Command { name: "config", shape: Shape::Config { run: config }, route: Route::Here }];

/// The key under which old clients look.
const DISCOVERY_KEY: &[u8] = b"AmazonElastiCache:cluster";

impl Server {
    /// The entry that a `get` of this key, which nobody has stored, answers.
    #[inline]
    pub(crate) fn discovery(&self, key: &[u8]) -> Option<Entry> {
        if key.len() == DISCOVERY_KEY.len() && key == DISCOVERY_KEY { self.config.get(b"cluster") } else { None }
    }
}

fn config(call: &mut Call<'_>, request: &Admin<'_>, body: Option<&[u8]>) {
    let mut words = request.words;
    let (Some(verb), Some(name)) = (words.next(), words.next()) else {
        return call.out.put(ERROR);
    };
    match (verb, body) {
        (b"get", _) => get(call, name),
        (b"set", Some(payload)) => set(call, request, name, words.next(), payload),
        (b"delete", _) if call.server.config.delete(name) => call.answer(request.noreply, b"DELETED\r\n"),
        (b"delete", _) => call.answer(request.noreply, b"NOT_FOUND\r\n"),
        _ => call.out.put(ERROR),
    }
}

fn get(call: &mut Call<'_>, name: &[u8]) {
    if let Some(entry) = call.server.config.get(name) {
        let buffer = call.out.buffer();
        buffer.extend_from_slice(b"CONFIG ");
        buffer.extend_from_slice(name);
        buffer.push(b' ');
        buffer.extend_from_slice(itoa::Buffer::new().format(entry.flags).as_bytes());
        buffer.push(b' ');
        buffer.extend_from_slice(itoa::Buffer::new().format(entry.payload.len()).as_bytes());
        buffer.extend_from_slice(b"\r\n");
        buffer.extend_from_slice(&entry.payload);
        buffer.extend_from_slice(b"\r\n");
    }
    call.out.put(b"END\r\n");
}

fn set(call: &mut Call<'_>, request: &Admin<'_>, name: &[u8], flags: Option<&[u8]>, payload: &[u8]) {
    let flags = flags.and_then(numbers::loose_flags);
    let (Some(flags), true) = (flags, name.len() <= KEY_MAX) else {
        return call.answer(request.noreply, BAD_FORMAT);
    };
    let entry = Entry { name: name.to_vec(), flags, payload: Arc::new(payload.to_vec()) };
    let reply = match call.server.config.set(entry) {
        true => b"STORED\r\n".as_slice(),
        false => b"SERVER_ERROR too many config entries\r\n",
    };
    call.answer(request.noreply, reply);
}
