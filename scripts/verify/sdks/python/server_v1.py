"""The server of the Python SDK 1.x, with sessions."""

import sys

import anyio
import mcp.types as types
from mcp.server.fastmcp import Context, FastMCP
from serving import serve

server = FastMCP("python-1", log_level="WARNING")


@server.tool()
def echo(text: str) -> str:
    return text


@server.tool()
def write() -> str:
    return "written"


@server.tool()
async def slow(context: Context) -> str:
    for count in range(3):
        await anyio.sleep(0.33)
        await context.report_progress(count + 1, 3)
    return "done"


@server.tool()
async def ask(context: Context) -> str:
    message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text="hi"))
    answer = await context.session.create_message([message], max_tokens=10)
    return answer.content.text


@server.tool()
async def ping_me(context: Context) -> str:
    await context.session.send_ping()
    return "pong"


@server.tool()
async def notify(context: Context) -> str:
    await context.session.send_tool_list_changed()
    return "sent"


serve(server.streamable_http_app(), int(sys.argv[1]))
