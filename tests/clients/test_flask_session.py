"""Flask-Session keeps sessions in a memcached, through pymemcache and through cachelib.

The client waits for the reply to a write: without one, another connection's read may overtake it.
"""

from collections.abc import Callable

import pytest
from cachelib.memcached import MemcachedCache
from flask import Flask, session
from flask_session import Session
from pymemcache.client.base import PooledClient
from pymemcache.serde import pickle_serde

from tests.servers import Server


def with_memcached(server: Server) -> dict[str, object]:
    return {"SESSION_TYPE": "memcached", "SESSION_MEMCACHED": PooledClient(server.address, default_noreply=False)}


def with_cachelib(server: Server) -> dict[str, object]:
    client = PooledClient(server.address, serde=pickle_serde, default_noreply=False)
    return {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": MemcachedCache(client)}


def application(settings: dict[str, object]) -> Flask:
    app = Flask("sessions")
    app.config.update(settings)
    Session(app)

    @app.post("/login/<name>")
    def login(name: str) -> str:
        session["user"] = name
        return name

    @app.get("/user")
    def user() -> str:
        return str(session.get("user", "nobody"))

    @app.post("/logout")
    def logout() -> str:
        session.clear()
        return "bye"

    return app


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("settings", [with_memcached, with_cachelib])
def test_a_session_is_everywhere(settings: Callable[[Server], dict[str, object]], endpoint: Server) -> None:
    first, second = application(settings(endpoint)), application(settings(endpoint))
    browser, elsewhere = first.test_client(use_cookies=False), second.test_client(use_cookies=False)
    assert browser.get("/user").text == "nobody"
    cookie = {"Cookie": browser.post("/login/ada").headers["Set-Cookie"].split(";")[0]}
    assert elsewhere.get("/user", headers=cookie).text == "ada"
    elsewhere.post("/logout", headers=cookie)
    assert browser.get("/user", headers=cookie).text == "nobody"
