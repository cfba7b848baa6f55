//! FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds].

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::replication::Wish;
use crate::words;

pub(in crate::commands) const COMMANDS: &[Command] =
    &[Command::new("failover", -1, flag::ADMIN | flag::NOSCRIPT | flag::STALE, Keys::All, failover)
        .about("6.2.0", "Hands over to a replica.")];

fn failover(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if let [_, option] = words
        && words::is(option, "abort")
    {
        call.server.abort_failover(call.data, call.outbox)?;
    } else {
        call.server.begin_failover(wish(&words[1..])?, call.wall)?;
    }
    call.reply.ok();
    Ok(())
}

fn wish(mut options: &[&[u8]]) -> Result<Wish, Fault> {
    let mut wish = Wish::default();
    while let Some((option, rest)) = options.split_first() {
        options = match rest {
            [time, rest @ ..] if words::is(option, "timeout") && wish.timeout_ms.is_none() => {
                let time = words::integer(time)?;
                let time = u64::try_from(time).ok().filter(|time| *time > 0);
                wish.timeout_ms = Some(time.ok_or(Fault::of("ERR FAILOVER timeout must be greater than 0"))?);
                rest
            }
            [host, port, rest @ ..] if words::is(option, "to") && wish.to.is_none() => {
                let port = words::integer(port)?;
                let port = u16::try_from(port).map_err(|_| Fault::of("ERR value is out of range"))?;
                wish.to = Some((String::from_utf8_lossy(host).into_owned(), port));
                rest
            }
            rest if words::is(option, "force") && !wish.is_forced => {
                wish.is_forced = true;
                rest
            }
            _ => return Err(Fault::SYNTAX),
        };
    }
    Ok(wish)
}
