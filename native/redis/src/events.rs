//! Classes of keyspace events, as `notify-keyspace-events` names them.

/// A class of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// `g`: commands of no type: del, expire, rename ….
    Generic,
    /// `$`
    String,
    /// `l`
    List,
    /// `s`
    Set,
    /// `h`
    Hash,
    /// `z`
    SortedSet,
    /// `t`
    Stream,
    /// `x`
    Expired,
    /// `e`
    Evicted,
    /// `n`: not in `A`.
    New,
    /// `m`: not in `A`.
    Missed,
}
