//! Writes replies, in the version that the connection speaks: what version 2 has no type for is written as its clients expect.

/// The protocol's version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// RESP2.
    #[default]
    Two,
    /// RESP3, after `HELLO 3`.
    Three,
}

/// Appends replies to a buffer.
#[derive(Debug)]
pub struct Writer<'b> {
    buffer: &'b mut Vec<u8>,
    version: Version,
}

impl<'b> Writer<'b> {
    /// Appends to `buffer`.
    #[inline]
    pub fn new(buffer: &'b mut Vec<u8>, version: Version) -> Self {
        Self { buffer, version }
    }

    /// The version that is written.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// From now on another one (`HELLO`).
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// The buffer itself: what is appended must be whole replies of this version.
    #[inline]
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        self.buffer
    }

    fn is_three(&self) -> bool {
        self.version == Version::Three
    }

    /// Up to three digits are appended at one go: a string is written in 30 instructions less.
    #[inline]
    fn line(&mut self, kind: u8, number: i64) {
        let digit = |unit: i64| b'0' + (number / unit % 10) as u8;
        match number {
            0..=9 => self.buffer.extend_from_slice(&[kind, digit(1), b'\r', b'\n']),
            10..=99 => self.buffer.extend_from_slice(&[kind, digit(10), digit(1), b'\r', b'\n']),
            100..=999 => self.buffer.extend_from_slice(&[kind, digit(100), digit(10), digit(1), b'\r', b'\n']),
            _ => self.long_line(kind, number),
        }
    }

    fn long_line(&mut self, kind: u8, number: i64) {
        self.buffer.push(kind);
        self.buffer.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// `+OK`.
    #[inline]
    pub fn ok(&mut self) {
        self.buffer.extend_from_slice(b"+OK\r\n");
    }

    /// A short text without line ends.
    pub fn simple(&mut self, text: &str) {
        self.buffer.push(b'+');
        self.buffer.extend_from_slice(text.as_bytes());
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// An error, its code first: `ERR …`, `WRONGTYPE …`. Line ends become spaces.
    pub fn error(&mut self, text: &[u8]) {
        self.buffer.push(b'-');
        self.buffer.extend(text.iter().map(|&byte| if byte == b'\r' || byte == b'\n' { b' ' } else { byte }));
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// An integer.
    #[inline]
    pub fn integer(&mut self, value: i64) {
        self.line(b':', value);
    }

    /// A string of any bytes.
    #[inline]
    pub fn bulk(&mut self, bytes: &[u8]) {
        self.line(b'$', bytes.len() as i64);
        self.buffer.extend_from_slice(bytes);
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// A string of any bytes, or no value.
    #[inline]
    pub fn bulk_or_null(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bulk(bytes),
            None => self.null(),
        }
    }

    /// An integer as a string.
    pub fn bulk_integer(&mut self, value: i64) {
        self.bulk(itoa::Buffer::new().format(value).as_bytes());
    }

    /// No value.
    #[inline]
    pub fn null(&mut self) {
        self.buffer.extend_from_slice(if self.is_three() { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// No array.
    pub fn null_array(&mut self) {
        self.buffer.extend_from_slice(if self.is_three() { b"_\r\n" } else { b"*-1\r\n" });
    }

    /// So many replies follow.
    pub fn array(&mut self, count: usize) {
        self.line(b'*', count as i64);
    }

    /// So many pairs of replies follow.
    pub fn map(&mut self, pairs: usize) {
        if self.is_three() { self.line(b'%', pairs as i64) } else { self.line(b'*', 2 * pairs as i64) }
    }

    /// So many different replies follow.
    pub fn set(&mut self, count: usize) {
        self.line(if self.is_three() { b'~' } else { b'*' }, count as i64);
    }

    /// Something that was not asked for, of so many replies.
    pub fn push(&mut self, count: usize) {
        self.line(if self.is_three() { b'>' } else { b'*' }, count as i64);
    }

    /// True or false; 1 or 0 in version 2.
    pub fn boolean(&mut self, value: bool) {
        if self.is_three() {
            self.buffer.extend_from_slice(if value { b"#t\r\n" } else { b"#f\r\n" });
        } else {
            self.integer(value.into());
        }
    }

    /// A floating-point number that is given as text already; a string in version 2.
    pub fn double_text(&mut self, text: &[u8]) {
        if self.is_three() {
            self.buffer.push(b',');
            self.buffer.extend_from_slice(text);
            self.buffer.extend_from_slice(b"\r\n");
        } else {
            self.bulk(text);
        }
    }

    /// A text for people, with its format (`txt`, `mkd`); a string in version 2.
    pub fn verbatim(&mut self, format: &[u8; 3], text: &[u8]) {
        if self.is_three() {
            self.line(b'=', text.len() as i64 + 4);
            self.buffer.extend_from_slice(format);
            self.buffer.push(b':');
            self.buffer.extend_from_slice(text);
            self.buffer.extend_from_slice(b"\r\n");
        } else {
            self.bulk(text);
        }
    }
}
