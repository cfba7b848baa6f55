//! INFO memory: what data takes is counted, what the process takes is the system's word.

use std::sync::atomic::Ordering::Relaxed;

use super::{Report, human};
use crate::config;

pub(super) fn memory(report: &mut Report<'_, '_>) {
    let server = report.server;
    let usage = server.host.usage();
    let used = server.memory_taken();
    let peak = server.peak_memory.fetch_max(used, Relaxed).max(used);
    let dataset = server.dataset.weight() as u64;
    let sizes = [("used_memory", used), ("used_memory_rss", usage.resident), ("used_memory_peak", peak)];
    for (name, bytes) in sizes {
        report.line(name, bytes);
        report.line(&format!("{name}_human"), human(bytes));
    }
    let percent = |part: u64, whole: u64| format!("{:.2}%", 100.0 * part as f64 / whole.max(1) as f64);
    report.line("used_memory_peak_perc", percent(used, peak));
    report.line("used_memory_overhead", used - dataset);
    report.line("used_memory_startup", 0);
    report.line("used_memory_dataset", dataset);
    report.line("used_memory_dataset_perc", percent(dataset, used));
    report.line("allocator_allocated", used);
    report.line("allocator_active", usage.resident);
    report.line("allocator_resident", usage.resident);
    report.line("total_system_memory", usage.machine);
    report.line("total_system_memory_human", human(usage.machine));
    report.zeros(&["used_memory_lua", "used_memory_vm_eval"]);
    report.line("used_memory_lua_human", human(0));
    let (scripts, bytes) = server.scripts.size();
    report.line("used_memory_scripts_eval", bytes);
    report.line("number_of_cached_scripts", scripts);
    let (libraries, functions, code) = server.scripts.functions.size();
    report.line("number_of_functions", functions);
    report.line("number_of_libraries", libraries);
    report.zeros(&["used_memory_vm_functions", "used_memory_vm_total"]);
    report.line("used_memory_vm_total_human", human(0));
    report.line("used_memory_functions", code);
    report.line("used_memory_scripts", bytes);
    report.line("used_memory_scripts_human", human(bytes as u64));
    let most = server.config.number(config::MAXMEMORY).unsigned_abs();
    report.line("maxmemory", most);
    report.line("maxmemory_human", human(most));
    report.line("maxmemory_policy", server.config.text(config::MAXMEMORY_POLICY));
    let ratio = if used == 0 { 0.0 } else { usage.resident as f64 / used as f64 };
    report.line("mem_fragmentation_ratio", format!("{ratio:.2}"));
    report.line("mem_fragmentation_bytes", usage.resident.saturating_sub(used));
    report.zeros(&["mem_not_counted_for_evict", "mem_replication_backlog", "mem_total_replication_buffers"]);
    report.zeros(&["mem_clients_slaves"]);
    report.line("mem_clients_normal", server.connections_memory());
    report.zeros(&["mem_cluster_links", "mem_aof_buffer"]);
    report.line("mem_allocator", "libc");
    report.zeros(&["active_defrag_running", "lazyfree_pending_objects", "lazyfreed_objects"]);
}
