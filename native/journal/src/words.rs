//! Words as the bytes of a command: an array of bulk strings.

/// Appends a command.
#[inline]
pub fn put(bytes: &mut Vec<u8>, words: &[&[u8]]) {
    put_count(bytes, b'*', words.len());
    for word in words {
        put_count(bytes, b'$', word.len());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
}

/// Appends the command that makes a database that of the commands behind it.
pub fn put_select(bytes: &mut Vec<u8>, database: usize) {
    put(bytes, &[b"SELECT", itoa::Buffer::new().format(database).as_bytes()]);
}

#[inline]
fn put_count(bytes: &mut Vec<u8>, kind: u8, count: usize) {
    if count < 10 {
        bytes.extend_from_slice(&[kind, b'0' + count as u8, b'\r', b'\n']);
        return;
    }
    bytes.push(kind);
    bytes.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
    bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_any_size() {
        let mut bytes = Vec::new();
        put(&mut bytes, &[b"SET", b"", &[b'x'; 12]]);
        put_select(&mut bytes, 10);
        assert_eq!(bytes, b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$12\r\nxxxxxxxxxxxx\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n10\r\n");
    }
}
