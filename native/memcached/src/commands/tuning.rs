//! `slabs`, `lru`: words that tune memcached's slab classes and lists. Here there are none, so what is well formed is
//! accepted and has no effect, except for moving memory between classes, of which there is only one.

use crate::call::Call;
use crate::command::{Command, Route, Shape};
use crate::request::{Admin, BAD_FORMAT, ERROR, Words, numbers};

pub(super) const COMMANDS: &[Command] = &[
    Command { name: "slabs", shape: Shape::Words { run: slabs }, route: Route::Here },
    Command { name: "lru", shape: Shape::Words { run: lru }, route: Route::Here },
];

const OK: &[u8] = b"OK\r\n";
/// The highest number that a slab class of memcached has.
const CLASS_MAX: i32 = 63;

fn slabs(call: &mut Call<'_>, request: &Admin<'_>) {
    let mut words = request.words;
    let reply = match (words.next(), words.next(), words.next()) {
        (Some(b"reassign"), Some(from), Some(to)) => reassign(from, to),
        (Some(b"automove"), Some(b"ratio" | b"freeratio"), Some(share)) => match is_decimal(share) {
            true => OK,
            false => ERROR,
        },
        (Some(b"automove"), Some(b"window"), Some(count)) if numbers::unsigned(count).is_some() => OK,
        (Some(b"automove"), Some(level), _) => match numbers::unsigned(level) {
            Some(0..=2) => OK,
            Some(_) => ERROR,
            None => BAD_FORMAT,
        },
        _ => ERROR,
    };
    call.answer(request.noreply, reply);
}

fn reassign(from: &[u8], to: &[u8]) -> &'static [u8] {
    let (Some(from), Some(to)) = (numbers::signed(from), numbers::signed(to)) else {
        return BAD_FORMAT;
    };
    match (from, to) {
        (1..=CLASS_MAX, 1..=CLASS_MAX) if from == to => b"SAME src and dst class are identical\r\n",
        (1..=CLASS_MAX, 1..=CLASS_MAX) => b"NOSPARE source class has no spare pages\r\n",
        _ => b"BADCLASS invalid src or dst class id\r\n",
    }
}

fn lru(call: &mut Call<'_>, request: &Admin<'_>) {
    let mut words = request.words;
    let reply = match (words.next(), words.next()) {
        (Some(b"tune"), Some(hot)) => tune(hot, words),
        (Some(b"mode"), Some(b"flat" | b"segmented")) => OK,
        (Some(b"temp_ttl"), Some(seconds)) if numbers::signed(seconds).is_some() => OK,
        _ => ERROR,
    };
    call.answer(request.noreply, reply);
}

fn tune(hot: &[u8], mut words: Words<'_>) -> &'static [u8] {
    let percentage = |word: Option<&[u8]>| word.and_then(numbers::unsigned);
    let (hot, warm) = (percentage(Some(hot)), percentage(words.next()));
    let (Some(hot), Some(warm), Some(hot_age), Some(warm_age)) = (hot, warm, words.next(), words.next()) else {
        return ERROR;
    };
    match is_decimal(hot_age) && is_decimal(warm_age) {
        true if hot.saturating_add(warm) > 80 => b"ERROR hot and warm pcts must not exceed 80\r\n",
        true => OK,
        false => ERROR,
    }
}

fn is_decimal(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|word| word.parse::<f64>().is_ok())
}
