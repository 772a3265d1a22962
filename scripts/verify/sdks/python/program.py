"""Runs one scenario with a client of any Python SDK and prints a JSON line for each step."""

import asyncio
import json
import sys
import time

import anyio

STEP_S = 12
QUIET_S = 70
ARRIVES_S = 5


def emit(**line):
    print(json.dumps(line), flush=True)


def each(error):
    """The errors of a group, one by one."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from each(inner)
    else:
        yield error


def shown(error):
    return " + ".join(f"{type(one).__name__}: {one}" for one in each(error))


async def step(name, work):
    """Prints the step's result. `work` returns the text; a late one is a hang."""
    started = time.monotonic()
    result = {"ok": False, "text": "HANGS"}
    with anyio.move_on_after(STEP_S):
        try:
            result = {"ok": True, "text": str(await work())}
        except Exception as error:  # noqa: BLE001
            result = {"ok": False, "text": shown(error)}
    emit(step=name, **result, ms=round((time.monotonic() - started) * 1000))


async def wait_for_go():
    emit(step="wait")
    await asyncio.to_thread(sys.stdin.readline)


class Notices:
    """Whether a notification has arrived."""

    def __init__(self):
        self.event = asyncio.Event()

    async def arrive(self, message):
        method = getattr(getattr(message, "root", message), "method", "")
        if isinstance(method, str) and method.startswith("notifications/"):
            self.event.set()
        if isinstance(message, Exception):
            print(f"the session reports {shown(message)}", file=sys.stderr)


async def basic(client):
    await step("list", client.list)
    await step("call", lambda: client.call("echo", text="hello"))

    async def progress():
        count = []

        async def on_progress(*_):
            count.append(1)

        await client.call("slow", on_progress)
        return len(count)

    await step("progress", progress)
    await step("sampling", lambda: client.call("ask"))
    await step("ping", lambda: client.call("ping_me"))


async def quiet(client):
    async with client.listening() as how:
        emit(step="listen", ok=True, text=how)
        await anyio.sleep(QUIET_S)
        client.notices.event.clear()

        async def notify():
            await client.call("notify")
            with anyio.move_on_after(ARRIVES_S):
                await client.notices.event.wait()
                return "arrived"
            return "did not arrive"

        await step("notify", notify)


async def refused(client):
    for name in ("first", "second", "third"):
        await step(name, lambda: client.call("echo", text=name))


async def login(client):
    await step("call", lambda: client.call("echo", text="hello"))
    await wait_for_go()
    await step("call again", lambda: client.call("echo", text="hello again"))
    await step("write", lambda: client.call("write"))
    await step("write again", lambda: client.call("write"))


async def restart(client):
    await step("before", lambda: client.call("echo", text="before"))
    await wait_for_go()
    await step("after", lambda: client.call("echo", text="after"))
    await step("after again", lambda: client.call("echo", text="after again"))


SCENARIOS = {
    "basic": basic,
    "quiet": quiet,
    "refused": refused,
    "login": login,
    "restart": restart,
}


async def perform(connect, url, scenario):
    started = time.monotonic()
    connected = False
    try:
        async with connect(url, scenario) as client:
            connected = True
            ms = round((time.monotonic() - started) * 1000)
            emit(step="connect", ok=True, text=client.version, ms=ms)
            await SCENARIOS[scenario](client)
        emit(step="close", ok=True, text="")
    except BaseException as error:  # noqa: BLE001
        emit(step="close" if connected else "connect", ok=False, text=shown(error))


def program(connect):
    """`connect(url, scenario)` is a context manager whose value the scenarios use."""
    url, scenario = sys.argv[1:3]
    asyncio.run(perform(connect, url, scenario))
