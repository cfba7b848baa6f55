//! Publish and subscribe.

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::commands::help::{help, misused};
use crate::fault::{Fault, Outcome};
use crate::pubsub::Topic;

const SUBSCRIBE: u32 = flag::PUBSUB | flag::NOSCRIPT | flag::LOADING | flag::STALE;
const PUBLISH: u32 = flag::PUBSUB | flag::LOADING | flag::STALE | flag::FAST | flag::MAY_REPLICATE;
const ASK: u32 = flag::PUBSUB | flag::LOADING | flag::STALE;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("subscribe", -2, SUBSCRIBE, Keys::None, |call, words| subscribe(call, words, Topic::Channel))
        .of(&["pubsub"])
        .about("2.0.0", "Listens to messages of channels."),
    Command::new("unsubscribe", -1, SUBSCRIBE, Keys::None, |call, words| unsubscribe(call, words, Topic::Channel))
        .of(&["pubsub"])
        .about("2.0.0", "Listens to channels no longer."),
    Command::new("psubscribe", -2, SUBSCRIBE, Keys::None, |call, words| subscribe(call, words, Topic::Pattern))
        .of(&["pubsub"])
        .about("2.0.0", "Listens to the channels that patterns describe."),
    Command::new("punsubscribe", -1, SUBSCRIBE, Keys::None, |call, words| unsubscribe(call, words, Topic::Pattern))
        .of(&["pubsub"])
        .about("2.0.0", "Listens to patterns no longer."),
    Command::new("ssubscribe", -2, SUBSCRIBE, Keys::None, |call, words| subscribe(call, words, Topic::Sharded))
        .of(&["pubsub"])
        .about("7.0.0", "Listens to messages of shard channels."),
    Command::new("sunsubscribe", -1, SUBSCRIBE, Keys::None, |call, words| unsubscribe(call, words, Topic::Sharded))
        .of(&["pubsub"])
        .about("7.0.0", "Listens to shard channels no longer."),
    Command::new("publish", 3, PUBLISH, Keys::None, |call, words| publish(call, words, Topic::Channel))
        .of(&["pubsub"])
        .about("2.0.0", "Sends a message to a channel."),
    Command::new("spublish", 3, PUBLISH, Keys::None, |call, words| publish(call, words, Topic::Sharded))
        .of(&["pubsub"])
        .about("7.0.0", "Sends a message to a shard channel."),
    Command::new("pubsub", -2, 0, Keys::None, help).about("2.8.0", "Who has subscribed to what.").with(&[
        Command::new("channels", -2, ASK, Keys::None, |call, words| channels(call, words, Topic::Channel))
            .of(&["pubsub"])
            .about("2.8.0", "Channels that somebody listens to."),
        Command::new("numpat", 2, ASK, Keys::None, patterns)
            .of(&["pubsub"])
            .about("2.8.0", "How many different patterns somebody listens to."),
        Command::new("numsub", -2, ASK, Keys::None, |call, words| subscribers(call, words, Topic::Channel))
            .of(&["pubsub"])
            .about("2.8.0", "How many listen to channels."),
        Command::new("shardchannels", -2, ASK, Keys::None, |call, words| channels(call, words, Topic::Sharded))
            .of(&["pubsub"])
            .about("7.0.0", "Shard channels that somebody listens to."),
        Command::new("shardnumsub", -2, ASK, Keys::None, |call, words| subscribers(call, words, Topic::Sharded))
            .of(&["pubsub"])
            .about("7.0.0", "How many listen to shard channels."),
        Command::new("help", 2, flag::LOADING | flag::STALE, Keys::None, help).about("6.2.0", "What can be asked."),
    ]),
];

/// What the replies to subscribing and to its end are called.
fn verbs(topic: Topic) -> (&'static str, &'static str) {
    match topic {
        Topic::Channel => ("subscribe", "unsubscribe"),
        Topic::Pattern => ("psubscribe", "punsubscribe"),
        Topic::Sharded => ("ssubscribe", "sunsubscribe"),
    }
}

fn told(call: &mut Call<'_, '_>, verb: &str, name: Option<&[u8]>, topic: Topic) {
    let count = call.session.subscriptions.as_ref().map_or(0, |own| own.told(topic));
    call.reply.push(3);
    call.reply.bulk(verb.as_bytes());
    match name {
        Some(name) => call.reply.bulk(name),
        None => call.reply.null(),
    }
    call.reply.integer(count as i64);
}

fn subscribe(call: &mut Call<'_, '_>, words: &[&[u8]], topic: Topic) -> Outcome {
    if topic == Topic::Sharded && !call.may_wait {
        return Err(Fault::of("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client"));
    }
    let (verb, _) = verbs(topic);
    let client = call.session.client().clone();
    for name in &words[1..] {
        let own = call.session.subscriptions.get_or_insert_default();
        call.server.exchange.subscribe(own, topic, name, &client);
        told(call, verb, Some(name), topic);
    }
    Ok(())
}

fn unsubscribe(call: &mut Call<'_, '_>, words: &[&[u8]], topic: Topic) -> Outcome {
    let (_, verb) = verbs(topic);
    let client = call.session.client().clone();
    let own = call.session.subscriptions.as_deref();
    let names: Vec<Box<[u8]>> = match &words[1..] {
        [] => own.into_iter().flat_map(|own| own.names(topic)).map(Box::from).collect(),
        named => named.iter().map(|name| Box::from(*name)).collect(),
    };
    if names.is_empty() {
        told(call, verb, None, topic);
    }
    for name in &names {
        if let Some(own) = &mut call.session.subscriptions {
            call.server.exchange.unsubscribe(own, topic, name, &client);
        }
        told(call, verb, Some(name), topic);
    }
    call.session.subscriptions.take_if(|own| own.is_empty());
    Ok(())
}

impl Call<'_, '_> {
    /// The connection listens to nothing any more.
    pub(crate) fn stop_listening(&mut self) {
        if let Some(mut own) = self.session.subscriptions.take() {
            self.server.exchange.leave(&mut own, self.session.client());
        }
    }
}

fn publish(call: &mut Call<'_, '_>, words: &[&[u8]], topic: Topic) -> Outcome {
    let receivers = call.server.exchange.publish(call.outbox, topic, words[1], words[2]);
    call.tell_replicas(words);
    call.reply.integer(receivers as i64);
    Ok(())
}

fn channels(call: &mut Call<'_, '_>, words: &[&[u8]], topic: Topic) -> Outcome {
    let pattern = match words {
        [_, _] => None,
        [_, _, pattern] => Some(*pattern),
        _ => return Err(misused(words)),
    };
    let names = call.server.exchange.names(topic, pattern);
    call.reply.array(names.len());
    names.iter().for_each(|name| call.reply.bulk(name));
    Ok(())
}

fn subscribers(call: &mut Call<'_, '_>, words: &[&[u8]], topic: Topic) -> Outcome {
    call.reply.array(2 * (words.len() - 2));
    for name in &words[2..] {
        call.reply.bulk(name);
        call.reply.integer(call.server.exchange.subscribers(topic, name) as i64);
    }
    Ok(())
}

fn patterns(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let count = call.server.exchange.count(Topic::Pattern);
    call.reply.integer(count as i64);
    Ok(())
}
