//! INFO about copies: who follows whom, and how far everybody is.

use journal::Want;

use super::Report;
use crate::config;
use crate::replication::LinkState;

pub(super) fn replication(report: &mut Report<'_, '_>) {
    let server = report.server;
    report.line("role", if server.replication.is_replica() { "slave" } else { "master" });
    link(report);
    replicas(report);
    let (history, journal) = (server.journal.history(), &server.journal);
    let (start, end) = (journal.start(), journal.end.get());
    let is_active = journal.is_wanted_by(Want::Replicas);
    report.line("master_failover_state", server.failover_state());
    report.line("master_replid", String::from_utf8_lossy(&history.replid));
    report.line("master_replid2", String::from_utf8_lossy(&history.second));
    report.line("master_repl_offset", end);
    report.line("second_repl_offset", history.second_end.map_or(-1, |until| until as i64 + 1));
    report.line("repl_backlog_active", u8::from(is_active));
    report.line("repl_backlog_size", journal.backlog());
    report.line("repl_backlog_first_byte_offset", if is_active { start + 1 } else { 0 });
    report.line("repl_backlog_histlen", if is_active { end - start.min(end) } else { 0 });
    report.line("epoch", history.epoch);
    report.line("repl_last_error", server.replication.trouble());
}

/// To the primary, if there is one.
fn link(report: &mut Report<'_, '_>) {
    let server = report.server;
    let Some(target) = server.replication.target() else { return };
    let (link, offset) = (server.replication.link(), server.journal.end.get());
    let seconds = |since: u64| report.now.saturating_sub(since) / 1000;
    let is_up = link.state == LinkState::Up;
    let heard = if is_up { seconds(link.heard_at) as i64 } else { -1 };
    let down = link.down_since.map_or(-1, |since| seconds(since) as i64);
    let silent = seconds(link.heard_at);
    report.line("master_host", &target.host);
    report.line("master_port", target.port);
    report.line("master_link_status", if is_up { "up" } else { "down" });
    report.line("master_last_io_seconds_ago", heard);
    report.line("master_sync_in_progress", u8::from(link.state == LinkState::Syncing));
    report.line("slave_read_repl_offset", offset);
    report.line("slave_repl_offset", offset);
    if link.state == LinkState::Syncing {
        let (come, all) = link.snapshot;
        report.line("master_sync_total_bytes", all.unwrap_or(0));
        report.line("master_sync_read_bytes", come);
        report.line("master_sync_left_bytes", all.map_or(-1, |all| all.saturating_sub(come) as i64));
        let percent = all.filter(|all| *all > 0).map_or(0.0, |all| come as f64 * 100.0 / all as f64);
        report.line("master_sync_perc", format!("{percent:.2}"));
        report.line("master_sync_last_io_seconds_ago", silent);
    }
    if !is_up {
        report.line("master_link_down_since_seconds", down);
    }
    report.line("master_link_error", &link.error);
    report.line("slave_priority", server.config.number(config::REPLICA_PRIORITY));
    report.line("slave_read_only", server.config.number(config::REPLICA_READ_ONLY));
    report.line("replica_announced", server.config.number(config::REPLICA_ANNOUNCED));
}

fn replicas(report: &mut Report<'_, '_>) {
    let server = report.server;
    let views = server.replication.replicas.views(report.now);
    report.line("connected_slaves", views.len());
    let (least, lag) = (server.config.number(config::MIN_REPLICAS), server.config.number(config::MIN_REPLICAS_LAG));
    if least > 0 && lag > 0 {
        let near = server.replication.replicas.count_near(report.now, lag.unsigned_abs());
        report.line("min_slaves_good_slaves", near);
    }
    for (number, view) in views.iter().enumerate() {
        let (host, port, state, offset) = (&view.host, view.port, view.state.name(), view.offset);
        let lag = view.lag_ms / 1000;
        report
            .line(&format!("slave{number}"), format!("ip={host},port={port},state={state},offset={offset},lag={lag}"));
    }
}
