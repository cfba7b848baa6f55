//! `stats settings`: what this server was told, in memcached's names where it has one.

use super::Row;
use crate::clock::Clock;
use crate::server::Server;

pub(super) fn list(server: &Server, _: Clock, row: &mut Row<'_>) {
    let settings = &server.settings;
    let yes_no = |yes: bool| if yes { "yes" } else { "no" };
    row("maxbytes", &server.cache.statistics().limit_bytes);
    for (name, value) in server.host.settings() {
        row(name, &value);
    }
    row("evictions", &if settings.evict { "on" } else { "off" });
    row("shutdown_command", &yes_no(settings.allow_shutdown));
    row("stat_key_prefix", &char::from(settings.prefix_delimiter));
    row("detail_enabled", &yes_no(server.watchers.wants(crate::watch::DETAIL)));
    row("cas_enabled", &"yes");
    row("binding_protocol", &"ascii");
    row("auth_enabled_sasl", &"no");
    row("auth_enabled_ascii", &"no");
    row("item_size_max", &settings.item_size_max);
    row("maxconns_fast", &"yes");
    row("flush_enabled", &yes_no(settings.allow_flush));
    row("dump_enabled", &yes_no(settings.allow_dump));
    row("watch_enabled", &yes_no(settings.allow_watch));
    row("client_flags_size", &size_of::<u32>());
}
