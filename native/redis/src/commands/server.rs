//! What concerns the server as a whole and nothing of its data.

use crate::call::Call;
use crate::command::{Command, Keys, flag};
use crate::fault::{Fault, Outcome};
use crate::server::VERSION;

const FREE: u32 = flag::LOADING | flag::STALE | flag::FAST;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("time", 1, FREE, Keys::None, time).about("2.6.0", "The server's clock: seconds, and microseconds."),
    Command::new("role", 1, FREE | flag::NOSCRIPT, Keys::None, role)
        .of(&["admin", "dangerous"])
        .about("2.8.12", "Whether this is a primary or a replica."),
    Command::new("lolwut", -1, flag::READONLY | flag::FAST, Keys::None, lolwut).about("5.0.0", "Who is this?"),
];

fn time(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let since = since.map_err(|_| Fault::of("ERR the machine's clock stands before 1970"))?;
    call.reply.array(2);
    call.reply.bulk_integer(since.as_secs() as i64);
    call.reply.bulk_integer(since.subsec_micros().into());
    Ok(())
}

fn role(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    call.reply.array(3);
    call.reply.bulk(b"master");
    call.reply.integer(0);
    call.reply.array(0);
    Ok(())
}

/// Three rings, each a node.
const PICTURE: &str = "
      .-\"\"-.    .-\"\"-.    .-\"\"-.
     /      \\  /      \\  /      \\
    |   o    ||   o    ||   o    |
     \\      /  \\      /  \\      /
      '-..-'----'-..-'----'-..-'
";

fn lolwut(call: &mut Call<'_, '_>, _words: &[&[u8]]) -> Outcome {
    let text = format!("{PICTURE}\nRedis ver. {VERSION}, memcluster {}\n", env!("CARGO_PKG_VERSION"));
    call.reply.verbatim(b"txt", text.as_bytes());
    Ok(())
}
