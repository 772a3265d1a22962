"""The client of the Python SDK 1.x."""

import asyncio
import os
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlparse

import mcp.types as types
from login import REDIRECT, Memory, follow
from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import OAuthClientMetadata
from program import Notices, program


async def sampling(_context, _params):
    content = types.TextContent(type="text", text="sampled")
    return types.CreateMessageResult(role="assistant", content=content, model="lab")


def provider(url):
    seen = {}

    async def redirect(to):
        seen["end"] = await asyncio.to_thread(follow, to)

    async def callback():
        query = parse_qs(urlparse(seen["end"]).query)
        return query["code"][0], query.get("state", [None])[0]

    metadata = OAuthClientMetadata(
        client_name="lab",
        redirect_uris=[REDIRECT],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="none",
    )
    return OAuthClientProvider(url, metadata, Memory(), redirect, callback)


class Connected:
    def __init__(self, session, version, notices):
        self.session = session
        self.version = version
        self.notices = notices

    async def call(self, name, on_progress=None, **arguments):
        result = await self.session.call_tool(name, arguments, progress_callback=on_progress)
        text = " ".join(part.text for part in result.content)
        if result.isError:
            raise RuntimeError(text)
        return text

    async def list(self):
        return " ".join(sorted(tool.name for tool in (await self.session.list_tools()).tools))

    @asynccontextmanager
    async def listening(self):
        yield "GET stream"


@asynccontextmanager
async def connect(url, scenario):
    token = os.environ.get("TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else None
    auth = provider(url) if scenario == "login" else None
    notices = Notices()
    async with create_mcp_http_client(headers=headers, auth=auth) as http:
        async with streamable_http_client(url, http_client=http) as (read, write, _):
            options = {"sampling_callback": sampling, "message_handler": notices.arrive}
            async with ClientSession(read, write, **options) as session:
                server = (await session.initialize()).serverInfo.name
                yield Connected(session, server, notices)


program(connect)
