//! INFO about the append-only file.

use std::sync::atomic::Ordering::Relaxed;

use super::Report;
use crate::config;

/// Its part of the section about what is kept on the disk.
pub(super) fn log(report: &mut Report<'_, '_>) {
    let server = report.server;
    let (is_on, aof) = (server.config.is_on(config::APPENDONLY), &server.aof);
    let (rewriting, since) = (aof.rewriting(), aof.rewriting().since.load(Relaxed));
    let status = server.log_writer().map(|writer| writer.status());
    report.line("aof_enabled", u8::from(is_on));
    report.line("aof_rewrite_in_progress", u8::from(since != 0));
    report.line("aof_rewrite_scheduled", u8::from(aof.is_scheduled()));
    report.line("aof_last_rewrite_time_sec", rewriting.seconds.load(Relaxed) - 1);
    let current = if since == 0 { -1 } else { (report.now.saturating_sub(since) / 1000) as i64 };
    report.line("aof_current_rewrite_time_sec", current);
    let failures = rewriting.failures.load(Relaxed);
    report.line("aof_last_bgrewrite_status", if failures == 0 { "ok" } else { "err" });
    report.line("aof_rewrites", rewriting.done.load(Relaxed) + failures);
    report.line("aof_rewrites_consecutive_failures", failures);
    report.line("aof_last_write_status", if server.log_failure().is_none() { "ok" } else { "err" });
    report.zeros(&["aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size"]);
    if let Some(status) = status {
        report.line("aof_current_size", status.size);
        report.line("aof_base_size", status.size_of_base);
        report.line("aof_pending_rewrite", u8::from(!status.is_listed));
        let waiting = server.journal.end.get().saturating_sub(server.journal.written.get());
        report.line("aof_buffer_length", waiting);
        report.line("aof_pending_bio_fsync", u8::from(server.journal.written.get() > server.journal.synced.get()));
        report.line("aof_delayed_fsync", status.delayed_syncs);
    }
}
