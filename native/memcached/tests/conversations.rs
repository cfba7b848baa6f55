//! Holds every conversation file of `tests/conversations/` (its README says how they are written) with a server in memory: in one
//! piece, byte by byte, cut in two at every place, and with a client that reads little at a time.

mod peer;

use std::fs;
use std::path::{Path, PathBuf};

use memcached::Settings;
use peer::Peer;

/// Places at which a conversation is cut in two, at most.
const CUTS_MAX: usize = 600;

enum Step {
    Send(Vec<u8>),
    Expect(Vec<u8>),
    ExpectEnd,
    Reconnect,
}

struct Conversation {
    path: PathBuf,
    settings: Settings,
    steps: Vec<(usize, Step)>,
}

/// How what is sent reaches the server.
#[derive(Clone, Copy, Debug)]
enum Delivery {
    Pieces(usize),
    CutAt(usize),
    LittleRoom,
}

#[test]
fn whole_and_byte_by_byte_and_to_a_slow_reader() {
    for conversation in conversations() {
        for delivery in [Delivery::Pieces(usize::MAX), Delivery::Pieces(1), Delivery::Pieces(7), Delivery::LittleRoom] {
            hold(&conversation, delivery);
        }
    }
}

#[test]
fn cut_in_two_at_every_place() {
    for conversation in conversations() {
        let longest =
            conversation.steps.iter().map(|(_, step)| if let Step::Send(text) = step { text.len() } else { 0 });
        for place in 1..longest.max().unwrap_or(0).min(CUTS_MAX) {
            hold(&conversation, Delivery::CutAt(place));
        }
    }
}

fn conversations() -> Vec<Conversation> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conversations");
    let mut paths: Vec<PathBuf> = fs::read_dir(&directory)
        .expect("the conversations are part of the source")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    // One file only, while looking for its fault.
    if let Ok(only) = std::env::var("CONVERSATION") {
        paths.retain(|path| path.file_stem().is_some_and(|stem| stem == only.as_str()));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    assert!(!paths.is_empty(), "no conversations in {}", directory.display());
    paths.iter().filter_map(|path| read(path)).collect()
}

/// `None` if the file is not meant for a node, or needs flags that are not known here.
fn read(path: &Path) -> Option<Conversation> {
    let text = fs::read_to_string(path).expect("a conversation is text");
    let mut settings = Settings { memory_bytes: 8 << 20, ..Settings::default() };
    let mut steps = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let (mark, text) = line.split_once(' ').unwrap_or((line, ""));
        let step = match mark {
            "" | "#" => continue,
            ">" => Step::Send([unescape(text), b"\r\n".to_vec()].concat()),
            ">>" => Step::Send(unescape(text)),
            "<" => Step::Expect(unescape(text)),
            "<closed" => Step::ExpectEnd,
            "!" => match text.split_once(' ').unwrap_or((text, "")) {
                ("servers", servers) if !servers.contains("node") => return None,
                ("flags", flags) => {
                    apply(&mut settings, flags)?;
                    continue;
                }
                ("reconnect", _) => Step::Reconnect,
                _ => continue,
            },
            _ => panic!("{}:{}: no such mark: {mark}", path.display(), number + 1),
        };
        match (steps.last_mut(), step) {
            // Lines that follow each other are sent in one piece.
            (Some((_, Step::Send(before))), Step::Send(more)) => before.extend(more),
            (_, step) => steps.push((number + 1, step)),
        }
    }
    Some(Conversation { path: path.to_owned(), settings, steps })
}

fn apply(settings: &mut Settings, flags: &str) -> Option<()> {
    let mut words = flags.split(' ');
    while let Some(flag) = words.next() {
        match flag {
            "-I" => settings.item_size_max = size(words.next()?)?,
            "-m" => settings.memory_bytes = size(words.next()?)? << 20,
            "-M" => settings.evict = false,
            "-F" => settings.allow_flush = false,
            "-X" => settings.allow_dump = false,
            "-W" => settings.allow_watch = false,
            "-A" => settings.allow_shutdown = true,
            _ => return None,
        }
    }
    Some(())
}

fn size(text: &str) -> Option<usize> {
    match text.strip_suffix(['k', 'm']) {
        Some(number) => number.parse::<usize>().ok().map(|size| size << if text.ends_with('k') { 10 } else { 20 }),
        None => text.parse().ok(),
    }
}

/// Escapes as in Python, and `{250*k}` for 250 times `k`.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((count, repeated, after)) = repetition(rest) {
            (0..count).for_each(|_| bytes.extend_from_slice(&unescape(repeated)));
            rest = after;
        } else if first == '\\' {
            let (byte, length) = match rest.as_bytes()[1] {
                b'r' => (b'\r', 2),
                b'n' => (b'\n', 2),
                b't' => (b'\t', 2),
                b'x' => (u8::from_str_radix(&rest[2..4], 16).expect("two hexadecimal digits follow \\x"), 4),
                other => (other, 2),
            };
            bytes.push(byte);
            rest = &rest[length..];
        } else {
            bytes.push(u8::try_from(first).expect("conversations are written in Latin-1"));
            rest = &rest[first.len_utf8()..];
        }
    }
    bytes
}

fn repetition(text: &str) -> Option<(usize, &str, &str)> {
    let (count, rest) = text.strip_prefix('{')?.split_once('*')?;
    let (repeated, after) = rest.split_once('}')?;
    Some((count.parse().ok()?, repeated, after))
}

fn hold(conversation: &Conversation, delivery: Delivery) {
    let server = peer::server(conversation.settings.clone());
    let connect = || match delivery {
        Delivery::LittleRoom => Peer::new(&server).with_room(1),
        _ => Peer::new(&server),
    };
    let mut client = connect();
    for (line, step) in &conversation.steps {
        let place = format!("{}:{line} ({delivery:?})", conversation.path.display());
        match step {
            Step::Send(text) => match delivery {
                Delivery::Pieces(size) => client.send_in_pieces(text, size),
                Delivery::LittleRoom => client.send(text),
                Delivery::CutAt(at) => {
                    let (front, back) = text.split_at(at.min(text.len()));
                    client.send(front);
                    client.send(back);
                }
            },
            Step::Expect(pattern) => expect(&mut client.answered, pattern, &place),
            Step::ExpectEnd => assert!(client.closed && client.answered.is_empty(), "{place}: the connection goes on"),
            Step::Reconnect => client = connect(),
        }
    }
    let also = String::from_utf8_lossy(&client.answered);
    assert!(also.is_empty(), "{} ({delivery:?}): also answered {also:?}", conversation.path.display());
}

fn expect(answered: &mut Vec<u8>, pattern: &[u8], place: &str) {
    let (wanted, got) = (String::from_utf8_lossy(pattern), String::from_utf8_lossy(answered));
    let parts: Vec<&[u8]> = split(pattern, b"{*}");
    let end = if parts.len() == 1 { pattern.len() } else { find(answered, b"\r\n").unwrap_or(answered.len()) };
    assert!(answered.get(end..end + 2) == Some(b"\r\n"), "{place}: expected {wanted:?}, answered {got:?}");
    let mut rest = &answered[..end];
    for (index, part) in parts.iter().enumerate() {
        let at = if index == 0 { 0 } else { find(rest, part).unwrap_or(rest.len()) };
        assert!(rest[at..].starts_with(part), "{place}: expected {wanted:?}, answered {got:?}");
        rest = &rest[at + part.len()..];
    }
    answered.drain(..end + 2);
}

fn split<'t>(text: &'t [u8], separator: &[u8]) -> Vec<&'t [u8]> {
    match find(text, separator) {
        Some(at) => [vec![&text[..at]], split(&text[at + separator.len()..], separator)].concat(),
        None => vec![text],
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    (0..=text.len().checked_sub(wanted.len())?).find(|&at| text[at..].starts_with(wanted))
}
