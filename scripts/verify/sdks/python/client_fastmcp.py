"""The client of FastMCP 2, 3 and 4."""

import os
import threading
import time
import urllib.request
import webbrowser
from contextlib import asynccontextmanager
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlparse

import fastmcp
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from login import follow
from program import Notices, program

MAJOR = int(fastmcp.__version__.split(".")[0])
TRIES = 40


def open_browser(url, *_, **__):
    """A browser that logs in and loads the redirect. The client listens there a bit later."""

    def visit():
        redirect = parse_qs(urlparse(url).query)["redirect_uri"][0]
        end = follow(url, redirect, keep_errors=True)
        for _ in range(TRIES):
            try:
                urllib.request.urlopen(end, timeout=10).read()
                return
            except HTTPError:
                return
            except URLError:
                time.sleep(0.25)

    threading.Thread(target=visit, daemon=True).start()
    return True


async def sampling(_messages, _params, _context):
    return "sampled"


class Connected:
    def __init__(self, client, notices):
        self.client = client
        info = getattr(client, "server_info", None) or client.initialize_result.serverInfo
        self.protocol = getattr(client, "protocol_version", "") or ""
        self.version = f"{info.name} {self.protocol}".strip()
        self.notices = notices

    async def call(self, name, on_progress=None, **arguments):
        result = await self.client.call_tool(name, arguments, progress_handler=on_progress)
        return " ".join(part.text for part in result.content)

    async def list(self):
        return " ".join(sorted(tool.name for tool in await self.client.list_tools()))

    @asynccontextmanager
    async def listening(self):
        yield "GET stream"


@asynccontextmanager
async def connect(url, scenario):
    webbrowser.open = open_browser
    auth = "oauth" if scenario == "login" else os.environ.get("TOKEN")
    notices = Notices()
    transport = StreamableHttpTransport(url, auth=auth)
    options = {"sampling_handler": sampling, "message_handler": notices.arrive}
    # FastMCP 4 has no subscriptions: in the newest revision it cannot listen.
    if MAJOR >= 4 and scenario == "quiet":
        options["mode"] = "legacy"
    async with Client(transport, **options) as client:
        yield Connected(client, notices)


program(connect)
