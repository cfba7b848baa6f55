//! What a run runs: a script, or a function of a library.

use std::sync::Arc;

use crate::scripts::functions::Named;
use crate::scripts::reach::Reached;
use crate::scripts::script::Script;

/// Whoever has one keeps it: it may have been flushed meanwhile.
#[derive(Clone, Debug)]
pub(crate) enum Code {
    Script(Arc<Script>),
    Function(Named),
}

impl Code {
    /// What errors call it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Script(script) => script.name(),
            Self::Function(named) => &named.function().name,
        }
    }

    pub(super) fn reached(&self) -> &Reached {
        match self {
            Self::Script(script) => &script.reached,
            Self::Function(named) => &named.function().reached,
        }
    }
}
