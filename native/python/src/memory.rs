//! How the process's allocator treats large blocks.

/// glibc stops giving large blocks back to the system once it has seen some being freed: it raises the size from which on a
/// block is mapped by itself, up to 32 MiB, and keeps smaller ones. A burst of large values would stay resident for ever.
/// Setting the size once, to its default, keeps it there.
pub fn give_back_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: takes two numbers, touches nothing of ours, and is called before any thread of ours runs.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10);
    }
}
