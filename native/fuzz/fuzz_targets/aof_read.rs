//! The reader of logs on anything: it never takes more than there is, what it calls whole it reads again in the same way, and a
//! manifest that it accepts is one that it would write. The same with marks whose checksums are right: then no byte that a mark covers
//! can change unnoticed.
#![no_main]

use journal::aof::{Damage, Manifest, Outcome, Piece, read};
use libfuzzer_sys::fuzz_target;

fn commands(bytes: &[u8]) -> (Result<Outcome, Damage>, usize) {
    let mut taken = 0;
    let outcome = read(bytes, 0, bytes.len() as u64, &mut |piece| {
        if let Piece::Command(words, raw) = piece {
            assert!(words.iter().map(|word| word.len()).sum::<usize>() <= raw.len());
            taken += raw.len();
        }
        Ok(())
    });
    assert!(taken <= bytes.len());
    (outcome.expect("memory can be read"), taken)
}

/// The input with a checksum behind each line that is a mark but for that.
fn sealed(input: &[u8]) -> Vec<u8> {
    let (mut bytes, mut crc) = (Vec::new(), crc32fast::Hasher::new());
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        let mark = line.strip_suffix(b"\n").filter(|line| line.starts_with(b"#MC:e="));
        crc.update(mark.unwrap_or(line));
        bytes.extend_from_slice(mark.unwrap_or(line));
        if mark.is_some() {
            bytes.extend_from_slice(format!(",crc={:08x}\r\n", crc.clone().finalize()).as_bytes());
            crc.reset();
        }
    }
    bytes
}

fn hold(input: &[u8]) {
    match commands(input).0 {
        Ok(outcome) => {
            assert!(outcome.whole <= input.len() as u64);
            let again = commands(&input[..outcome.whole as usize]).0.expect("what is whole is right");
            assert!(!again.is_truncated && again.whole == outcome.whole && again.position == outcome.position);
        }
        Err(damage) => {
            assert!(damage.at <= input.len() as u64 && damage.right <= damage.at);
            assert!(commands(&input[..damage.right as usize]).0.is_ok(), "what is right is right");
        }
    }
}

/// A changed byte up to the last mark: it is found, or the mark is none any more.
fn change(mut bytes: Vec<u8>, at: usize) {
    let Ok(outcome) = commands(&bytes).0 else { return };
    let covered = outcome.whole.saturating_sub(outcome.unmarked) as usize;
    if outcome.marks == 0 || !outcome.ends_with_mark {
        return;
    }
    bytes[at % covered] ^= 1 << (at % 8);
    let marks = commands(&bytes).0.map_or(0, |changed| changed.marks);
    assert!(marks < outcome.marks, "{marks} of {} marks hold", outcome.marks);
}

fuzz_target!(|input: &[u8]| {
    hold(input);
    let sealed = sealed(input);
    hold(&sealed);
    change(sealed, input.len() * 31);
    // One of remarks alone names no file.
    if let Ok(manifest) = Manifest::parse(input)
        && !manifest.text().is_empty()
    {
        assert_eq!(Manifest::parse(manifest.text().as_bytes()).as_ref(), Ok(&manifest));
    }
});
