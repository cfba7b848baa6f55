//! Where replies go, and how far a call of `serve` came: the reactor's words, mirrored, for this crate must not know it.

use std::ops::Range;
use std::sync::Arc;

/// The reply of one connection.
pub trait Output {
    /// Appends a copy.
    fn put(&mut self, bytes: &[u8]);
    /// The buffer itself, to append to; what is there already must stay.
    fn buffer(&mut self) -> &mut Vec<u8>;
    /// Appends a part of a large value without copying it.
    fn share(&mut self, value: Arc<Vec<u8>>, range: Range<usize>);
    /// So much waits to be sent that nothing more should be produced.
    fn is_full(&self) -> bool;
}

/// How far `serve` came with its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This many bytes are done; the rest waits until more input arrives.
    Consumed(usize),
    /// This many are done; call again with the rest after others had their turn.
    Yield(usize),
    /// This many are done; call again with the rest once the reply has drained.
    Blocked(usize),
    /// Send what the reply holds, then close.
    Close,
}

/// Plain bytes, for tests and for texts that a program asks for.
impl Output for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn buffer(&mut self) -> &mut Vec<u8> {
        self
    }

    fn share(&mut self, value: Arc<Vec<u8>>, range: Range<usize>) {
        self.extend_from_slice(&value[range]);
    }

    fn is_full(&self) -> bool {
        false
    }
}
