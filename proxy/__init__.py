"""The proxy's decisions: who gets a key and who is up. Bytes are moved by `memcluster._native.Router`.

settings.py     a row a setting
server.py       one cache server as settings name it
pools.py        the whole document: proxy, pools, routes; from a file or from flags
placement/      rings and hashes, each agreeing with the library it names
topology.py     pools and who is out, as the document that the router installs
health.py       what to do about nodes that fail: pure
"""

from __future__ import annotations
