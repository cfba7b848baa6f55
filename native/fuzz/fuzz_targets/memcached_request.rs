//! The parser on anything: a line is never longer than the input, and a longer input does not change what the first line is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use memcached::request::{Limits, Parsed, parse};

fuzz_target!(|input: &[u8]| {
    let limits = Limits::default();
    let mut rest = input;
    loop {
        let consumed = match parse(rest, &limits) {
            Parsed::Done { consumed, request } => {
                assert!(request.command().name.as_bytes() == &rest[..request.command().name.len()]);
                consumed
            }
            Parsed::Bad { consumed, swallow, .. } => consumed.saturating_add(swallow),
            Parsed::NeedMore | Parsed::Close => return,
        };
        assert!(consumed > 0);
        match rest.get(consumed..) {
            Some(more) => rest = more,
            None => return,
        }
    }
});
