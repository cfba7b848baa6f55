//! Directives with a form of their own.

use super::directive::bytes;
use crate::durability::Mode;
use crate::events;

/// `notify-keyspace-events`: letters.
pub(super) fn events(text: &str) -> Result<String, String> {
    let bits = events::parse(text);
    bits.map(events::text).ok_or_else(|| "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".to_owned())
}

/// `durability`: a mode.
pub(super) fn durability(text: &str) -> Result<String, String> {
    Mode::parse(text).map(|mode| mode.to_string())
}

/// `save`: pairs of seconds and changes, or nothing.
pub(super) fn save(text: &str) -> Result<String, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_right = words.len().is_multiple_of(2)
        && words.chunks(2).all(|pair| matches!((pair[0].parse::<i64>(), pair[1].parse::<i64>()), (Ok(1..), Ok(0..))));
    if is_right { Ok(words.join(" ")) } else { Err("Invalid save parameters".to_owned()) }
}

/// `replicaof`: a host and a port, or nobody.
pub(super) fn primary(text: &str) -> Result<String, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [] => Ok(String::new()),
        ["no", "one"] => Ok(String::new()),
        [host, port] if port.parse::<u16>().is_ok_and(|port| port > 0) => Ok(format!("{host} {port}")),
        _ => Err("Invalid master port or host: write `host port`".to_owned()),
    }
}

/// `appendfilename`, `appenddirname`, `dbfilename`: a name without a path.
pub(super) fn file_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(['/', '\\']) {
        return Err("it can't be a path, just a filename or a dirname".to_owned());
    }
    Ok(text.to_owned())
}

const CLASSES: [(&str, [i64; 3]); 3] =
    [("normal", [0, 0, 0]), ("slave", [256 << 20, 64 << 20, 60]), ("pubsub", [32 << 20, 8 << 20, 60])];

/// `client-output-buffer-limit`: for each class a hard limit, and a soft one with its seconds. Classes not named keep their defaults.
pub(super) fn output_limits(text: &str) -> Result<String, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".to_owned());
    }
    let mut limits = CLASSES;
    for row in words.chunks(4) {
        let name = if row[0].eq_ignore_ascii_case("replica") { "slave" } else { row[0] };
        let class = limits.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let class = class.ok_or("Invalid client class specified in buffer limit configuration.")?;
        let wrong = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
        let read = |text: &str| bytes(text).ok_or(wrong);
        class.1 = [read(row[1])?, read(row[2])?, row[3].parse().ok().filter(|seconds| *seconds >= 0).ok_or(wrong)?];
    }
    let shown: Vec<String> =
        limits.iter().map(|(name, [hard, soft, seconds])| format!("{name} {hard} {soft} {seconds}")).collect();
    Ok(shown.join(" "))
}

/// `latency-tracking-info-percentiles`: numbers from 0 to 100.
pub(super) fn percentiles(text: &str) -> Result<String, String> {
    let wrong = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_right = |word: &&str| word.parse::<f64>().is_ok_and(|value| (0.0..=100.0).contains(&value));
    if words.iter().all(is_right) { Ok(words.join(" ")) } else { Err(wrong.to_owned()) }
}
