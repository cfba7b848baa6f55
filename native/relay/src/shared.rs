//! What the relay's threads share: where it points, and what it counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use reactor::Address;

use crate::Settings;

/// A server to relay to, and how many connections lead there.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) address: Address,
    pub(crate) connections: AtomicUsize,
}

/// The servers pointed at, for as long as nobody points elsewhere.
pub(crate) type Targets = Arc<[Arc<Target>]>;

/// Everything that is counted; a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Clients now.
    pub connections: u64,
    /// Clients ever.
    pub connections_total: u64,
    /// Clients refused because there were too many.
    pub rejected: u64,
    /// How often it was pointed elsewhere.
    pub switches: u64,
    /// Clients closed because their target is pointed at no more.
    pub cut: u64,
    /// Attempts to reach a target that failed.
    pub unreachable: u64,
    /// Clients that waited for a target in vain.
    pub expired: u64,
    /// Bytes received, from both sides.
    pub bytes_read: u64,
    /// Bytes sent, to both sides.
    pub bytes_written: u64,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    targets: Mutex<Targets>,
    installs: AtomicU64,
    /// Whom to ask first of those equally connected.
    turn: AtomicUsize,
    pub(crate) cut: AtomicU64,
    pub(crate) unreachable: AtomicU64,
    pub(crate) expired: AtomicU64,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            targets: Mutex::new(Arc::new([])),
            installs: AtomicU64::new(0),
            turn: AtomicUsize::new(0),
            cut: AtomicU64::new(0),
            unreachable: AtomicU64::new(0),
            expired: AtomicU64::new(0),
        }
    }

    /// Points at these servers; those that were pointed at before keep their count. False: nothing changed.
    pub(crate) fn point(&self, addresses: Vec<Address>) -> bool {
        let mut targets = self.targets.lock();
        if targets.iter().map(|target| &target.address).eq(addresses.iter()) {
            return false;
        }
        let keep = |address: Address| {
            let known = targets.iter().find(|target| target.address == address);
            known.cloned().unwrap_or_else(|| Arc::new(Target { address, connections: AtomicUsize::new(0) }))
        };
        let pointed: Targets = addresses.into_iter().map(keep).collect();
        *targets = pointed;
        self.installs.fetch_add(1, Ordering::Release);
        true
    }

    /// Grows with each change of the targets.
    pub(crate) fn installs(&self) -> u64 {
        self.installs.load(Ordering::Acquire)
    }

    pub(crate) fn targets(&self) -> (Targets, u64) {
        let targets = self.targets.lock();
        (targets.clone(), self.installs())
    }

    /// The least connected target, the next in turn of several; not the one that has just failed, if there is another.
    pub(crate) fn choose(&self, targets: &Targets, failed: Option<&Arc<Target>>) -> Option<Arc<Target>> {
        let start = if targets.len() > 1 { self.turn.fetch_add(1, Ordering::Relaxed) } else { 0 };
        let in_turn = (0..targets.len()).map(|step| &targets[(start + step) % targets.len()]);
        let has_failed = |target: &Arc<Target>| failed.is_some_and(|failed| Arc::ptr_eq(failed, target));
        in_turn.min_by_key(|target| (has_failed(target), target.connections.load(Ordering::Relaxed))).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> Address {
        Address::Tcp(([127, 0, 0, 1], port).into())
    }

    #[test]
    fn targets_that_stay_keep_their_count() {
        let shared = Shared::new(Settings::default());
        assert!(shared.point(vec![address(1), address(2)]));
        shared.targets().0[1].connections.store(7, Ordering::Relaxed);
        assert!(shared.point(vec![address(2), address(3)]));
        let counts: Vec<_> = shared.targets().0.iter().map(|each| each.connections.load(Ordering::Relaxed)).collect();
        assert_eq!(counts, [7, 0]);
        assert!(!shared.point(vec![address(2), address(3)]), "the same again is no switch");
        assert_eq!(shared.installs(), 2);
    }

    #[test]
    fn the_least_connected_is_chosen_and_equals_take_turns() {
        let shared = Shared::new(Settings::default());
        shared.point(vec![address(1), address(2), address(3)]);
        let (targets, _) = shared.targets();
        let mut counts = [0; 3];
        for _ in 0..30 {
            let chosen = shared.choose(&targets, None).expect("there are targets");
            chosen.connections.fetch_add(1, Ordering::Relaxed);
            counts[usize::from(chosen.address == address(2)) + 2 * usize::from(chosen.address == address(3))] += 1;
        }
        assert_eq!(counts, [10, 10, 10]);
        let failed = targets[0].clone();
        assert!((0..9).all(|_| !Arc::ptr_eq(&shared.choose(&targets, Some(&failed)).expect("others"), &failed)));
    }

    #[test]
    fn a_target_that_failed_is_chosen_where_there_is_no_other() {
        let shared = Shared::new(Settings::default());
        assert!(shared.choose(&shared.targets().0, None).is_none());
        shared.point(vec![address(1)]);
        let (targets, _) = shared.targets();
        assert!(shared.choose(&targets, Some(&targets[0].clone())).is_some());
    }
}
