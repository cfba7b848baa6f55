//! What the answers of meta commands are made of.

use cache::Seconds;

use crate::base64;
use crate::request::Meta;

/// ` k<key>`, base64 and ` b` if it came so.
pub(super) fn put_key(buffer: &mut Vec<u8>, meta: &Meta<'_>, key: &[u8]) {
    buffer.extend_from_slice(b" k");
    if meta.flags.has(b'b') {
        base64::encode(key, buffer);
        buffer.extend_from_slice(b" b");
    } else {
        buffer.extend_from_slice(key);
    }
}

/// ` <word>`: an opaque token goes back as it came.
pub(super) fn put_word(buffer: &mut Vec<u8>, word: &[u8]) {
    buffer.push(b' ');
    buffer.extend_from_slice(word);
}

/// ` <letter><number>`.
pub(super) fn put_number(buffer: &mut Vec<u8>, letter: u8, number: u64) {
    buffer.extend_from_slice(&[b' ', letter]);
    buffer.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// ` t<seconds left>`, -1 for never. What has expired while it was looked at wraps round, as in memcached.
pub(super) fn put_time_left(buffer: &mut Vec<u8>, expires_at: Seconds, now: Seconds) {
    match expires_at {
        0 => buffer.extend_from_slice(b" t-1"),
        _ => put_number(buffer, b't', expires_at.wrapping_sub(now).into()),
    }
}

/// `<code>` and, in the order asked, opaque and key: what is answered when there is no item to speak of.
pub(super) fn put_plain(buffer: &mut Vec<u8>, code: &[u8], meta: &Meta<'_>, key: &[u8]) {
    buffer.extend_from_slice(code);
    for word in meta.flags.words {
        match word[0] {
            b'O' => put_word(buffer, word),
            b'k' => put_key(buffer, meta, key),
            _ => {}
        }
    }
    buffer.extend_from_slice(b"\r\n");
}
