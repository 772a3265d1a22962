"""The client's side of a login: the SDK's provider, and a browser that follows redirects."""

import os
import sys
import urllib.request
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.error import HTTPError
from urllib.parse import parse_qs, quote, urljoin, urlparse

REDIRECT = "http://127.0.0.1:9/callback"
HOPS = 20


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_, **__):
        return None


def follow(url, redirect=REDIRECT, keep_errors=False):
    """Follows the authorization request and returns the redirect URI with its query."""
    print(f"login: scope={parse_qs(urlparse(url).query).get('scope')}", file=sys.stderr)
    if "PERSON" in os.environ:
        url = os.environ["PERSON"] + quote(url, safe="")
    jar = CookieJar(policy=DefaultCookiePolicy(rfc2965=False))
    browser = urllib.request.build_opener(NoRedirect, urllib.request.HTTPCookieProcessor(jar))
    for _ in range(HOPS):
        if url.startswith(redirect):
            error = parse_qs(urlparse(url).query).get("error")
            if error and not keep_errors:
                raise RuntimeError(f"the login ended with {error[0]}")
            return url
        try:
            answer = browser.open(url, timeout=10)
        except HTTPError as error:
            answer = error
        location = answer.headers.get("location")
        if location is None:
            raise RuntimeError(f"the login ended at {url}: {answer.read()[:200]}")
        url = urljoin(url, location)
    raise RuntimeError("too many redirects")


class Memory:
    """A TokenStorage in memory."""

    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client
