"""Bitmaps."""

from tests.wire.redis_differential.row import Row

BITMAPS: tuple[Row, ...] = (
    Row("SETBIT bits offset bit", weight=6),
    Row("GETBIT bits offset", weight=3),
    Row("SET bits value"),
    Row("GET bits"),
    Row("BITCOUNT bits [index index [BIT|BYTE]]", weight=3),
    Row("BITPOS bits bit [index [index [BIT|BYTE]]]", weight=3),
    Row("BITOP (AND|OR|XOR) bits bits...", weight=3),
    Row("BITOP NOT bits bits"),
    Row("BITOP (NOT|NAND) bits bits...", weight=1),
    Row(
        "BITFIELD bits (GET field_type field_offset|SET field_type field_offset integer"
        "|INCRBY field_type field_offset integer|OVERFLOW (WRAP|SAT|FAIL))...",
        weight=6,
    ),
    Row("BITFIELD_RO bits (GET field_type field_offset)...", weight=2),
    Row("BITFIELD_RO bits SET field_type field_offset integer", weight=1),
    Row("BITFIELD bits", weight=1),
    Row("DEL bits", weight=1),
)
