#!/bin/sh
# Shows that the MCP client for Python asks for a new login although it holds a refresh token.
#
# Software:  mcp 2.3.0 (Python) with httpx2 2.16.2
# Observed:  2026-11-29
# Needs:     Python 3.10 or newer with venv and pip, the package registry, `timeout`
#
# The client's storage has an access token and a refresh token. The resource answers the access
# token with 401 and error="invalid_token", as it does after the token expired or was revoked.
# RFC 6749, section 1.5, steps F and G: the client then presents the refresh token. RFC 6750,
# section 3.1, lets the client request a new access token and repeat the request.
# The page "OAuth clients" of the SDK's documentation promises the same, also for stored tokens.
#
# Expected:  a request with grant_type=refresh_token, then 200 without the user.
# Behaviour: OAuthClientProvider sends the user to the login. It never sends the refresh token,
#            which the token endpoint accepts. It refreshes only before a request, and only a token
#            that it received itself and whose expires_in is over.
#
# Exit code 0: the behaviour is as stated; 1: it differs; 2: the packages cannot be installed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' INT TERM
cd "$folder"
python3 -m venv env || exit 2
timeout 180 env/bin/pip install --quiet --disable-pip-version-check mcp==2.3.0 httpx2==2.16.2 ||
  exit 2

cat > run.py <<'SCRIPT'
import asyncio
import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

# The SDK logs the end of the login with a trace, which says nothing new.
logging.disable(logging.CRITICAL)

CALLBACK = "http://127.0.0.1/callback"
grants = []  # the grant types that the token endpoint received
logins = []  # the paths of logins that the client asked the user for


class Handler(BaseHTTPRequestHandler):
    """The resource and its issuer: "old" is not valid any more, "new" is."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, document, challenge=None):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        metadata = f"{origin}/.well-known/oauth-protected-resource/mcp"
        if self.path == "/mcp":
            if self.headers.get("Authorization") == "Bearer new":
                return self.answer(200, {})
            return self.answer(
                401, {}, f'Bearer error="invalid_token", resource_metadata="{metadata}"'
            )
        documents = {
            "/.well-known/oauth-protected-resource/mcp": {
                "resource": f"{origin}/mcp",
                "authorization_servers": [f"{origin}/tenant"],
            },
            "/.well-known/oauth-authorization-server/tenant": {
                "issuer": f"{origin}/tenant",
                "authorization_endpoint": f"{origin}/tenant/login",
                "token_endpoint": f"{origin}/tenant/token",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
            },
        }
        document = documents.get(self.path)
        self.answer(200 if document else 404, document or {})

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        grants.append(form["grant_type"][0])
        if form.get("refresh_token") != ["still-good"]:
            return self.answer(400, {"error": "invalid_grant"})
        self.answer(200, {"access_token": "new", "token_type": "Bearer", "expires_in": 300})


class Storage:
    """Holds the tokens of an earlier login, and the client that got them."""

    tokens = OAuthToken(access_token="old", expires_in=300, refresh_token="still-good")
    client = OAuthClientInformationFull(
        client_id="finding",
        redirect_uris=[CALLBACK],
        grant_types=["authorization_code", "refresh_token"],
        token_endpoint_auth_method="none",
    )

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


class UserIsAway(Exception):
    """Ends the login, because nothing answers it."""


async def to_login(url):
    logins.append(urlsplit(url).path)


async def no_callback():
    raise UserIsAway


async def call_resource():
    provider = OAuthClientProvider(
        server_url=f"{origin}/mcp",
        client_metadata=OAuthClientMetadata(
            client_name="finding",
            redirect_uris=[CALLBACK],
            grant_types=["authorization_code", "refresh_token"],
            token_endpoint_auth_method="none",
        ),
        storage=Storage(),
        redirect_handler=to_login,
        callback_handler=no_callback,
    )
    async with httpx2.AsyncClient(auth=provider, timeout=10) as client:
        try:
            return str((await client.get(f"{origin}/mcp")).status_code)
        except UserIsAway:
            return "the user must log in"


def refresh_by_hand():
    form = {"grant_type": "refresh_token", "refresh_token": "still-good", "client_id": "finding"}
    with httpx2.Client(timeout=10) as client:
        token = client.post(f"{origin}/tenant/token", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return str(client.get(f"{origin}/mcp", headers=headers).status_code)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
origin = f"http://127.0.0.1:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()

print(f"mcp {version('mcp')}, httpx2 {version('httpx2')}")
print("expected (RFC 6749 section 1.5, RFC 6750 section 3.1): grants ['refresh_token'], then 200")
result = asyncio.run(asyncio.wait_for(call_resource(), 30))
seen = (result, list(grants), list(logins))
print(f"OAuthClientProvider: {result}; grants {grants}; logins {logins}")
by_hand = refresh_by_hand()
print(f"the same refresh token by hand: {by_hand}")

as_stated = seen == ("the user must log in", [], ["/tenant/login"]) and by_hand == "200"
print("as stated" if as_stated else "differs from the statement")
sys.exit(0 if as_stated else 1)
SCRIPT
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 timeout 60 env/bin/python run.py || exit 1
