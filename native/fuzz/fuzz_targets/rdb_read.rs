//! Any bytes as an RDB file and as a payload: never a panic, and no more memory than the bytes warrant.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdb::{Crc64, Event, payload, read};

/// What a byte of input may become: 88 bytes by the longest repetition of a compressed string, and those three digits each.
const EXPANSION_MAX: usize = 300;

fn told(event: &Event<'_>) -> usize {
    match event {
        Event::String(bytes) | Event::Element(bytes) => bytes.len(),
        Event::Field { field, value } => field.len() + value.len(),
        Event::Member { member, .. } => member.len(),
        _ => 0,
    }
}

fuzz_target!(|bytes: &[u8]| {
    for magic in ["REDIS0012", "VALKEY080"] {
        let file = [magic.as_bytes(), bytes].concat();
        let mut sum = 0;
        // What is wrong with it is nothing that is looked for here.
        let _ = read(&file[..], |event| {
            sum += told(&event);
            Ok(())
        });
        assert!(sum <= EXPANSION_MAX * file.len());
    }
    let _ = read(bytes, |_| Ok(()));
    let mut sealed = [bytes, &[11, 0]].concat();
    sealed.extend_from_slice(&Crc64::of(&sealed).to_le_bytes());
    if let Some(opened) = payload::open(&sealed) {
        let _ = opened.read(|_| Ok(()));
    }
});
