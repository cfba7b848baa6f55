//! INFO about the process and its connections.

use super::Report;
use crate::clients::mark;
use crate::config;
use crate::server::VERSION;

pub(super) fn server(report: &mut Report<'_, '_>) {
    let server = report.server;
    let uptime = server.run.began.elapsed().as_secs();
    report.line("redis_version", VERSION);
    report.line("server_name", "memcluster");
    report.line("memcluster_version", env!("CARGO_PKG_VERSION"));
    report.line("redis_git_sha1", "00000000");
    report.line("redis_git_dirty", 0);
    report.line("redis_build_id", "0000000000000000");
    report.line("redis_mode", "standalone");
    report.line("os", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    report.line("arch_bits", usize::BITS);
    report.line("monotonic_clock", "POSIX clock_gettime");
    report.line("multiplexing_api", "epoll");
    report.line("process_id", std::process::id());
    report.line("process_supervised", "no");
    report.line("run_id", &server.run.id);
    report.line("tcp_port", server.host.port());
    report.line("server_time_usec", report.now * 1000);
    report.line("uptime_in_seconds", uptime);
    report.line("uptime_in_days", uptime / 86_400);
    report.line("hz", server.config.number(config::HZ));
    report.line("configured_hz", server.config.number(config::HZ));
    report.line("lru_clock", (report.now / 1000) & 0x00ff_ffff);
    report.line("executable", std::env::current_exe().unwrap_or_default().display());
    report.line("config_file", "");
    report.line("io_threads_active", u8::from(server.host.threads() > 1));
    report.line("worker_threads", server.host.threads());
}

pub(super) fn clients(report: &mut Report<'_, '_>) {
    let server = report.server;
    let all = server.clients.all();
    let having = |mark| all.iter().filter(|client| client.has(mark)).count();
    let watched = |count: u32| count > 0;
    let watching: Vec<u32> =
        all.iter().map(|client| client.state.watched.load(std::sync::atomic::Ordering::Relaxed)).collect();
    report.line("connected_clients", all.len());
    report.line("cluster_connections", 0);
    report.line("maxclients", server.config.number(config::CONNECTIONS_MAX));
    report.zeros(&["client_recent_max_input_buffer", "client_recent_max_output_buffer"]);
    report.line("blocked_clients", server.blocked.lock().len());
    report.line("tracking_clients", having(mark::TRACKING));
    report.line("pubsub_clients", having(mark::SUBSCRIBED));
    report.line("watching_clients", watching.iter().filter(|count| watched(**count)).count());
    report.line("clients_in_timeout_table", 0);
    report.line("total_watched_keys", watching.iter().sum::<u32>());
    report.line("total_blocking_keys", 0);
    report.line("total_blocking_keys_on_nokey", 0);
}

pub(super) fn processor(report: &mut Report<'_, '_>) {
    let usage = report.server.host.usage();
    let seconds = |microseconds: u64| format!("{:.6}", microseconds as f64 / 1e6);
    report.line("used_cpu_sys", seconds(usage.system_us));
    report.line("used_cpu_user", seconds(usage.user_us));
    report.line("used_cpu_sys_children", seconds(0));
    report.line("used_cpu_user_children", seconds(0));
}
