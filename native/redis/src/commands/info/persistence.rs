//! INFO about the disk: the server's own file; the log says its part in `log`.

use std::sync::atomic::Ordering::Relaxed;

use super::Report;
use crate::restraints::reason;

pub(super) fn persistence(report: &mut Report<'_, '_>) {
    let server = report.server;
    report.line("loading", u8::from(server.restraints.has(reason::LOADING)));
    report.line("async_loading", 0);
    snapshots(report);
    super::log::log(report);
}

fn snapshots(report: &mut Report<'_, '_>) {
    let server = report.server;
    let (last, loading) = (server.saves.last(), &server.loading);
    let kept = server.turns.kept_bytes.load(Relaxed);
    report.line("current_cow_peak", kept);
    report.line("current_cow_size", kept);
    report.line("current_cow_size_age", 0);
    let (done, total) = (server.saves.keys.load(Relaxed), server.saves.keys_total.load(Relaxed));
    report.line("current_fork_perc", format!("{:.2}", 100.0 * done as f64 / total.max(1) as f64));
    report.line("current_save_keys_processed", done);
    report.line("current_save_keys_total", total);
    let runs_since = server.saves.runs_since();
    let runs_for = runs_since.map_or(-1, |since| (report.now.saturating_sub(since) / 1000) as i64);
    report.line("rdb_changes_since_last_save", server.changes_since_save());
    report.line("rdb_bgsave_in_progress", u8::from(runs_since.is_some()));
    report.line("rdb_last_save_time", last.saved_at);
    report.line("rdb_last_bgsave_status", if last.failure.is_some() { "err" } else { "ok" });
    report.line("rdb_last_bgsave_time_sec", last.seconds.map_or(-1, |seconds| seconds as i64));
    report.line("rdb_current_bgsave_time_sec", runs_for);
    report.line("rdb_saves", last.count);
    report.line("rdb_last_cow_size", last.kept_bytes);
    report.line("rdb_last_load_keys_expired", loading.last_expired.load(Relaxed));
    report.line("rdb_last_load_keys_loaded", loading.last_keys.load(Relaxed));
}
