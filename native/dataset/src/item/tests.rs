//! Items of every form.

use super::*;

fn forms() -> Vec<(Vec<u8>, Value)> {
    let keys = [0, 1, 16, 254, 255, 256, 70_000].map(|len| vec![b'k'; len]);
    let values = || [0, 1, 32, 4095, 4096, 4097, 100_000].map(|len| Value::String(vec![b'v'; len]));
    let pairs = |key: Vec<u8>| values().into_iter().map(move |value| (key.clone(), value));
    let mut all: Vec<_> = keys.into_iter().flat_map(pairs).collect();
    all.push((b"list".to_vec(), Value::List(Box::default())));
    all
}

fn bytes_of(value: &Value) -> Vec<u8> {
    if let Value::String(bytes) = value { bytes.clone() } else { Vec::new() }
}

#[test]
fn every_form_keeps_what_it_is_given() {
    for (key, value) in forms() {
        let (bytes, kind) = (bytes_of(&value), value.view().kind());
        let mut item = Item::new(&key, value, 7);
        for at in [None, Some(99), Some(100), None, Some(101)] {
            item.set_expires_at(at);
            item.set_access(at.unwrap_or(1) as u32);
            assert_eq!((item.expires_at(), item.access()), (at, at.unwrap_or(1) as u32));
            assert_eq!((item.key(), item.view().kind()), (key.as_slice(), kind));
            assert!(item.weight() >= key.len() + bytes.len() + 16);
        }
        assert!(item.is_expired(101) && !item.is_expired(100));
        if let Value::String(string) = item.value_mut() {
            string.push(b'!');
        }
        assert_eq!((item.key(), item.expires_at(), item.access()), (key.as_slice(), Some(101), 101));
        let expected = if kind == crate::Kind::String { [&bytes[..], b"!"].concat() } else { bytes };
        assert_eq!(bytes_of(&item.into_value()), expected);
    }
}

#[test]
fn a_string_takes_its_predecessors_place_if_it_fits() {
    let mut item = Item::string(b"sixteen bytes ok", &[b'v'; 32], 1);
    assert_eq!(item.weight(), 64);
    assert!(item.set_string(&[b'w'; 30]) && item.set_string(b"1234567890123456789012345678901"));
    assert_eq!(item.view().to_value().weight(), 31);
    assert!(!item.set_string(b"") && !item.set_string(&[b'w'; 33]));
    assert!(matches!(item.view(), View::String(b"1234567890123456789012345678901")));
    assert!(!Item::string(b"", &[0; 5000], 1).set_string(&[0; 5000]));
}

#[test]
fn encodings_are_redis_s() {
    let rows: [(&[u8], &str); 7] = [
        (b"12", "int"),
        (b"-9223372036854775808", "int"),
        (b"9223372036854775808", "embstr"),
        (b"007", "embstr"),
        (b"", "embstr"),
        (&[b'x'; 44], "embstr"),
        (&[b'x'; 45], "raw"),
    ];
    for (bytes, encoding) in rows {
        let mut item = Item::string(b"k", bytes, 0);
        assert_eq!(item.encoding(), encoding, "{}", bytes.escape_ascii());
        item.value_mut();
        assert_eq!(item.encoding(), "raw");
    }
}
