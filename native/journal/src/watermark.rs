//! How far something has come in the stream, and who is told when it has come further.
//!
//! ```text
//!   who waits:  bell = watermark.bell(ring)      once
//!               bell.arm(); look at the watermark once more; sleep      each time
//!   who moves:  watermark.raise(offset)          rings armed bells, each once
//! ```

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Release, Ordering::SeqCst, fence};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

/// An offset that only grows, but for `reset`.
#[derive(Debug, Default)]
pub struct Watermark {
    offset: AtomicU64,
    bells: Mutex<Vec<Weak<Bell>>>,
    /// A bell may be armed: who moves the watermark looks at the list.
    is_awaited: Arc<AtomicBool>,
}

/// Rings when its watermark has moved, if it was armed since it last rang. It is gone when its owner drops it.
pub struct Bell {
    is_armed: AtomicBool,
    is_awaited: Arc<AtomicBool>,
    ring: Box<dyn Fn() + Send + Sync>,
}

impl Watermark {
    /// How far it is.
    #[inline]
    pub fn get(&self) -> u64 {
        self.offset.load(SeqCst)
    }

    /// Moves it, if that is forward, and rings.
    pub fn raise(&self, offset: u64) {
        self.offset.fetch_max(offset, SeqCst);
        self.ring();
    }

    /// Moves it and leaves the ringing to the end of what goes on. One at a time does that, and only forwards.
    #[inline]
    pub(crate) fn follow(&self, offset: u64) {
        self.offset.store(offset, Release);
    }

    /// Puts it anywhere: another stream begins.
    pub(crate) fn reset(&self, offset: u64) {
        self.offset.store(offset, SeqCst);
        self.ring();
    }

    /// Rings the bells that are armed.
    #[inline]
    pub(crate) fn ring(&self) {
        // Who arms a bell looks at the offset afterwards: either he sees it, or his bell is seen here.
        fence(SeqCst);
        if self.is_awaited.load(SeqCst) {
            self.ring_all();
        }
    }

    #[cold]
    fn ring_all(&self) {
        self.is_awaited.store(false, SeqCst);
        self.bells.lock().retain(|bell| {
            let Some(bell) = bell.upgrade() else { return false };
            if bell.is_armed.swap(false, SeqCst) {
                (bell.ring)();
            }
            true
        });
    }

    /// A bell, not armed. `ring` is called by whoever moves the watermark: it must be short, as a waker is.
    pub fn bell(&self, ring: impl Fn() + Send + Sync + 'static) -> Arc<Bell> {
        let (is_armed, is_awaited) = (AtomicBool::new(false), self.is_awaited.clone());
        let bell = Arc::new(Bell { is_armed, is_awaited, ring: Box::new(ring) });
        self.bells.lock().push(Arc::downgrade(&bell));
        bell
    }
}

impl Bell {
    /// The next movement rings. One that came just before may not: look at the watermark after this.
    pub fn arm(&self) {
        self.is_armed.store(true, SeqCst);
        self.is_awaited.store(true, SeqCst);
    }
}

impl Bell {
    /// Who is about to look at the watermark anyway need not be told.
    pub fn disarm(&self) {
        self.is_armed.store(false, SeqCst);
    }
}

impl std::fmt::Debug for Bell {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Bell").field("is_armed", &self.is_armed).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn an_armed_bell_rings_once() {
        let (watermark, count) = (Watermark::default(), Arc::new(AtomicUsize::new(0)));
        let counted = count.clone();
        let bell = watermark.bell(move || _ = counted.fetch_add(1, SeqCst));
        watermark.raise(1);
        assert_eq!(count.load(SeqCst), 0, "not armed");
        bell.arm();
        watermark.raise(2);
        watermark.raise(3);
        assert_eq!((count.load(SeqCst), watermark.get()), (1, 3));
        bell.arm();
        drop(bell);
        watermark.raise(4);
        assert_eq!(count.load(SeqCst), 1, "gone");
        watermark.raise(2);
        assert_eq!(watermark.get(), 4, "never back");
    }
}
