//! CLIENT KILL: closes connections by what they are.

use crate::call::Call;
use crate::clients::Client;
use crate::fault::{Fault, Outcome};
use crate::outbox::Mail;
use crate::words;

use super::list::kind_named;

/// What a connection must be to be closed.
#[derive(Default)]
struct Filter<'w> {
    number: Option<u64>,
    address: Option<&'w [u8]>,
    local: Option<&'w [u8]>,
    kind: Option<&'static str>,
    user: Option<&'w [u8]>,
    spares_me: bool,
}

impl<'w> Filter<'w> {
    fn read(call: &Call<'_, '_>, words: &[&'w [u8]]) -> Result<Self, Fault> {
        let mut filter = Self { spares_me: true, ..Self::default() };
        let mut rest = words;
        while let [option, value, after @ ..] = rest {
            filter.take(call, option, value)?;
            rest = after;
        }
        if rest.is_empty() { Ok(filter) } else { Err(Fault::SYNTAX) }
    }

    fn take(&mut self, call: &Call<'_, '_>, option: &[u8], value: &'w [u8]) -> Outcome {
        if words::is(option, "id") {
            let number = words::canonical(value).filter(|number| *number > 0);
            self.number = Some(number.ok_or(Fault::of("ERR client-id should be greater than 0"))?.unsigned_abs());
        } else if words::is(option, "type") {
            self.kind = Some(kind_named(value)?);
        } else if words::is(option, "addr") {
            self.address = Some(value);
        } else if words::is(option, "laddr") {
            self.local = Some(value);
        } else if words::is(option, "user") {
            if call.server.acl.find(value).is_none() {
                return Err(Fault::naming(&[b"ERR No such user '", value, b"'"]));
            }
            self.user = Some(value);
        } else if words::is(option, "skipme") {
            self.spares_me = match () {
                () if words::is(value, "yes") => true,
                () if words::is(value, "no") => false,
                () => return Err(Fault::SYNTAX),
            };
        } else {
            return Err(Fault::SYNTAX);
        }
        Ok(())
    }

    fn fits(&self, client: &Client) -> bool {
        self.number.is_none_or(|number| client.id.number == number)
            && self.address.is_none_or(|address| client.peer.address.as_bytes() == address)
            && self.local.is_none_or(|local| client.peer.local.as_bytes() == local)
            && self.kind.is_none_or(|kind| client.kind() == kind)
            && self.user.is_none_or(|user| client.names.lock().user == user)
    }
}

pub(super) fn kill(call: &mut Call<'_, '_>, words: &[&[u8]]) -> Outcome {
    if let [_, _, address] = words {
        let filter = Filter { address: Some(address), ..Filter::default() };
        return match close(call, &filter) {
            0 => Err(Fault::of("ERR No such client")),
            _ => {
                call.reply.ok();
                Ok(())
            }
        };
    }
    let filter = Filter::read(call, &words[2..])?;
    let closed = close(call, &filter);
    call.reply.integer(closed);
    Ok(())
}

fn close(call: &mut Call<'_, '_>, filter: &Filter<'_>) -> i64 {
    let mut closed = 0;
    for client in call.server.clients.all() {
        let is_me = client.id == call.session.id;
        if !filter.fits(&client) || is_me && filter.spares_me {
            continue;
        }
        closed += 1;
        if is_me {
            call.session.is_closing = true;
        } else {
            call.outbox.put(client.id, Mail::Close);
        }
    }
    closed
}
