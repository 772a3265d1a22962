"""The server of the Python SDK 2.x, for old and new revisions."""

import sys
from typing import Annotated

import anyio
import mcp_types as types
from mcp.server.mcpserver import Context, MCPServer, Resolve, Sample
from serving import serve

server = MCPServer("python-2", version="1", log_level="WARNING")


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


async def question():
    message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text="hi"))
    return Sample([message], max_tokens=10)


@server.tool()
async def ask(answer: Annotated[types.CreateMessageResult, Resolve(question)]) -> str:
    return answer.content.text


@server.tool()
async def ping_me(context: Context) -> str:
    await context.session.send_ping()
    return "pong"


@server.tool()
async def notify(context: Context) -> str:
    await context.notify_tools_changed()
    await context.session.send_tool_list_changed()
    return "sent"


serve(server.streamable_http_app(), int(sys.argv[1]))
