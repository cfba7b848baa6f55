"""Places in sorted sets. Unsorted answers come in the order of Redis's cells, which is ours, too."""

from tests.wire.redis_differential.row import Row

CENTRE = "(FROMMEMBER member|FROMLONLAT longitude latitude)"
SHAPE = "(BYRADIUS metres unit|BYBOX metres metres unit)"
SHOWN = "[WITHDIST] [WITHHASH] [WITHCOORD]"

GEO: tuple[Row, ...] = (
    Row("GEOADD geo (longitude latitude member)...", weight=10),
    Row("GEOADD geo [NX|XX] [CH] (longitude latitude member)...", weight=3),
    Row("GEODIST geo member member [unit]", weight=3),
    Row("GEOHASH geo member..."),
    Row("GEOPOS geo member..."),
    Row(f"GEOSEARCH geo {CENTRE} {SHAPE} [ASC|DESC] [COUNT some [ANY]] {SHOWN}", weight=10),
    Row(f"GEOSEARCH geo {SHAPE} {CENTRE} {SHOWN} [ASC|DESC]", weight=2),
    Row(f"GEOSEARCHSTORE geo geo {CENTRE} {SHAPE} [ASC|DESC] [COUNT some [ANY]] [STOREDIST]", weight=3),
    Row(f"GEORADIUS geo longitude latitude metres unit {SHOWN} [COUNT some [ANY]] [ASC|DESC]", weight=3),
    Row("GEORADIUS geo longitude latitude metres unit [COUNT some [ANY]] [ASC|DESC] [STORE geo] [STOREDIST geo]"),
    Row(f"GEORADIUS_RO geo longitude latitude metres unit {SHOWN} [COUNT some [ANY]] [ASC|DESC]"),
    Row(f"GEORADIUSBYMEMBER geo member metres unit {SHOWN} [COUNT some [ANY]] [ASC|DESC]"),
    Row("GEORADIUSBYMEMBER geo member metres unit [COUNT some [ANY]] [STORE geo|STOREDIST geo]"),
    Row(f"GEORADIUSBYMEMBER_RO geo member metres unit {SHOWN} [COUNT some [ANY]] [ASC|DESC]"),
    Row("ZADD geo (cell member)...", weight=1),
    Row("ZREM geo member...", weight=2),
    Row("ZRANGE geo 0 -1 WITHSCORES", weight=2),
    Row("DEL geo", weight=1),
)
