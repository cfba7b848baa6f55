//! CLIENT TRACKING and what belongs to it: who wants to be told when what it has read changes.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::call::Call;
use crate::fault::{Fault, Outcome};
use crate::tracking::{Mode, Tracked, Tracker};
use crate::words;

/// The options of CLIENT TRACKING.
#[derive(Default)]
struct Options {
    redirect: u64,
    is_broadcast: bool,
    is_opt_in: bool,
    is_opt_out: bool,
    no_loop: bool,
    prefixes: Vec<Box<[u8]>>,
}

pub(super) fn tracking(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let options = options(call, &words[3..])?;
    if words::is(words[2], "on") {
        let mode = mode(call, &options)?;
        begin(call, mode, options);
    } else if words::is(words[2], "off") {
        call.stop_tracking();
    } else {
        return Err(Fault::SYNTAX);
    }
    call.reply.ok();
    Ok(())
}

fn options(call: &Call<'_, '_>, words: &[&[u8]]) -> Result<Options, Fault> {
    let mut options = Options::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match &*word.to_ascii_lowercase() {
            b"redirect" => options.redirect = redirect(call, options.redirect, words.next())?,
            b"prefix" => options.prefixes.push(Box::from(*words.next().ok_or(Fault::SYNTAX)?)),
            b"bcast" => options.is_broadcast = true,
            b"optin" => options.is_opt_in = true,
            b"optout" => options.is_opt_out = true,
            b"noloop" => options.no_loop = true,
            _ => return Err(Fault::SYNTAX),
        }
    }
    Ok(options)
}

fn redirect(call: &Call<'_, '_>, former: u64, word: Option<&&[u8]>) -> Result<u64, Fault> {
    let word = word.ok_or(Fault::SYNTAX)?;
    if former != 0 {
        return Err(Fault::of("ERR A client can only redirect to a single other client"));
    }
    let number = words::integer(word)?;
    let known = u64::try_from(number).ok().filter(|number| call.server.clients.find(*number).is_some());
    known.ok_or(Fault::of("ERR The client ID you want redirect to does not exist"))
}

/// What the options come to, if they fit together and with what is on already.
fn mode(call: &Call<'_, '_>, options: &Options) -> Result<Mode, Fault> {
    let former = call.session.tracking.as_ref().map(|tracked| tracked.tracker.mode);
    if !options.is_broadcast && !options.prefixes.is_empty() {
        return Err(Fault::of("ERR PREFIX option requires BCAST mode to be enabled"));
    }
    if former.is_some_and(|former| (former == Mode::Broadcast) != options.is_broadcast) {
        return Err(Fault::of(
            "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
        ));
    }
    if options.is_broadcast && (options.is_opt_in || options.is_opt_out) {
        return Err(Fault::of("ERR OPTIN and OPTOUT are not compatible with BCAST"));
    }
    if options.is_opt_in && options.is_opt_out {
        return Err(Fault::of("ERR You can't specify both OPTIN mode and OPTOUT mode"));
    }
    if options.is_opt_in && former == Some(Mode::OptOut) || options.is_opt_out && former == Some(Mode::OptIn) {
        return Err(Fault::of(
            "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
        ));
    }
    check_prefixes(call, options)?;
    Ok(match options {
        Options { is_broadcast: true, .. } => Mode::Broadcast,
        Options { is_opt_in: true, .. } => Mode::OptIn,
        Options { is_opt_out: true, .. } => Mode::OptOut,
        _ => Mode::Read,
    })
}

/// A key must have one of a connection's prefixes at most, or it would be told twice.
fn check_prefixes(call: &Call<'_, '_>, options: &Options) -> Outcome {
    let former = call.session.tracking.iter().flat_map(|tracked| &tracked.tracker.prefixes);
    let former: Vec<&[u8]> = former.map(|prefix| &**prefix).collect();
    for (position, prefix) in options.prefixes.iter().enumerate() {
        let overlaps = |other: &[u8]| prefix.starts_with(other) || other.starts_with(prefix);
        let found = former.iter().find(|other| overlaps(other)).map(|other| (*other, "an existing"));
        let later = &options.prefixes[position + 1..];
        let found =
            found.or_else(|| later.iter().find(|other| overlaps(other)).map(|other| (&**other, "another provided")));
        if let Some((other, which)) = found {
            let (prefix, other) = (String::from_utf8_lossy(prefix), String::from_utf8_lossy(other));
            return Err(Fault::made(format!(
                "ERR Prefix '{prefix}' overlaps with {which} prefix '{other}'. Prefixes for a single client must not overlap."
            )));
        }
    }
    Ok(())
}

fn begin(call: &mut Call<'_, '_>, mode: Mode, options: Options) {
    let mut prefixes = options.prefixes;
    if mode == Mode::Broadcast && prefixes.is_empty() {
        prefixes.push(Box::default());
    }
    if let Some(former) = &call.session.tracking {
        prefixes.extend(former.tracker.prefixes.iter().cloned());
    }
    prefixes.sort_unstable();
    prefixes.dedup();
    call.stop_tracking();
    let client = call.session.client().clone();
    let tracker = Arc::new(Tracker::new(client, mode, options.redirect, options.no_loop, prefixes));
    call.server.tracking.begin(&tracker);
    call.session.tracking = Some(Box::new(Tracked { tracker, caching: false }));
}

impl Call<'_, '_> {
    /// The connection wants to be told of nothing any more.
    pub(crate) fn stop_tracking(&mut self) {
        if let Some(tracked) = self.session.tracking.take() {
            self.server.tracking.end(&tracked.tracker);
        }
    }
}

pub(super) fn caching(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let tracked = call.session.tracking.as_mut().ok_or(Fault::of(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
    ))?;
    let mode = tracked.tracker.mode;
    if words::is(words[2], "yes") {
        if mode != Mode::OptIn {
            return Err(Fault::of("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."));
        }
    } else if words::is(words[2], "no") {
        if mode != Mode::OptOut {
            return Err(Fault::of("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."));
        }
    } else {
        return Err(Fault::SYNTAX);
    }
    tracked.caching = true;
    call.reply.ok();
    Ok(())
}

pub(super) fn redirection(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let number = call.session.tracking.as_ref().map_or(-1, |tracked| tracked.tracker.redirect as i64);
    call.reply.integer(number);
    Ok(())
}

pub(super) fn info(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let mut flags = Vec::new();
    let (mut redirect, mut prefixes) = (-1, [].as_slice());
    match &call.session.tracking {
        None => flags.push("off"),
        Some(tracked) => {
            let tracker = &*tracked.tracker;
            let (own, given) = match tracker.mode {
                Mode::Read => ("", ""),
                Mode::Broadcast => ("bcast", ""),
                Mode::OptIn => ("optin", "caching-yes"),
                Mode::OptOut => ("optout", "caching-no"),
            };
            let told = |is_so: bool, name| if is_so { name } else { "" };
            flags.extend(["on", own, told(tracked.caching, given), told(tracker.no_loop, "noloop")]);
            flags.push(told(tracker.is_broken.load(Relaxed), "broken_redirect"));
            flags.retain(|flag| !flag.is_empty());
            (redirect, prefixes) = (tracker.redirect as i64, &tracker.prefixes);
        }
    }
    let reply = &mut call.reply;
    reply.map(3);
    reply.bulk(b"flags");
    reply.set(flags.len());
    flags.iter().for_each(|flag| reply.bulk(flag.as_bytes()));
    reply.bulk(b"redirect");
    reply.integer(redirect);
    reply.bulk(b"prefixes");
    reply.array(prefixes.len());
    prefixes.iter().for_each(|prefix| reply.bulk(prefix));
    Ok(())
}
