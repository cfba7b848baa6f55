//! INFO durability: how far what is done here is confirmed elsewhere.

use std::sync::atomic::Ordering::Relaxed;

use super::Report;
use crate::durability::{LOCAL_DISK, ONE_REPLICA};

pub(super) fn durability(report: &mut Report<'_, '_>) {
    let (server, now) = (report.server, report.server.moment());
    let (durability, end) = (&server.durability, server.journal.end.get());
    let confirmed = server.watermark(ONE_REPLICA);
    let disk = server.watermark(LOCAL_DISK);
    report.line("durability", durability.mode());
    report.line("durability_waits_for_disk", u8::from(disk != u64::MAX));
    report.line("durability_in_sync", durability.in_sync().map_or("*".to_owned(), |names| names.join(",")));
    report.line("durability_confirmed_offset", confirmed);
    report.line("durability_unconfirmed_bytes", end.saturating_sub(confirmed));
    report.line("durability_replica_lag_ms", server.lag(ONE_REPLICA, now));
    report.line("durability_disk_lag_ms", server.disk_lag(now));
    report.line("durability_held_replies", durability.counts.held.load(Relaxed));
    report.line("durability_refused_writes", durability.counts.refused.load(Relaxed));
    report.line("durability_unknown_writes", durability.counts.unknown.load(Relaxed));
}
