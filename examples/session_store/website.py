"""A website with a login and a basket, whose sessions are in the cluster. It remembers nothing itself.

As a program it serves on a free port, prints where, and ends when its standard input does: so with whoever started it.
"""

import argparse
import logging
import os
import sys
import threading
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, current_app, session
from flask_session import Session
from pymemcache import MemcacheUnexpectedCloseError, PooledClient
from pymemcache.client.retrying import RetryingClient
from redis import Redis
from werkzeug.serving import make_server

TIMEOUT_SECONDS = 2.0
SESSION_LIFETIME = timedelta(hours=1)

pages = Blueprint("pages", __name__)


@pages.get("/")
def home() -> dict[str, Any]:
    return {"user": session.get("user"), "basket": session.get("basket", []), "process": os.getpid()}


@pages.post("/login/<name>")
def login(name: str) -> dict[str, Any]:
    # A session's name from before the login may be known to somebody else.
    sessions: Any = current_app.session_interface
    sessions.regenerate(session)
    session["user"] = name
    return home()


@pages.post("/basket/<item>")
def add_to_basket(item: str) -> dict[str, Any]:
    session["basket"] = [*session.get("basket", []), item]
    return home()


@pages.post("/logout")
def logout() -> dict[str, Any]:
    session.clear()
    return home()


def create_app(server: str) -> Flask:
    """The website, with its sessions at HOST:PORT or at redis://HOST:PORT/DATABASE."""
    app = Flask(__name__)
    app.config.update(
        session_settings(server),
        SESSION_KEY_PREFIX="website:",
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    Session(app)
    app.register_blueprint(pages)
    return app


def session_settings(server: str) -> dict[str, Any]:
    """Which of Flask-Session's stores, and the client it uses."""
    if server.startswith("redis://"):
        timeouts = {"socket_connect_timeout": TIMEOUT_SECONDS, "socket_timeout": TIMEOUT_SECONDS}
        return {"SESSION_TYPE": "redis", "SESSION_REDIS": Redis.from_url(server, **timeouts)}
    return {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": session_client(server)}


def session_client(server: str) -> RetryingClient:
    """Tries again where a kept connection turns out to be closed; other errors are for the visitor to see, since a
    login that is not stored is none."""
    client = PooledClient(server, connect_timeout=TIMEOUT_SECONDS, timeout=TIMEOUT_SECONDS, default_noreply=False)
    return RetryingClient(client, attempts=2, retry_for=[MemcacheUnexpectedCloseError, ConnectionError])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="127.0.0.1:11211", metavar="SERVER", help="the proxy [%(default)s]")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    website = make_server("127.0.0.1", 0, create_app(parser.parse_args().server), threaded=True)
    threading.Thread(target=website.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{website.server_port}", flush=True)
    sys.stdin.read()
    website.shutdown()
    website.server_close()


if __name__ == "__main__":
    main()
