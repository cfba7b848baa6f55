//! What a replica asks before the stream begins, one after the other, and which answers let it go on.

use super::Introduction;

/// One request of the handshake, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Ping,
    Authenticate,
    Port,
    Address,
    Abilities,
    Version,
    Membership,
    Synchronise,
}

const ORDER: [Request; 8] = [
    Request::Ping,
    Request::Authenticate,
    Request::Port,
    Request::Address,
    Request::Abilities,
    Request::Version,
    Request::Membership,
    Request::Synchronise,
];

impl Request {
    pub(super) const FIRST: Self = Self::Ping;

    pub(super) fn next(self) -> Option<Self> {
        ORDER.get(self as usize + 1).copied()
    }

    /// What is sent; none when it need not be asked.
    pub(super) fn bytes(self, of: &Introduction) -> Option<Vec<u8>> {
        let (port, epoch) = (of.port.to_string(), of.epoch.to_string());
        let words: Vec<&str> = match self {
            Self::Ping => vec!["PING"],
            Self::Authenticate => match of.credentials.as_ref()? {
                (user, password) if user.is_empty() => vec!["AUTH", password],
                (user, password) => vec!["AUTH", user, password],
            },
            Self::Port => vec!["REPLCONF", "listening-port", &port],
            Self::Address if of.address.is_empty() => return None,
            Self::Address => vec!["REPLCONF", "ip-address", &of.address],
            Self::Abilities => vec!["REPLCONF", "capa", "eof", "capa", "psync2"],
            Self::Version => vec!["REPLCONF", "version", &of.version],
            Self::Membership if of.name.is_empty() => return None,
            Self::Membership => {
                let mut words = vec!["REPLCONF", "memc-name", &of.name, "memc-epoch", &epoch];
                // How much of its log the primary shares, should it be replaced.
                let held = of.held.map(|(id, _)| String::from_utf8_lossy(&id).into_owned());
                words.extend(held.iter().flat_map(|id| ["memc-log", id]));
                return Some(request(&words));
            }
            Self::Synchronise => {
                // The first byte wanted, counted from 1.
                let (id, from) = match &of.held {
                    Some((id, held)) => (String::from_utf8_lossy(id).into_owned(), (held + 1).to_string()),
                    None => ("?".to_owned(), "-1".to_owned()),
                };
                let words = ["PSYNC", &id, &from, "FAILOVER"];
                return Some(request(&words[..if of.takes_over { 4 } else { 3 }]));
            }
        };
        Some(request(&words))
    }

    /// Whether one may go on after this answer.
    pub(super) fn judge(self, line: &[u8]) -> Result<(), String> {
        let Some(error) = line.strip_prefix(b"-") else { return Ok(()) };
        let begins = |text: &str| error.starts_with(text.as_bytes());
        let is_harmless = match self {
            // Who has yet to say who he is, or may not PING, is there all the same.
            Self::Ping => ["NOAUTH", "NOPERM", "ERR operation not permitted"].into_iter().any(begins),
            Self::Authenticate => false,
            // Others than ours know nothing of epochs; those that do have a reason to refuse.
            Self::Membership => !begins("STALEEPOCH"),
            // What an older or another server does not know it does not need.
            _ => !begins("NOAUTH") && !begins("NOPERM"),
        };
        let what = if self == Self::Authenticate { "AUTH (see masterauth)" } else { "the handshake" };
        if is_harmless { Ok(()) } else { Err(format!("the primary refuses {what}: {}", error.escape_ascii())) }
    }
}

/// Words as a request.
pub(crate) fn request(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}
