"""The wire: conversations and random commands, against every server that speaks memcached's text protocol."""
