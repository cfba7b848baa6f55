//! What a script may do: what its first line says, what the command that runs it allows, and whether memory is left.

use crate::fault::Fault;
use crate::scripts::shebang::{ALLOW_OOM, Header, NO_WRITES};

/// The terms of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// It may write nothing.
    pub(super) is_read_only: bool,
    /// It may call nothing that takes memory, before it has written something.
    pub(super) is_short: bool,
}

impl Terms {
    /// # Errors
    /// It does not say that it writes nothing, and must not write; or that it needs no memory, and there is none.
    pub(crate) fn of(header: Header, is_read_only: bool, is_short: bool) -> Result<Self, Fault> {
        if !header.is_there {
            return Ok(Self { is_read_only, is_short });
        }
        let has = |flag| header.flags & flag != 0;
        if is_read_only && !has(NO_WRITES) {
            return Err(Fault::of("ERR Can not execute a script with write flag using *_ro command."));
        }
        if is_short && !has(ALLOW_OOM) && !has(NO_WRITES) {
            return Err(Fault::of(
                "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
            ));
        }
        Ok(Self { is_read_only: has(NO_WRITES), is_short: is_short && !has(ALLOW_OOM) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(flags: Option<u32>, is_read_only: bool, is_short: bool) -> Result<(bool, bool), bool> {
        let header = Header { is_there: flags.is_some(), flags: flags.unwrap_or(0), length: 0 };
        let terms = Terms::of(header, is_read_only, is_short);
        terms.map(|terms| (terms.is_read_only, terms.is_short)).map_err(|fault| fault.0.starts_with(b"OOM"))
    }

    #[test]
    fn the_first_line_is_kept_to() {
        assert_eq!(terms(None, true, true), Ok((true, true)));
        assert_eq!(terms(Some(0), false, false), Ok((false, false)));
        assert_eq!(terms(Some(NO_WRITES), false, false), Ok((true, false)));
        assert_eq!(terms(Some(0), true, false), Err(false));
        assert_eq!(terms(Some(0), false, true), Err(true));
        assert_eq!(terms(Some(NO_WRITES), true, true), Ok((true, true)));
        assert_eq!(terms(Some(ALLOW_OOM), false, true), Ok((false, false)));
    }
}
