//! Encodings that this project does not write, from bytes as Redis's versions wrote them; and what is refused, by name.

use rdb::{Event, read};

fn told(bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut told = Vec::new();
    let all = read(bytes, |event| {
        match event {
            Event::Element(element) => told.push(element.escape_ascii().to_string()),
            Event::Field { field, value } => told.push(format!("{}={}", field.escape_ascii(), value.escape_ascii())),
            Event::Member { member, score } => told.push(format!("{}:{score}", member.escape_ascii())),
            Event::String(value) => told.push(value.escape_ascii().to_string()),
            Event::Passed(what) => told.push(what.to_owned()),
            Event::Library(code) => told.push(format!("library {}", code.escape_ascii())),
            _ => {}
        }
        Ok(())
    });
    all.map(|()| told).map_err(|error| error.to_string())
}

/// A file of one key, without a checksum.
fn file(kind: u8, value: &[u8]) -> Vec<u8> {
    [b"REDIS0012", &[kind, 1, b'k'][..], value, &[0xff, 0, 0, 0, 0, 0, 0, 0, 0]].concat()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8][..], bytes].concat()
}

fn ziplist(elements: &[&[u8]]) -> Vec<u8> {
    let (mut body, mut before) = (Vec::new(), 0);
    let mut tail = 10;
    for element in elements {
        tail = 10 + body.len();
        body.push(before);
        body.extend_from_slice(element);
        before = element.len() as u8 + 1;
    }
    let length = 10 + body.len() as u32 + 1;
    let head = [&length.to_le_bytes()[..], &(tail as u32).to_le_bytes(), &(elements.len() as u16).to_le_bytes()];
    string(&[&head.concat()[..], &body, &[0xff]].concat())
}

/// Each way in which a ziplist keeps an element.
const ZIPLIST: [(&[u8], &str); 9] = [
    (b"\x03abc", "abc"),
    (b"\x40\x02de", "de"),
    (b"\x80\x00\x00\x00\x01f", "f"),
    (b"\xf1", "0"),
    (b"\xfd", "12"),
    (b"\xfe\xff", "-1"),
    (b"\xc0\x00\x80", "-32768"),
    (b"\xf0\xff\xff\x7f", "8388607"),
    (b"\xe0\x00\x00\x00\x00\x00\x00\x00\x80", "-9223372036854775808"),
];

#[test]
fn ziplists_are_lists_hashes_and_sorted_sets() {
    let elements: Vec<&[u8]> = ZIPLIST.iter().map(|row| row.0).collect();
    let texts: Vec<&str> = ZIPLIST.iter().map(|row| row.1).collect();
    assert_eq!(told(&file(10, &ziplist(&elements))), Ok(texts.iter().map(ToString::to_string).collect()));
    let quicklist = [&[2][..], &ziplist(&elements[..2]), &ziplist(&elements[2..3])].concat();
    assert_eq!(told(&file(14, &quicklist)), Ok(vec!["abc".into(), "de".into(), "f".into()]));
    assert_eq!(told(&file(13, &ziplist(&elements[..2]))), Ok(vec!["abc=de".into()]));
    assert_eq!(
        told(&file(12, &ziplist(&[elements[0], elements[5], elements[1], b"\x031.5"]))),
        Ok(vec!["abc:-1".into(), "de:1.5".into()])
    );
    assert!(told(&file(13, &ziplist(&elements[..3]))).is_err_and(|error| error.contains("ends within")));
    assert!(told(&file(12, &ziplist(&[elements[0], elements[1]]))).is_err_and(|error| error.contains("no number")));
}

#[test]
fn zipmaps_are_hashes() {
    let zipmap = b"\x02\x01a\x02\x00bc\x02de\x01\x03f___\xff";
    assert_eq!(told(&file(9, &string(zipmap))), Ok(vec!["a=bc".into(), "de=f".into()]));
    let long = [b"\x01\xfe\x04\x00\x00\x00long\xfe\x02\x00\x00\x00\x00xy".as_slice(), &[0xff]].concat();
    assert_eq!(told(&file(9, &string(&long))), Ok(vec!["long=xy".into()]));
    for end in 1..zipmap.len() - 1 {
        let cut = [&zipmap[..end], &[0xff]].concat();
        let found = told(&file(9, &string(&cut)));
        assert!(found.is_err() || matches!(end, 1 | 7), "{end}: {found:?}");
    }
}

#[test]
fn intsets_listpacks_and_quicklists_of_plain_nodes() {
    assert_eq!(told(&file(11, &string(b"\x02\0\0\0\x02\0\0\0\xff\xff\x05\0"))), Ok(vec!["-1".into(), "5".into()]));
    assert!(told(&file(11, &string(b"\x02\0\0\0\x02\0\0\0\x05\0\x05\0"))).is_err());
    let listpack = b"\x0f\0\0\0\x03\0\x81a\x02\x05\x01\xdf\xff\x02\xff";
    assert_eq!(told(&file(20, &string(listpack))), Ok(vec!["a".into(), "5".into(), "-1".into()]));
    let quicklist = [&b"\x02\x01\x02xy\x02"[..], &string(listpack)].concat();
    assert_eq!(told(&file(18, &quicklist)), Ok(vec!["xy".into(), "a".into(), "5".into(), "-1".into()]));
    assert_eq!(told(&file(16, &string(b"\x0c\0\0\0\x02\0\x81a\x02\x05\x01\xff"))), Ok(vec!["a=5".into()]));
    assert_eq!(told(&file(17, &string(b"\x0c\0\0\0\x02\0\x81a\x02\x05\x01\xff"))), Ok(vec!["a:5".into()]));
    for at in 0..listpack.len() {
        let mut changed = listpack.to_vec();
        changed[at] ^= 0x40;
        let found = told(&file(20, &string(&changed)));
        // What an element says may be another thing of the same length.
        assert!(found.is_err() || (6..14).contains(&at), "{at}: {found:?}");
    }
}

#[test]
fn scores_in_digits() {
    let value = b"\x04\x01a\x031.5\x01b\xfe\x01c\xff\x01d\x04-2e3";
    assert_eq!(told(&file(3, value)), Ok(vec!["a:1.5".into(), "b:inf".into(), "c:-inf".into(), "d:-2000".into()]));
    assert!(told(&file(3, b"\x01\x01a\xfd")).is_err());
}

#[test]
fn hashes_whose_fields_could_expire_are_read_if_none_does() {
    let time = [0; 8];
    let none = [&time[..], b"\x01\x00\x01f\x01v"].concat();
    assert_eq!(told(&file(24, &none)), Ok(vec!["f=v".into()]));
    let some = [&time[..], b"\x01\x05\x01f\x01v"].concat();
    let refused = "at byte 26, key 'k': a hash with fields that expire by themselves can't be held here";
    assert_eq!(told(&file(24, &some)), Err(refused.into()));
    let listpack = [&time[..], &string(b"\x0f\0\0\0\x03\0\x81f\x02\x81v\x02\x00\x01\xff")].concat();
    assert_eq!(told(&file(25, &listpack)), Ok(vec!["f=v".into()]));
    let valkey = |expires: i64| {
        let value = [&b"\x16\x01k\x01\x01f\x01v"[..], &expires.to_le_bytes()].concat();
        [&b"VALKEY080"[..], &value, &[0xff, 0, 0, 0, 0, 0, 0, 0, 0]].concat()
    };
    assert_eq!(told(&valkey(-1)), Ok(vec!["f=v".into()]));
    assert!(told(&valkey(5)).is_err_and(|error| error.contains("expire by themselves")));
    assert!(told(&file(22, b"")).is_err_and(|error| error.contains("before 7.4")));
}

#[test]
fn what_modules_hold_is_named() {
    // 'ReJSON-RL', version 3.
    let name = b"ReJSON-RL".iter().fold(0u64, |id, letter| {
        let set = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        id << 6 | set.iter().position(|known| known == letter).expect("a letter of the set") as u64
    });
    let id = [&[0x81][..], &(name << 10 | 3).to_be_bytes()].concat();
    assert!(told(&file(7, &id)).is_err_and(|error| error.contains("'ReJSON-RL', which is a module's")));
    let beside = [&b"REDIS0012\xf7"[..], &id, b"\x02\x02\x05\x01x\x04........\x00\xff\0\0\0\0\0\0\0\0"].concat();
    assert_eq!(told(&beside), Ok(vec!["what the module of 'ReJSON-RL' keeps beside its keys".into()]));
}

#[test]
fn functions_are_told_and_slots_are_passed_over() {
    let file = b"REDIS0012\xf5\x03lua\xf4\x01\x02\x03\x00\x01k\x01v\xff\0\0\0\0\0\0\0\0";
    assert_eq!(told(file), Ok(vec!["library lua".into(), "v".into()]));
    assert!(told(b"REDIS0012\xf6").is_err_and(|error| error.contains("before 7.0")));
    assert!(told(b"VALKEY080\xf3").is_err_and(|error| error.contains("cluster was importing")));
}

#[test]
fn magic_and_version_come_first() {
    for (bytes, says) in [
        (&b"GARBAGE!!"[..], "this is no RDB file"),
        (b"REDIS00x1", "this is no RDB file"),
        (b"REDIS0013", "version 13 is not known"),
        (b"REDIS0080", "version 80 is not known"),
        (b"VALKEY011", "version 11 is not known"),
        (b"REDIS", "at byte 5: the data ends here"),
        (b"", "at byte 0: the data ends here"),
    ] {
        let mut told = 0;
        let error = read(bytes, |_| {
            told += 1;
            Ok(())
        })
        .expect_err("it is no file");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(told, 0, "nothing is told of a file that can't be read");
    }
}

#[test]
fn versions_without_a_checksum_end_without_one() {
    assert_eq!(told(b"REDIS0003\xfd\x01\0\0\0\x00\x01k\xc0\x05\xff"), Ok(vec!["5".into()]));
    assert_eq!(told(b"REDIS0006\x00\x01k\xc1\x00\x80\xff\0\0\0\0\0\0\0\0"), Ok(vec!["-32768".into()]));
}

#[test]
fn claims_take_no_room() {
    // Four gigabytes and more are claimed, of a string, of a compressed one, of elements.
    for value in [
        &b"\x00\x01k\x81\x7f\xff\xff\xff\xff\xff\xff\xff"[..],
        b"\x00\x01k\xc3\x02\x81\x00\x00\x00\x01\x00\x00\x00\x00ab",
        b"\x01\x01k\x81\x7f\xff\xff\xff\xff\xff\xff\xff\x01a",
    ] {
        let error = read(&[b"REDIS0009", value].concat()[..], |_| Ok(())).expect_err("it is not there");
        assert!(error.to_string().contains("key 'k'"), "{error}");
    }
}
