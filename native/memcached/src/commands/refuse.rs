//! Values too large for the cache: refused before they have come.

use crate::call::Call;
use crate::request::{KEY_MAX, Request};

const TOO_LARGE: &[u8] = b"SERVER_ERROR object too large for cache\r\n";

/// Whether a body of `length` is too large for what the request wants; then that is said, and where a former value would pass for
/// the refused one (`set`, and `ms` in every mode) it is removed.
#[inline]
pub(crate) fn is_too_large(call: &mut Call<'_>, request: &Request<'_>, length: usize) -> bool {
    let (key, flags) = match request {
        Request::Storage(storage) => (storage.key, storage.flags),
        Request::MetaSet(meta) => (meta.sent_key, meta.flags.client_flags),
        Request::Words(_) => return is_config_too_large(call, request, length),
        _ => return false,
    };
    if !call.is_too_large(key, flags, length) {
        return false;
    }
    refuse(call, request);
    true
}

#[cold]
fn refuse(call: &mut Call<'_>, request: &Request<'_>) {
    call.counters.store_too_large.up();
    let mut scratch = [0; KEY_MAX];
    let former = match request {
        Request::Storage(storage) if storage.command.name == "set" => Some(storage.key),
        Request::MetaSet(meta) => Some(meta.key(&mut scratch)),
        _ => None,
    };
    if let Some(key) = former {
        let key = call.cache.key(key);
        call.cache.alter(&key, call.clock.now).remove();
    }
    let quiet = matches!(request, Request::Storage(storage) if storage.noreply);
    call.answer(quiet, TOO_LARGE);
}

#[cold]
fn is_config_too_large(call: &mut Call<'_>, request: &Request<'_>, length: usize) -> bool {
    let too_large = length > crate::cluster_config::ENTRY_MAX_BYTES;
    if too_large {
        call.answer(request.is_quiet(), TOO_LARGE);
    }
    too_large
}
