//! Base64 of binary keys (meta flag `b`).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The value of each letter; 0xff for what is none.
const VALUES: [u8; 256] = {
    let mut values = [0xff; 256];
    let mut index = 0;
    while index < 64 {
        values[ALPHABET[index] as usize] = index as u8;
        index += 1;
    }
    values
};

/// Decodes into `out` and says how many bytes that made; what follows a padded group is not looked at, as in memcached.
/// `None` for what is not base64, or nothing.
#[must_use]
pub fn decode(text: &[u8], out: &mut [u8]) -> Option<usize> {
    if text.is_empty() || !text.len().is_multiple_of(4) || text.len() / 4 * 3 > out.len() {
        return None;
    }
    let mut length = 0;
    for group in text.chunks_exact(4) {
        let padding = match (group[2], group[3]) {
            (b'=', b'=') => 2,
            (_, b'=') => 1,
            _ => 0,
        };
        let mut bits = 0u32;
        for &letter in &group[..4 - padding] {
            let value = VALUES[usize::from(letter)];
            if value == 0xff {
                return None;
            }
            bits = bits << 6 | u32::from(value);
        }
        let bytes = (bits << (6 * padding)).to_be_bytes();
        out[length..length + 3].copy_from_slice(&bytes[1..]);
        length += 3 - padding;
        if padding > 0 {
            break;
        }
    }
    Some(length)
}

/// Appends the base64 form of `bytes`.
pub fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    for group in bytes.chunks(3) {
        let padded = [0, group[0], *group.get(1).unwrap_or(&0), *group.get(2).unwrap_or(&0)];
        let bits = u32::from_be_bytes(padded);
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place)) as usize & 63];
            out.push(if place > group.len() { b'=' } else { letter });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for key in [b"a".as_slice(), b"ab", b"abc", b"bin\0key", &[0xff; 187]] {
            let mut text = Vec::new();
            encode(key, &mut text);
            let mut out = [0; 192];
            assert_eq!(decode(&text, &mut out).map(|length| &out[..length]), Some(key));
        }
    }

    #[test]
    fn what_is_not_base64() {
        let mut out = [0; 192];
        for text in ["", "Y", "zz", "zzz", "YQ=", "!!!!", "Y===", "===="] {
            assert_eq!(decode(text.as_bytes(), &mut out), None, "{text}");
        }
        assert_eq!(decode(b"YQ==YQ==", &mut out), Some(1));
    }
}
