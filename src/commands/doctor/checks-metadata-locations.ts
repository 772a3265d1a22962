// Checks where protected resource metadata (RFC 9728) is: each location where a known client looks.
import { isDeepStrictEqual } from 'node:util';
import { findParameter } from './challenge.js';
import { type Check, fail, type Observation, ok, otherOrigin, skipped, warn } from './check.js';
import { CLIENT_NAME } from './client-name.js';
import { describeOutcome, type JsonDocument, parseDocument } from './document.js';
import { challengesOf, type Inspection } from './inspection.js';
import { header, mediaType, type Outcome, sendRequest } from './request.js';

const NOT_FOUND = new Set([404, 410]);
const NO_METADATA = 'there is no metadata at the well-known path';
const NO_PATH = 'the URL has no path';

const isNotFound = ({ response }: JsonDocument): boolean =>
  response !== null && NOT_FOUND.has(response.status);
const isHtml = (outcome: Outcome): boolean =>
  outcome.kind === 'response' && mediaType(outcome) === 'text/html';

/** For a location that may be empty: a document, or 404. */
async function documentOr404(inspection: Inspection, location: string): Promise<Observation> {
  const document = await inspection.document(location);
  if (document.json !== null) return ok('GET got the metadata');
  return isNotFound(document) ? ok('GET got 404') : fail(`GET got ${document.problem}`);
}

export const metadataLocationChecks: readonly Check[] = [
  {
    name: 'metadata at the well-known path',
    expected: '/.well-known/oauth-protected-resource + path: 200 application/json, without a token',
    fix:
      'serve the document there as JSON, without authentication: Claude, Cursor, VS Code, the ' +
      'SDKs and mcp-remote look there',
    requirement: 'A-01, A-02, A-03, A-05',
    async probe(inspection) {
      const { wellKnown } = inspection.locations;
      const document = await inspection.document(wellKnown);
      if (document.json !== null) return ok(`the metadata is at ${wellKnown}`);
      return (await inspection.needsNoLogin()) && isNotFound(document)
        ? skipped('an open server needs no metadata')
        : fail(`GET ${wellKnown} got ${document.problem}`);
    },
  },
  {
    name: 'metadata of the challenge',
    expected: 'resource_metadata leads to the same document',
    fix:
      'use the well-known URL as resource_metadata: if a challenge has it, the TypeScript SDK ' +
      'and VS Code try no other URL',
    requirement: 'A-02, A-21',
    async probe(inspection) {
      const { wellKnown } = inspection.locations;
      const { first } = challengesOf(await inspection.withoutToken('POST'));
      const linked = first === null ? undefined : findParameter(first, 'resource_metadata')?.value;
      if (linked === undefined || !URL.canParse(linked))
        return skipped('the challenge has no absolute URL');
      const document = await inspection.document(linked);
      if (document.json === null) {
        if (linked === wellKnown) return skipped('it is the well-known URL');
        const observed = `GET ${linked} got ${document.problem}`;
        return new URL(linked).origin === inspection.url.origin
          ? fail(observed)
          : fail(observed, otherOrigin(`make ${linked} lead to the metadata`));
      }
      const { json } = await inspection.document(wellKnown);
      return json === null || isDeepStrictEqual(json, document.json)
        ? ok(`the metadata is at ${linked}`)
        : fail('the document differs from the one at the well-known path');
    },
  },
  {
    name: 'metadata at the root',
    expected: '404, or a document whose resource is the origin or this URL',
    fix:
      'respond with 404 as JSON if the root is not a resource: without the challenge, Gemini CLI ' +
      'and Cursor believe the document at the root',
    requirement: 'A-13',
    async probe(inspection) {
      const { root } = inspection.locations;
      if (inspection.path === '') return skipped(`${NO_PATH}: the root is the well-known path`);
      const document = await inspection.document(root);
      if (document.json === null) return documentOr404(inspection, root);
      const { resource } = document.json;
      if (resource === inspection.url.origin) return ok('GET got metadata of the origin');
      const observed = `GET got metadata of ${String(resource)}`;
      return resource === inspection.target.url
        ? warn(observed, 'respond with 404: clients that compare strictly reject the document')
        : warn(observed);
    },
  },
  {
    name: 'metadata after the path',
    expected: 'path + /.well-known/oauth-protected-resource: the document or 404',
    fix:
      'route it before authentication, and not to a web page: Codex (rmcp) looks there third, ' +
      'and a 5xx or a redirect ends its search',
    requirement: 'A-14',
    async probe(inspection) {
      if (inspection.path === '') return skipped(NO_PATH);
      const { afterPath } = inspection.locations;
      const document = await inspection.document(afterPath);
      // Few clients look here, and only after the well-known path.
      return document.response?.status === 401
        ? warn('GET got 401')
        : documentOr404(inspection, afterPath);
    },
  },
  {
    name: 'metadata with a trailing slash',
    expected: 'the document or 404, without a redirect',
    fix: 'respond directly: not every client follows a redirect',
    requirement: 'A-14',
    probe: (inspection) =>
      inspection.path === '' || inspection.path.endsWith('/')
        ? skipped('another check covers this location')
        : documentOr404(inspection, inspection.locations.trailingSlash),
  },
  {
    name: 'unknown well-known path',
    expected: '404, but not as HTML',
    fix:
      'respond with 404 as JSON under /.well-known/: clients take a page for metadata that they ' +
      'cannot read, and a 401 stops their search',
    requirement: 'A-05, A-19',
    async probe(inspection) {
      const outcome = await inspection.get(inspection.locations.unknown);
      if (outcome.kind !== 'response' || !NOT_FOUND.has(outcome.status))
        return fail(`GET got ${describeOutcome(outcome)}`);
      return isHtml(outcome) ? warn('GET got 404 as HTML') : ok('GET got 404');
    },
  },
  {
    name: 'metadata without authentication',
    expected: 'the same response to HEAD, and to a request with any Authorization',
    fix: 'serve the metadata before authentication: VS Code sends its headers there too',
    requirement: 'A-05',
    async probe(inspection) {
      const { wellKnown } = inspection.locations;
      const { json } = await inspection.document(wellKnown);
      if (json === null) return skipped(NO_METADATA);
      const outcome = await sendRequest({
        url: wellKnown,
        headers: { authorization: `Bearer ${CLIENT_NAME}` },
      });
      if (!isDeepStrictEqual(parseDocument(outcome).json, json))
        return fail(`GET with a bad token got ${describeOutcome(outcome)}`);
      const head = await sendRequest({ url: wellKnown, method: 'HEAD' });
      return head.kind === 'response' && head.status === 200
        ? ok('HEAD and a bad token get the same response')
        : warn(`HEAD got ${describeOutcome(head)}`);
    },
  },
  {
    name: 'metadata in a browser',
    expected: 'Access-Control-Allow-Origin, and a preflight that allows MCP-Protocol-Version',
    fix:
      'allow any origin and this header there: the TypeScript SDK sends it, and a web page could ' +
      'not read the response otherwise',
    requirement: 'A-15',
    async probe(inspection) {
      const url = inspection.locations.wellKnown;
      if ((await inspection.document(url)).json === null) return skipped(NO_METADATA);
      const { origin } = inspection.target;
      const get = await sendRequest({ url, headers: { origin } });
      const allowedOrigin =
        get.kind === 'response' ? header(get, 'access-control-allow-origin') : '';
      if (!['*', origin].includes(allowedOrigin))
        return fail(`the response has no Access-Control-Allow-Origin for ${origin}`);
      const preflight = await sendRequest({
        url,
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'mcp-protocol-version',
        },
      });
      if (preflight.kind !== 'response' || preflight.status >= 300)
        return fail(`the preflight got ${describeOutcome(preflight)}`);
      const allowed = header(preflight, 'access-control-allow-headers').toLowerCase();
      return allowed.includes('*') || allowed.includes('mcp-protocol-version')
        ? ok('web pages can read the metadata')
        : fail(`the preflight allows ${allowed === '' ? 'no header' : `only ${allowed}`}`);
    },
  },
];
