//! Whose stream this is: its name, the name that it had before, and the epoch of the primary that writes it.

/// Grows with each primary of a group; 0 where there is none.
pub type Epoch = u64;

/// Forty hexadecimal digits that name a stream: two servers with the same one hold the same bytes at the same offsets.
pub type ReplicationId = [u8; 40];

/// The names of a stream. Up to `second_end` its bytes are also those of the stream called `second`, so who followed that one goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Its name now.
    pub replid: ReplicationId,
    /// Its former name; zeros without one.
    pub second: ReplicationId,
    /// Bytes of the stream that bear the former name; `None` without one.
    pub second_end: Option<u64>,
    /// Of its primary.
    pub epoch: Epoch,
}

/// Stands for no name.
pub const NOBODY: ReplicationId = [b'0'; 40];

impl History {
    /// A stream that begins.
    #[must_use]
    pub fn new(replid: ReplicationId) -> Self {
        Self { replid, second: NOBODY, second_end: None, epoch: 0 }
    }

    /// The stream from offset `end` on has another name: its replica has become a primary.
    pub fn shift(&mut self, replid: ReplicationId, end: u64) {
        (self.second, self.second_end) = (self.replid, Some(end));
        self.replid = replid;
    }

    /// Whether one who has the first `offset` bytes of the stream of this name has the first bytes of this one.
    #[must_use]
    pub fn has(&self, replid: &ReplicationId, offset: u64) -> bool {
        *replid == self.replid || (*replid == self.second && self.second_end.is_some_and(|end| offset <= end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_name_counts_up_to_where_it_ended() {
        let mut history = History::new([b'a'; 40]);
        history.shift([b'b'; 40], 100);
        assert!(history.has(&[b'b'; 40], 1000));
        assert!(history.has(&[b'a'; 40], 100));
        assert!(!history.has(&[b'a'; 40], 101));
        assert!(!history.has(&NOBODY, 0));
    }
}
