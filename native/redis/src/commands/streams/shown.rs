//! How ids and entries are answered.

use dataset::{Element, Entry, Id};
use resp::Writer;

/// The longest text of an id.
const ID_MAX: usize = 41;

/// An id as its text.
pub(super) fn id_text(id: Id) -> smallvec::SmallVec<[u8; ID_MAX]> {
    let mut text = smallvec::SmallVec::new();
    text.extend_from_slice(itoa::Buffer::new().format(id.ms).as_bytes());
    text.push(b'-');
    text.extend_from_slice(itoa::Buffer::new().format(id.seq).as_bytes());
    text
}

pub(super) fn write_id(reply: &mut Writer<'_>, id: Id) {
    reply.bulk(&id_text(id));
}

/// An id, and an array of fields and values.
pub(super) fn write_entry(reply: &mut Writer<'_>, entry: Entry<'_>) {
    reply.array(2);
    write_id(reply, entry.id);
    reply.array(2 * entry.len());
    for (field, value) in entry {
        write_element(reply, field);
        write_element(reply, value);
    }
}

fn write_element(reply: &mut Writer<'_>, element: Element<'_>) {
    match element {
        Element::Integer(value) => reply.bulk_integer(value),
        Element::Bytes(bytes) => reply.bulk(bytes),
    }
}

/// What `write` writes, behind an array's head that counts it.
pub(super) fn write_counted(reply: &mut Writer<'_>, write: impl FnOnce(&mut Writer<'_>) -> usize) {
    let mut body = Vec::new();
    let count = write(&mut Writer::new(&mut body, reply.version()));
    reply.array(count);
    reply.buffer().extend_from_slice(&body);
}
