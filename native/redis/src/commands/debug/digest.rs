//! DEBUG DIGEST and DEBUG DIGEST-VALUE: Redis's own hash of its data, so that two servers can be compared. What has no order is mixed
//! by XOR, what has one by hashing on.

use dataset::{Item, View};
use sha1::{Digest as _, Sha1};

use crate::call::Call;
use crate::fault::Outcome;

/// What DIGEST adds for a key that expires, whenever that is.
const EXPIRES: &[u8] = b"!!expire!!";

#[derive(Default)]
struct Digest([u8; 20]);

impl Digest {
    fn xor(&mut self, bytes: &[u8]) {
        let hash = Sha1::digest(bytes);
        self.0.iter_mut().zip(hash).for_each(|(own, other)| *own ^= other);
    }

    fn mix(&mut self, bytes: &[u8]) {
        self.xor(bytes);
        self.0 = Sha1::digest(self.0).into();
    }

    fn mix_number(&mut self, number: u32) {
        self.mix(&number.to_be_bytes());
    }

    /// One element of several parts.
    fn xor_all(&mut self, parts: &[&[u8]]) {
        let mut element = Self::default();
        parts.iter().for_each(|part| element.mix(part));
        self.xor(&element.0);
    }

    fn item(&mut self, item: &Item) {
        match item.view() {
            View::String(bytes) => {
                self.mix_number(0);
                self.mix(bytes);
            }
            View::List(list) => {
                self.mix_number(1);
                list.iter().for_each(|element| self.mix(element));
            }
            View::Set(set) => {
                self.mix_number(2);
                set.iter().for_each(|member| self.xor(&member));
            }
            View::SortedSet(sorted) => {
                self.mix_number(3);
                sorted.iter().for_each(|(member, score)| self.xor_all(&[member, general(score).as_bytes()]));
            }
            View::Hash(hash) => {
                self.mix_number(4);
                hash.each(|field, value| self.xor_all(&[field, value]));
            }
            View::Stream(stream) => {
                self.mix_number(6);
                for entry in stream.ascending(dataset::Id::ZERO..=dataset::Id::MAX) {
                    self.mix(format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
                    entry.for_each(|(field, value)| {
                        self.mix(&field.to_bytes());
                        self.mix(&value.to_bytes());
                    });
                }
            }
        }
        if item.expires_at().is_some() {
            self.xor(EXPIRES);
        }
    }

    fn hexadecimal(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A number as `%.17g` writes it.
fn general(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:.16e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
    };
    if (-4..17).contains(&exponent) {
        trimmed(&format!("{number:.*}", usize::try_from(16 - exponent).unwrap_or(0)))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trimmed(digits), exponent.abs())
    }
}

pub(super) fn digest(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let mut whole = Digest::default();
    for database in 0..call.server.settings.databases {
        if call.data.parts(database).all(|(_, part)| part.is_empty()) {
            continue;
        }
        whole.mix_number(database as u32);
        for (_, part) in call.data.parts(database) {
            for item in part.items() {
                let mut one = Digest::default();
                one.mix(item.key());
                one.item(item);
                whole.0.iter_mut().zip(Sha1::digest(one.0)).for_each(|(own, other)| *own ^= other);
            }
        }
    }
    call.reply.simple(&whole.hexadecimal());
    Ok(())
}

pub(super) fn digest_value(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let digests = words[2..].iter().map(|key| {
        let mut digest = Digest::default();
        if let Some(item) = call.peek(key).0 {
            digest.item(item);
        }
        digest.hexadecimal()
    });
    let digests: Vec<String> = digests.collect();
    call.reply.array(digests.len());
    digests.iter().for_each(|digest| call.reply.simple(digest));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::general;

    #[test]
    fn numbers_as_c_writes_them() {
        let rows = [
            (0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.10000000000000001"),
            (1e17, "1e+17"),
            (12_345_678_901_234_567.0, "12345678901234568"),
            (1e-5, "1.0000000000000001e-05"),
            (f64::INFINITY, "inf"),
        ];
        for (number, text) in rows {
            assert_eq!(general(number), text);
        }
    }
}
