"""The server of FastMCP 2, 3 and 4."""

import os
import sys

import anyio
import fastmcp
from fastmcp import Context, FastMCP
from serving import serve

MAJOR = int(fastmcp.__version__.split(".")[0])
server = FastMCP(f"fastmcp-{MAJOR}")


@server.tool
def echo(text: str) -> str:
    return text


@server.tool
def write() -> str:
    return "written"


@server.tool
async def slow(context: Context) -> str:
    for count in range(3):
        await anyio.sleep(0.33)
        await context.report_progress(count + 1, 3)
    return "done"


@server.tool
async def ask(context: Context) -> str:
    if MAJOR < 4:
        return str((await context.sample("hi")).text)
    import mcp_types as types

    message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text="hi"))
    answer = await context.session.create_message([message], max_tokens=10)
    return answer.content.text


@server.tool
async def ping_me(context: Context) -> str:
    await context.session.send_ping()
    return "pong"


@server.tool
async def notify(context: Context) -> str:
    await context.session.send_tool_list_changed()
    return "sent"


serve(server.http_app(), int(sys.argv[1]))
