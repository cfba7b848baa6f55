"""The commands that are drawn, a family a file and a row a command, with the grammar of its arguments."""

from tests.wire.redis_differential.families.bitmaps import BITMAPS
from tests.wire.redis_differential.families.connection import CONNECTION
from tests.wire.redis_differential.families.functions import FUNCTION_ROWS
from tests.wire.redis_differential.families.geo import GEO
from tests.wire.redis_differential.families.hashes import HASHES
from tests.wire.redis_differential.families.hyperloglog import HYPERLOGLOG
from tests.wire.redis_differential.families.keys import KEYS
from tests.wire.redis_differential.families.lists import LISTS
from tests.wire.redis_differential.families.scripts import SCRIPTS
from tests.wire.redis_differential.families.sets import SETS
from tests.wire.redis_differential.families.sorted_sets import SORTED_SETS
from tests.wire.redis_differential.families.streams import STREAMS
from tests.wire.redis_differential.families.strings import STRINGS
from tests.wire.redis_differential.families.transactions import TRANSACTIONS
from tests.wire.redis_differential.row import Row

FAMILIES: dict[str, tuple[Row, ...]] = {
    "strings": STRINGS,
    "keys": KEYS,
    "lists": LISTS,
    "sets": SETS,
    "hashes": HASHES,
    "sorted_sets": SORTED_SETS,
    "streams": STREAMS,
    "geo": GEO,
    "bitmaps": BITMAPS,
    "hyperloglog": HYPERLOGLOG,
    "transactions": TRANSACTIONS,
    "scripts": SCRIPTS,
    "functions": FUNCTION_ROWS,
    "connection": CONNECTION,
}
