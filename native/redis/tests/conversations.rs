//! What clients say and what they are answered, to the byte, as `conversations/*.txt` has it.
//!
//! ```text
//!   # for the reader
//!   > LPUSH list a b      a request of connection 1, in one line as redis-cli takes it;  2> of connection 2
//!   < :2                  its answer; in one that begins neither with + nor with -, spaces stand for line ends
//!   pass 1500             so many milliseconds pass
//! ```
//!
//! Each file has a server of its own. redis-server 7.0.15 gives the same answers.

mod talk;

use std::path::Path;
use std::sync::Arc;

use redis::{Server, Settings};
use talk::Talk;

/// The bytes of an answer as a file has them.
fn expected(text: &str) -> Vec<u8> {
    let is_line = text.starts_with(['+', '-']);
    let text = if is_line { text.to_owned() } else { text.replace(' ', "\r\n") };
    format!("{text}\r\n").into_bytes()
}

/// Plays one file; an error says where it went otherwise.
fn play(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).expect("conversations are readable");
    let mut talk = Talk::to(Arc::new(Server::new(Settings::default())));
    let mut unread: std::collections::BTreeMap<u64, Vec<u8>> = Default::default();
    for (number, line) in text.lines().enumerate() {
        let place = format!("{}:{}: {line}", path.display(), number + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(milliseconds) = line.strip_prefix("pass ") {
            talk.pass(milliseconds.parse().expect(&place));
            continue;
        }
        let (who, what) = line.split_once(' ').expect(&place);
        let (who, sign) = who.split_at(who.len() - 1);
        let who = if who.is_empty() { 1 } else { who.parse().expect(&place) };
        if sign == ">" {
            talk.send(who, format!("{what}\r\n").as_bytes());
            continue;
        }
        let answers = unread.entry(who).or_default();
        answers.extend(talk.answers(who));
        let wanted = expected(what);
        let found = &answers[..wanted.len().min(answers.len())];
        if found != wanted {
            return Err(format!("{place}\nanswered {}", answers.escape_ascii()));
        }
        answers.drain(..wanted.len());
    }
    for (who, mut answers) in unread {
        answers.extend(talk.answers(who));
        if !answers.is_empty() {
            return Err(format!("{}: {who} is answered {} too", path.display(), answers.escape_ascii()));
        }
    }
    Ok(())
}

#[test]
fn conversations_go_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations");
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("the folder is readable").path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    let failures: Vec<String> = paths.iter().filter_map(|path| play(path).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
