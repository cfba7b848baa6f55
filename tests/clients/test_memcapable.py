"""memcapable, libmemcached's own conformance test: every test of the text protocol passes."""

import re
import subprocess

from tests.servers import Server, find_peer

PASSED = re.compile(r"^(ascii [\w ]+?) +\[pass\]", re.MULTILINE)
TESTS = 27


def test_every_text_test_passes(endpoint: Server) -> None:
    program = find_peer("memccapable", "libmemcached-tools")
    host, port = endpoint.endpoint.split(":")
    command = [program, "-h", host, "-p", port, "-a", "-t", "5"]
    ended = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert "All tests passed" in ended.stdout, ended.stdout
    passed = set(PASSED.findall(ended.stdout))
    assert len(passed) == TESTS, ended.stdout
