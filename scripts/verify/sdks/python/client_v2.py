"""The client of the Python SDK 2.x. It asks for the newest revision first."""

import asyncio
import os
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlparse

import mcp_types as types
from login import REDIRECT, Memory, follow
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata
from program import Notices, program

MODERN = "2026-07-28"


async def sampling(_context, _params):
    content = types.TextContent(type="text", text="sampled")
    return types.CreateMessageResult(role="assistant", content=content, model="lab")


def provider(url):
    seen = {}

    async def redirect(to):
        seen["end"] = await asyncio.to_thread(follow, to)

    async def callback():
        query = parse_qs(urlparse(seen["end"]).query)
        one = {name: query.get(name, [None])[0] for name in ("code", "state", "iss")}
        return AuthorizationCodeResult(**one)

    metadata = OAuthClientMetadata(
        client_name="lab",
        redirect_uris=[REDIRECT],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="none",
    )
    return OAuthClientProvider(url, metadata, Memory(), redirect, callback)


class Connected:
    def __init__(self, client, notices):
        self.client = client
        self.version = f"{client.server_info.name} {client.protocol_version}"
        self.notices = notices

    async def call(self, name, on_progress=None, **arguments):
        result = await self.client.call_tool(name, arguments, progress_callback=on_progress)
        text = " ".join(part.text for part in result.content)
        if result.is_error:
            raise RuntimeError(text)
        return text

    async def list(self):
        return " ".join(sorted(tool.name for tool in (await self.client.list_tools()).tools))

    @asynccontextmanager
    async def listening(self):
        if self.client.protocol_version != MODERN:
            yield "GET stream"
            return
        async with self.client.listen(tools_list_changed=True) as subscription:

            async def read():
                async for _ in subscription:
                    self.notices.event.set()

            reading = asyncio.create_task(read())
            yield "subscription"
            reading.cancel()


@asynccontextmanager
async def connect(url, scenario):
    token = os.environ.get("TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else None
    auth = provider(url) if scenario == "login" else None
    notices = Notices()
    async with create_mcp_http_client(headers=headers, auth=auth) as http:
        transport = streamable_http_client(url, http_client=http)
        options = {"sampling_callback": sampling, "message_handler": notices.arrive}
        async with Client(transport, mode=os.environ.get("MODE", "auto"), **options) as client:
            yield Connected(client, notices)


program(connect)
