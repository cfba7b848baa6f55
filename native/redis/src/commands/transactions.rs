//! MULTI and WATCH: several commands as one, under the locks of all their keys.

use crate::call::Call;
use crate::command::{Command, Keys, REST, flag};
use crate::fault::{Fault, Outcome};
use crate::session::Transaction;

const FREE: u32 = flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::FAST | flag::ALLOW_BUSY;
const AT_ONCE: u32 = FREE | flag::NO_MULTI;
/// Shown and remembered as the commands that it runs.
const EXEC: u32 =
    flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::NO_MULTI | flag::SKIP_SLOWLOG | flag::SHOWN_LATER;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("multi", 1, AT_ONCE, Keys::None, multi)
        .of(&["transaction"])
        .about("1.2.0", "Queues the commands that follow until EXEC."),
    Command::new("exec", 1, EXEC, Keys::Session, exec)
        .of(&["transaction"])
        .about("1.2.0", "Executes what was queued, as one, unless a watched key has changed."),
    Command::new("discard", 1, AT_ONCE, Keys::Session, discard)
        .of(&["transaction"])
        .about("2.0.0", "Forgets what was queued."),
    Command::new("watch", -2, AT_ONCE, REST, watch)
        .of(&["transaction"])
        .about("2.2.0", "Makes the next EXEC depend on keys staying as they are."),
    Command::new("unwatch", 1, FREE, Keys::Session, unwatch)
        .of(&["transaction"])
        .about("2.2.0", "Forgets which keys are watched."),
];

fn multi(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    if call.session.transaction.is_some() {
        return Err(Fault::of("ERR MULTI calls can not be nested"));
    }
    call.session.transaction = Some(Transaction::default());
    call.reply.ok();
    Ok(())
}

fn exec(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    let transaction = call.session.transaction.take().ok_or(Fault::of("ERR EXEC without MULTI"))?;
    let is_disturbed = is_disturbed(call);
    forget_watch(call);
    if transaction.is_spoiled {
        return Err(Fault::of("EXECABORT Transaction discarded because of previous errors."));
    }
    if is_disturbed {
        call.reply.null_array();
        return Ok(());
    }
    call.may_wait = false;
    call.reply.array(transaction.queue.len());
    for queued in &transaction.queue {
        call.perform(queued.command, &queued.words());
        call.tear();
    }
    call.effects.is_said = true;
    call.server.monitors.show(call.session.client(), call.session.database, words, call.outbox);
    Ok(())
}

/// A watched key has changed, or its time has come.
fn is_disturbed(call: &mut Call<'_, '_>) -> bool {
    let Some(watch) = &call.session.watch else { return false };
    let is_due = watch.keys.iter().any(|(database, key)| {
        let (part, hash) = call.data.at(*database, key);
        part.item(hash, key).is_some_and(|item| item.is_expired(call.now))
    });
    is_due || watch.alarm.has_rung()
}

fn forget_watch(call: &mut Call<'_, '_>) {
    if let Some(watch) = call.session.watch.take() {
        watch.forget(call.data);
    }
}

fn discard(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.session.transaction.take().ok_or(Fault::of("ERR DISCARD without MULTI"))?;
    forget_watch(call);
    call.reply.ok();
    Ok(())
}

fn watch(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if call.session.transaction.is_some() {
        return Err(Fault::of("ERR WATCH inside MULTI is not allowed"));
    }
    for key in &words[1..] {
        call.expire_if_due(key);
        let watch = call.session.watch.get_or_insert_default();
        let name = (call.session.database, Box::from(*key));
        if !watch.keys.contains(&name) {
            call.data.attached(key).watched.entry(name.clone()).or_default().push(watch.alarm.clone());
            watch.keys.push(name);
        }
    }
    call.reply.ok();
    Ok(())
}

fn unwatch(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    forget_watch(call);
    call.reply.ok();
    Ok(())
}
