//! The reader of logs on anything: it never takes more than there is, what it calls whole it reads again in the same way, and a
//! manifest that it accepts is one that it would write.
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

fuzz_target!(|input: &[u8]| {
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
    // One of remarks alone names no file.
    if let Ok(manifest) = Manifest::parse(input)
        && !manifest.text().is_empty()
    {
        assert_eq!(Manifest::parse(manifest.text().as_bytes()).as_ref(), Ok(&manifest));
    }
});
