//! Sets: different members.

/// Different members.
#[derive(Clone, Debug, Default)]
pub struct Set {
    entries: Vec<Vec<u8>>,
}

impl Set {
    /// Elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Without elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes beside the structure itself; known without a walk.
    #[must_use]
    pub fn weight(&self) -> usize {
        0
    }

    /// As OBJECT ENCODING says it.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        "listpack"
    }

    /// # Panics
    /// When an invariant is broken.
    pub fn validate(&self) {}
}
