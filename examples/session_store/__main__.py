"""Shows from the outside that a session outlives the process that made it; see README.md."""

import argparse
import socket
import sys

from examples.session_store.browser import Browser
from examples.session_store.process import WebsiteProcess

CONNECT_SECONDS = 2.0
HELP = "HOST:PORT of the proxy, or redis://HOST:PORT/0 of a Redis-mode node [%(default)s]"


class Story:
    """Asks, tells what was answered, and counts what was not answered as it should be."""

    def __init__(self) -> None:
        self.surprises = 0

    def ask(self, browser: Browser, request: str, website: WebsiteProcess, expected: str) -> None:
        method, path = request.split()
        page = browser.ask(method, website.url + path)
        answer, process = "no answer", "none"
        if page is not None:
            answer = f"{page['user'] or 'nobody'}, with {', '.join(page['basket']) or 'nothing'}"
            process = str(page["process"])
        is_surprise = answer != expected
        self.surprises += is_surprise
        remark = f" (should be: {expected})" if is_surprise else ""
        print(f"  {request:20}{website.name:8}{process:10}{answer}{remark}", flush=True)


def tell(story: Story, server: str) -> None:
    ada, stranger = Browser(), Browser()
    with WebsiteProcess("first", server) as first, WebsiteProcess("second", server) as second:
        print(f"Two processes of a website, their sessions at {server}.")
        print(f"  {'request':20}{'to the':8}{'process':10}answer")
        story.ask(ada, "GET /", first, "nobody, with nothing")
        story.ask(ada, "POST /login/ada", first, "ada, with nothing")
        story.ask(ada, "GET /", second, "ada, with nothing")
        story.ask(ada, "POST /basket/tea", second, "ada, with tea")
        story.ask(ada, "POST /basket/milk", first, "ada, with tea, milk")
        story.ask(stranger, "GET /", second, "nobody, with nothing")

        first.kill()
        print("The first is killed.")
        story.ask(ada, "GET /", first, "no answer")
        story.ask(ada, "GET /", second, "ada, with tea, milk")

        with WebsiteProcess("first", server) as successor:
            print("Another process takes its place.")
            story.ask(ada, "GET /", successor, "ada, with tea, milk")
            story.ask(ada, "POST /logout", successor, "nobody, with nothing")
            story.ask(ada, "GET /", second, "nobody, with nothing")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.session_store", description=__doc__)
    parser.add_argument("--server", default="127.0.0.1:11211", metavar="SERVER", help=HELP)
    server = parser.parse_args().server
    refuse_if_nothing_answers(server)
    story = Story()
    tell(story, server)
    if story.surprises:
        sys.exit(f"{story.surprises} answers were not as they should be.")
    print("Every answer was as it should be.")


def refuse_if_nothing_answers(server: str) -> None:
    host, _, port = server.removeprefix("redis://").partition("/")[0].rpartition(":")
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        sys.exit(f"No cluster answers at {server} ({error}): `make up` starts one, --server HOST:PORT names another.")


if __name__ == "__main__":
    main()
