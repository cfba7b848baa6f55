//! `stats conns`: every connection and listener.

use super::Row;
use crate::clock::Clock;
use crate::server::Server;

pub(super) fn list(server: &Server, _: Clock, row: &mut Row<'_>) {
    server.host.each_connection(&mut |connection| {
        let number = connection.number;
        row(&format!("{number}:addr"), &connection.address);
        if let Some(local) = connection.local {
            row(&format!("{number}:listen_addr"), &local);
        }
        row(&format!("{number}:state"), &connection.state);
        row(&format!("{number}:secs_since_last_cmd"), &connection.idle_seconds);
    });
}
