"""`memcluster proxy`: a proxy before memcached servers, its pools from a file, or one pool from flags."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from memcluster.cli.options import options
from memcluster.cli.pools import pool_options, read_document
from memcluster.config import overlay
from memcluster.log import LogSettings, configure
from memcluster.proxy.settings import ProxySettings

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.command(context_settings=CONTEXT)
@pool_options
@options(ProxySettings, "proxy")
@options(LogSettings, "log")
def command(config: Path | None, servers: tuple[str, ...], **flags: Any) -> None:
    """Run a proxy before memcached servers, in the foreground.

    Its pools stand in a settings file, or one pool is given by flags:

    memcluster proxy --listen 127.0.0.1:11211 --server 10.0.0.1:11211 --server 10.0.0.2:11211:2

    A settings file is read again on SIGHUP and when it changes. Ends with SIGTERM or Ctrl-C, after what is begun.
    """
    document = read_document(config, servers, flags)
    where = document.proxy.listen[0] if document.proxy.listen else document.proxy.unix_socket
    configure(overlay(LogSettings(), "log", os.environ, flags), f"proxy {where}")

    # The engine is loaded for serving only: --help and a wrong flag answer without it.
    from memcluster.proxy.process import serve

    serve(document, config)
