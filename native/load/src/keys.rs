//! How key number n is written.

use crate::Settings;

const PREFIX: &[u8] = b"key:";

/// The keys of a run: `key:0000000000000000042`, all of the same length.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// Key number 0.
    template: Vec<u8>,
}

impl Keys {
    pub(crate) fn new(settings: &Settings) -> Self {
        let mut template = vec![b'0'; settings.key_bytes];
        let digits = (settings.keys - 1).checked_ilog10().map_or(1, |log| log as usize + 1);
        let prefix = PREFIX.len().min(settings.key_bytes - digits);
        template[..prefix].copy_from_slice(&PREFIX[..prefix]);
        Self { template }
    }

    /// Appends key number `key`.
    #[inline]
    pub(crate) fn write(&self, key: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.template);
        let mut at = out.len();
        let mut rest = key;
        while rest > 0 {
            at -= 1;
            out[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }

    pub(crate) fn is(&self, key: u64, text: &[u8]) -> bool {
        let mut written = Vec::with_capacity(self.template.len());
        self.write(key, &mut written);
        written == text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(keys: &Keys, key: u64) -> String {
        let mut out = Vec::new();
        keys.write(key, &mut out);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn keys_have_the_length_asked_for() {
        let keys = Keys::new(&Settings { keys: 1_500_000, key_bytes: 23, ..Settings::default() });
        assert_eq!(written(&keys, 0), "key:0000000000000000000");
        assert_eq!(written(&keys, 1_499_999), "key:0000000000001499999");
        assert!(keys.is(42, b"key:0000000000000000042") && !keys.is(42, b"key:0000000000000000043"));
    }

    #[test]
    fn short_keys_keep_their_digits() {
        let keys = Keys::new(&Settings { keys: 1000, key_bytes: 4, ..Settings::default() });
        assert_eq!((written(&keys, 0), written(&keys, 999)), ("k000".to_owned(), "k999".to_owned()));
    }
}
