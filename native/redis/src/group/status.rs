//! MEMC.STATUS: what those who run a group want to know of a member, as one map.

use dataset::Millis;
use resp::Writer;

use super::Standing;
use crate::replication::{LinkState, ReplicaView};
use crate::restraints::reason;
use crate::server::Server;

/// A value of the map.
enum Value {
    Text(String),
    Number(u64),
    /// Milliseconds that are left; `None`: there is no end.
    Left(Option<u64>),
    Switch(bool),
    Names(Vec<String>),
    Replicas(Vec<ReplicaView>),
}

use Value::{Left, Names, Number, Replicas, Switch, Text};

impl Server {
    fn status(&self, now: Millis) -> Vec<(&'static str, Value)> {
        let (tenure, history, moment) = (self.group.tenure(), self.journal.history(), self.moment());
        let is_replica = self.replication.is_replica();
        let link = match self.replication.link().state {
            LinkState::None => "none",
            LinkState::Up => "up",
            LinkState::Syncing => "syncing",
            LinkState::Connecting | LinkState::Greeting => "down",
        };
        let role = match tenure.standing() {
            _ if is_replica => "replica",
            Standing::Fenced | Standing::Sealed => "fenced",
            Standing::Free | Standing::Serving(_) | Standing::Following => "primary",
        };
        let left = match tenure.standing() {
            Standing::Free => None,
            _ => Some(tenure.deadline().map_or(0, |deadline| deadline.saturating_sub(moment))),
        };
        let target = self.replication.target().map(|target| format!("{}:{}", target.host, target.port));
        let replid = String::from_utf8_lossy(&history.replid).into_owned();
        vec![
            ("name", Text(self.group.name())),
            ("role", Text(role.to_owned())),
            ("epoch", Number(tenure.seen())),
            ("log_epoch", Number(history.epoch)),
            ("run_id", Text(self.run.id.clone())),
            ("clock_ms", Number(moment)),
            ("replid", Text(replid)),
            ("offset", Number(self.journal.end.get())),
            ("synced_offset", Number(self.journal.synced.get())),
            ("lease_left_ms", Left(left)),
            ("durability", Text(self.durability.mode().to_string())),
            ("in_sync", Names(self.durability.in_sync().unwrap_or_default())),
            ("in_sync_version", Number(self.durability.version())),
            ("link", Text(link.to_owned())),
            ("primary", Text(target.unwrap_or_default())),
            ("replicas", Replicas(self.replication.replicas.views(now))),
            ("loading", Switch(self.restraints.has(reason::LOADING))),
            ("lost_bytes", Number(self.group.lost_bytes())),
        ]
    }

    /// Writes the map.
    pub(crate) fn write_status(&self, reply: &mut Writer<'_>, now: Millis) {
        let status = self.status(now);
        reply.map(status.len());
        for (name, value) in status {
            reply.bulk(name.as_bytes());
            match value {
                Text(text) => reply.bulk(text.as_bytes()),
                Number(number) => reply.integer(number as i64),
                Left(left) => reply.integer(left.map_or(-1, |left| left as i64)),
                Switch(is_on) => reply.boolean(is_on),
                Names(names) => {
                    reply.array(names.len());
                    names.iter().for_each(|name| reply.bulk(name.as_bytes()));
                }
                Replicas(views) => {
                    reply.array(views.len());
                    views.iter().for_each(|view| self.write_replica(reply, view));
                }
            }
        }
    }

    fn write_replica(&self, reply: &mut Writer<'_>, view: &ReplicaView) {
        let texts = [
            ("name", view.name.clone()),
            ("address", format!("{}:{}", view.host, view.port)),
            ("state", view.state.name().to_owned()),
        ];
        let numbers = [
            ("offset", view.offset),
            ("synced_offset", view.synced_offset),
            ("lag_ms", self.age_of(view.offset, self.moment())),
        ];
        reply.map(texts.len() + numbers.len());
        for (name, text) in texts {
            reply.bulk(name.as_bytes());
            reply.bulk(text.as_bytes());
        }
        for (name, number) in numbers {
            reply.bulk(name.as_bytes());
            reply.integer(number as i64);
        }
    }
}
