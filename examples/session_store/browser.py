"""A visitor's browser: speaks HTTP and keeps cookies, which is all of a session that is on this side."""

import json
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

TIMEOUT_SECONDS = 10.0


class Browser:
    """Sends its cookies to each process of a website, as it would through a load balancer."""

    def __init__(self) -> None:
        self.cookies = CookieJar()
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))

    def ask(self, method: str, url: str) -> dict[str, Any] | None:
        """What the page says; None if nobody is there to answer."""
        try:
            with self._opener.open(Request(url, method=method), timeout=TIMEOUT_SECONDS) as response:
                page: dict[str, Any] = json.load(response)
        except URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                return None
            raise
        return page
