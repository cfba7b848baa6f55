//! The one allocation of an item, behind a thin pointer: a million keys of 16 bytes with values of 32 take 84 bytes each with their
//! table, 179 with a key and a value in boxes of their own. The only unsafe code of this crate.
//!
//! ```text
//!   access u32 │ bytes u16 │ key u8 │ form u8 │ expiry u64 ? │ key's length u64 ? │ Value ? │ key │ bytes
//! ```
//!
//! A short string lies in it as bytes; everything else is a `Value` that it owns.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use crate::{Millis, Value, prefetch};

/// Strings up to this length lie beside their key.
pub(super) const BYTES_MAX: usize = 4096;

/// There is room for an expiry.
const EXPIRES: u8 = 1;
/// The key's length does not fit a byte.
const LONG_KEY: u8 = 2;
/// A `Value` is there, and no bytes.
const OWNS: u8 = 4;
/// A snapshot has no more to do with it.
const MARKED: u8 = 8;

const WORD: usize = size_of::<u64>();

#[derive(Clone, Copy)]
#[repr(C)]
struct Head {
    access: u32,
    bytes: u16,
    key: u8,
    form: u8,
}

const _: () =
    assert!(size_of::<Head>() == WORD && align_of::<Value>() <= WORD && size_of::<Value>().is_multiple_of(WORD));

impl Head {
    #[inline]
    fn is(self, form: u8) -> bool {
        self.form & form != 0
    }

    #[inline]
    fn long_key_at(self) -> usize {
        WORD + WORD * usize::from(self.is(EXPIRES))
    }

    #[inline]
    fn value_at(self) -> usize {
        self.long_key_at() + WORD * usize::from(self.is(LONG_KEY))
    }

    #[inline]
    fn key_at(self) -> usize {
        self.value_at() + size_of::<Value>() * usize::from(self.is(OWNS))
    }
}

/// What the system's allocator gives for so much: 8 bytes more than a multiple of 16, 24 at least.
fn room_for(size: usize) -> usize {
    (size + 7) / 16 * 16 + 8
}

/// What is stored: the value of an item.
pub(super) enum Stored<'a> {
    /// At most `BYTES_MAX`.
    Bytes(&'a [u8]),
    /// Anything.
    Owned(Value),
}

/// An allocation that begins with a `Head` and is as long as that says.
pub(super) struct Block(NonNull<Head>);

// SAFETY: it owns all that it points to, and that is plain bytes and a `Value`.
unsafe impl Send for Block where Value: Send {}
// SAFETY: as above; a shared one changes nothing.
unsafe impl Sync for Block where Value: Sync {}

impl Block {
    /// With room for an expiry if there is one.
    pub(super) fn new(key: &[u8], stored: Stored<'_>, access: u32, expires_at: Option<Millis>) -> Self {
        let bytes = if let Stored::Bytes(bytes) = stored { bytes } else { &[] };
        assert!(bytes.len() <= BYTES_MAX, "longer strings are owned");
        let mut head = Head { access, bytes: bytes.len() as u16, key: key.len().min(255) as u8, form: 0 };
        head.form |= if expires_at.is_some() { EXPIRES } else { 0 };
        head.form |= if key.len() >= 255 { LONG_KEY } else { 0 };
        head.form |= if matches!(stored, Stored::Owned(_)) { OWNS } else { 0 };
        let layout = layout(head.key_at() + key.len() + bytes.len());
        // SAFETY: the layout is not empty; everything written lies within it, at the places where the readers below look, and the
        // words and the `Value` at multiples of eight.
        unsafe {
            let start = alloc(layout);
            let Some(pointer) = NonNull::new(start.cast::<Head>()) else { handle_alloc_error(layout) };
            pointer.write(head);
            if let Some(at) = expires_at {
                start.add(WORD).cast::<u64>().write(at);
            }
            if head.is(LONG_KEY) {
                start.add(head.long_key_at()).cast::<u64>().write(key.len() as u64);
            }
            start.add(head.key_at()).copy_from_nonoverlapping(key.as_ptr(), key.len());
            start.add(head.key_at() + key.len()).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            if let Stored::Owned(value) = stored {
                start.add(head.value_at()).cast::<Value>().write(value);
            }
            Self(pointer)
        }
    }

    /// A hint: its first two lines.
    #[inline]
    pub(super) fn bring(&self) {
        let start = self.0.as_ptr().addr();
        prefetch::line(start);
        prefetch::line(start + prefetch::LINE);
    }

    #[inline]
    fn head(&self) -> Head {
        // SAFETY: a block begins with its head.
        unsafe { self.0.read() }
    }

    #[inline]
    fn start(&self) -> *mut u8 {
        self.0.as_ptr().cast()
    }

    #[inline]
    fn key_len(&self, head: Head) -> usize {
        if !head.is(LONG_KEY) {
            return head.key.into();
        }
        // SAFETY: the form says that the length is there.
        unsafe { self.start().add(head.long_key_at()).cast::<u64>().read() as usize }
    }

    #[inline]
    pub(super) fn key(&self) -> &[u8] {
        let head = self.head();
        // SAFETY: the key is there, as long as the head says, and lives as long as the block.
        unsafe { std::slice::from_raw_parts(self.start().add(head.key_at()), self.key_len(head)) }
    }

    /// The string that lies in it; empty when it owns a value.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        let head = self.head();
        // SAFETY: they stand behind the key, as long as the head says.
        unsafe { std::slice::from_raw_parts(self.start().add(head.key_at() + self.key_len(head)), head.bytes.into()) }
    }

    /// The value that it owns.
    #[inline]
    pub(super) fn value(&self) -> Option<&Value> {
        let head = self.head();
        // SAFETY: the form says that a value is there.
        head.is(OWNS).then(|| unsafe { &*self.start().add(head.value_at()).cast::<Value>() })
    }

    /// The value that it owns.
    pub(super) fn value_mut(&mut self) -> Option<&mut Value> {
        let head = self.head();
        // SAFETY: the form says that a value is there, and nobody else has the block.
        head.is(OWNS).then(|| unsafe { &mut *self.start().add(head.value_at()).cast::<Value>() })
    }

    /// Bytes of the allocation, and what the allocator keeps of it.
    pub(super) fn weight(&self) -> usize {
        self.layout().size() + WORD
    }

    fn layout(&self) -> Layout {
        let head = self.head();
        layout(head.key_at() + self.key_len(head) + usize::from(head.bytes))
    }

    #[inline]
    pub(super) fn access(&self) -> u32 {
        self.head().access
    }

    #[inline]
    pub(super) fn set_access(&mut self, access: u32) {
        // SAFETY: a block begins with its head.
        unsafe { (*self.0.as_ptr()).access = access };
    }

    pub(super) fn is_marked(&self) -> bool {
        self.head().is(MARKED)
    }

    pub(super) fn set_marked(&mut self, is_marked: bool) {
        let form = self.head().form & !MARKED | if is_marked { MARKED } else { 0 };
        // SAFETY: a block begins with its head; the mark says nothing of what lies behind it.
        unsafe { (*self.0.as_ptr()).form = form };
    }

    /// What stands where there is room for an expiry: 0 for none.
    #[inline]
    pub(super) fn expiry(&self) -> Option<Millis> {
        // SAFETY: the form says that it is there.
        self.head().is(EXPIRES).then(|| unsafe { self.start().add(WORD).cast::<u64>().read() })
    }

    /// False without room for it.
    pub(super) fn set_expiry(&mut self, at: Millis) -> bool {
        let has_room = self.head().is(EXPIRES);
        if has_room {
            // SAFETY: the form says that it is there.
            unsafe { self.start().add(WORD).cast::<u64>().write(at) };
        }
        has_room
    }

    /// Other bytes of this length have room in place of those there are.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        let head = self.head();
        let end = head.key_at() + self.key_len(head);
        !head.is(OWNS) && bytes <= BYTES_MAX && room_for(end + bytes) == self.layout().size()
    }

    /// Puts other bytes in place of those there are; false when it owns a value, or they need another allocation.
    pub(super) fn set_bytes(&mut self, bytes: &[u8]) -> bool {
        let head = self.head();
        let end = head.key_at() + self.key_len(head);
        let fits = self.has_room(bytes.len());
        if fits {
            // SAFETY: the allocation is long enough, as just found; nobody else has it.
            unsafe {
                self.start().add(end).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                (*self.0.as_ptr()).bytes = bytes.len() as u16;
            }
        }
        fits
    }

    /// Takes the value that it owns out.
    pub(super) fn into_value(self) -> Option<Value> {
        let (head, layout) = (self.head(), self.layout());
        let this = std::mem::ManuallyDrop::new(self);
        // SAFETY: the value, if the form says that it is there, is moved out once, and the allocation freed without dropping it.
        unsafe {
            let value = head.is(OWNS).then(|| this.start().add(head.value_at()).cast::<Value>().read());
            dealloc(this.start(), layout);
            value
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let (head, layout) = (self.head(), self.layout());
        // SAFETY: as for `into_value`, but dropped in place.
        unsafe {
            if head.is(OWNS) {
                self.start().add(head.value_at()).cast::<Value>().drop_in_place();
            }
            dealloc(self.start(), layout);
        }
    }
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(room_for(size), WORD).expect("a request's key is far shorter than the address space")
}
