"""Serves an application on loopback and says when it is ready."""

import uvicorn


class Ready(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print("ready", flush=True)


def serve(app, port):
    options = {"log_level": "warning", "timeout_graceful_shutdown": 1}
    Ready(uvicorn.Config(app, host="127.0.0.1", port=port, **options)).run()
