"""Where memcluster puts keys: by the document that the proxy installs and the code that routes there."""

from collections.abc import Iterable, Sequence

from memcluster import _native
from memcluster.proxy.pools import single_pool
from memcluster.proxy.topology import Rings


def located(servers: Sequence[str], keys: Iterable[bytes], **settings: object) -> list[int]:
    """The index of each key's server."""
    document = single_pool(servers, settings)
    topology = Rings(document).topology(1).encode()
    index = {member.label: number for number, member in enumerate(document.pool[0].members)}
    return [index[_native.locate(topology, key)[1][0]] for key in keys]
