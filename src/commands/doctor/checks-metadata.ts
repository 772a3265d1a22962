// Decides what the doctor wants of protected resource metadata (RFC 9728): at each place where a known client looks, and what it says.
import { isDeepStrictEqual } from 'node:util';
import { isProtectedUrl } from '../../core/loopback.js';
import { parameterOf } from './challenge.js';
import { type Check, elsewhere, fail, ok, type Seen, skipped, warn } from './check.js';
import { type Document, type Look, toDocument, whyNot } from './look.js';
import { type Asked, ask, header, mediaType } from './request.js';
import { CLIENT } from './talk.js';

const NOT_FOUND = new Set([404, 410]);

const isMissing = ({ answer }: Document): boolean =>
  answer !== null && NOT_FOUND.has(answer.status);
const isHtml = (asked: Asked): boolean =>
  asked.kind === 'answer' && mediaType(asked) === 'text/html';

/** Of a place that may be empty: a document, or 404. */
async function documentOrNone(look: Look, at: string): Promise<Seen> {
  const document = await look.document(at);
  if (document.json !== null) return ok('the metadata');
  return isMissing(document) ? ok('404') : fail(document.why);
}

/** For checks of what the metadata says. */
async function withMetadata(
  look: Look,
  judge: (json: Readonly<Record<string, unknown>>) => Seen,
): Promise<Seen> {
  const json = await look.metadata();
  return json === null ? skipped('no metadata') : judge(json);
}

const isText = (value: unknown): value is string => typeof value === 'string';

const ITS_URL = 'let resource be the public URL of this very endpoint, path included';

function compare(resource: string, typed: string): Seen {
  if (resource === typed) return ok(resource);
  if (resource.replace(/\/$/, '') === typed.replace(/\/$/, '')) {
    const mend =
      'one of the two has a slash at its end and the other has none: write the same in both, best without';
    return fail(`${resource}: only the slash at the end differs from ${typed}`, mend);
  }
  if (URL.canParse(resource) && new URL(resource).href === new URL(typed).href)
    return warn(`${resource}: the same URL in other letters`);
  const saw = `${resource}, and the URL is ${typed}`;
  const isElsewhere = URL.canParse(resource) && new URL(resource).origin !== new URL(typed).origin;
  return isElsewhere ? fail(saw, elsewhere(ITS_URL)) : fail(saw);
}

export const metadataChecks: readonly Check[] = [
  {
    name: 'metadata at the well-known path',
    wants:
      'GET /.well-known/oauth-protected-resource + path is 200 application/json, without a token',
    mend: 'serve the document there as JSON, outside of authentication: Claude, Cursor, VS Code, the SDKs and mcp-remote look there',
    requirement: 'A-01, A-02, A-03, A-05',
    async look(look) {
      const bare = await look.bare('POST');
      const open = bare.kind === 'answer' && bare.status === 200;
      const document = await look.document(look.places.inserted);
      if (document.json !== null) return ok(look.places.inserted);
      return open && isMissing(document)
        ? skipped('an open server needs none')
        : fail(`${look.places.inserted}: ${document.why}`);
    },
  },
  {
    name: 'metadata of the challenge',
    wants: 'resource_metadata leads to the same document',
    mend: 'let resource_metadata be the well-known URL itself: where it is given, the TypeScript SDK and VS Code try no other',
    requirement: 'A-02, A-21',
    async look(look) {
      const { first } = look.challengesOf(await look.bare('POST'));
      const at = first === null ? undefined : parameterOf(first, 'resource_metadata')?.value;
      if (at === undefined || !URL.canParse(at)) return skipped('no absolute URL');
      const linked = await look.document(at);
      if (linked.json === null) {
        if (at === look.places.inserted) return skipped('the well-known URL');
        const saw = `${at}: ${linked.why}`;
        return new URL(at).origin === look.url.origin
          ? fail(saw)
          : fail(saw, elsewhere(`let ${at} lead to the metadata`));
      }
      const { json } = await look.document(look.places.inserted);
      return json === null || isDeepStrictEqual(json, linked.json)
        ? ok(at)
        : fail('another document than at the well-known path');
    },
  },
  {
    name: 'metadata at the root',
    wants: '404, or a document whose resource is the origin or this URL',
    mend: 'answer 404 as JSON where the root is no resource: what stands there is believed by clients that lost the challenge (Gemini CLI, Cursor)',
    requirement: 'A-13',
    async look(look) {
      if (look.path === '') return skipped('the URL has no path: the root is the well-known place');
      const document = await look.document(look.places.root);
      if (document.json === null) return documentOrNone(look, look.places.root);
      const { resource } = document.json;
      if (resource === look.url.origin) return ok('a document of the origin');
      const whose = `a document of ${String(resource)}`;
      return resource === look.target.url
        ? warn(whose, 'clients that compare strictly refuse it; 404 is better')
        : warn(whose);
    },
  },
  {
    name: 'metadata behind the path',
    wants: 'path + /.well-known/oauth-protected-resource is the document or 404',
    mend: 'route it before authentication, and to no page: Codex (rmcp) looks there third, and a 5xx or a redirect ends its search',
    requirement: 'A-14',
    async look(look) {
      if (look.path === '') return skipped('the URL has no path');
      const document = await look.document(look.places.suffixed);
      // Reached by few, and only after the place that counts.
      return document.answer?.status === 401
        ? warn('401')
        : documentOrNone(look, look.places.suffixed);
    },
  },
  {
    name: 'metadata with a slash at the end',
    wants: 'the document or 404, no redirect',
    mend: 'answer it directly: a redirect is not followed by every client',
    requirement: 'A-14',
    look: (look) =>
      look.path === '' || look.path.endsWith('/')
        ? skipped('the same place')
        : documentOrNone(look, look.places.slashed),
  },
  {
    name: 'unknown well-known path',
    wants: '404 that is no HTML',
    mend: 'answer 404 as JSON under /.well-known/: a page for every path is taken for metadata that cannot be read, a 401 stops the search',
    requirement: 'A-05, A-19',
    async look(look) {
      const asked = await look.get(look.places.unknown);
      if (asked.kind !== 'answer' || !NOT_FOUND.has(asked.status)) return fail(whyNot(asked));
      return isHtml(asked) ? warn('404 as HTML') : ok('404');
    },
  },
  {
    name: 'metadata for whoever asks',
    wants: 'the same answer to HEAD and to a request with any Authorization',
    mend: 'serve it before authentication: VS Code sends its headers there too',
    requirement: 'A-05',
    async look(look) {
      const { json } = await look.document(look.places.inserted);
      if (json === null) return skipped('no metadata at the well-known path');
      const asked = await ask({
        url: look.places.inserted,
        headers: { authorization: `Bearer ${CLIENT}` },
      });
      const { json: same } = toDocument(asked);
      if (!isDeepStrictEqual(same, json)) return fail(`with a bad token: ${whyNot(asked)}`);
      const head = await ask({ url: look.places.inserted, method: 'HEAD' });
      return head.kind === 'answer' && head.status === 200
        ? ok('the same')
        : warn(`HEAD: ${whyNot(head)}`);
    },
  },
  {
    name: 'metadata in a browser',
    wants: 'Access-Control-Allow-Origin, and a preflight that allows MCP-Protocol-Version',
    mend: 'allow any origin and this header there: the TypeScript SDK sends it, and a web page may then not read the answer',
    requirement: 'A-15',
    async look(look) {
      const url = look.places.inserted;
      if ((await look.document(url)).json === null)
        return skipped('no metadata at the well-known path');
      const { origin } = look.target;
      const get = await ask({ url, headers: { origin } });
      if (
        get.kind !== 'answer' ||
        !['*', origin].includes(header(get, 'access-control-allow-origin'))
      )
        return fail('no Access-Control-Allow-Origin');
      const asks = {
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'mcp-protocol-version',
      };
      const preflight = await ask({ url, method: 'OPTIONS', headers: { origin, ...asks } });
      if (preflight.kind !== 'answer' || preflight.status >= 300)
        return fail(`preflight: ${whyNot(preflight)}`);
      const allowed = header(preflight, 'access-control-allow-headers').toLowerCase();
      return allowed.includes('*') || allowed.includes('mcp-protocol-version')
        ? ok('allowed')
        : fail(`preflight allows ${allowed || 'no header'}`);
    },
  },
  {
    name: 'resource',
    wants: 'resource is the URL, letter by letter',
    mend: `${ITS_URL}: VS Code and Gemini CLI compare the whole, and every client asks its token for it`,
    requirement: 'A-04, A-08',
    look: (look) =>
      withMetadata(look, ({ resource }) =>
        isText(resource)
          ? compare(resource, look.target.url)
          : fail('resource is missing or no text'),
      ),
  },
  {
    name: 'authorization_servers',
    wants: 'a list of issuers, https',
    mend: 'list at least one issuer, exactly as its own metadata writes it, the best first: most clients take only that',
    requirement: 'A-01, A-12',
    look: (look) =>
      withMetadata(look, ({ authorization_servers: servers }) => {
        if (!Array.isArray(servers) || servers.length === 0) return fail('none');
        return servers.every(isProtectedUrl)
          ? ok(servers.join(', '))
          : fail(`not https: ${servers.map(String).join(', ')}`);
      }),
  },
  {
    name: 'metadata fields',
    wants: 'scopes_supported and bearer_methods_supported, nothing empty, no offline_access',
    mend: 'name the scopes, leave out what is empty, and write bearer_methods_supported ["header"]',
    requirement: 'A-09, A-10, A-11',
    look: (look) =>
      withMetadata(look, ({ scopes_supported: scopes, bearer_methods_supported: methods }) => {
        if (scopes !== undefined && !(Array.isArray(scopes) && scopes.every(isText)))
          return fail('scopes_supported is no list of texts');
        if (scopes === undefined || scopes.length === 0)
          return warn(scopes === undefined ? 'no scopes_supported' : 'scopes_supported is empty');
        if (scopes.includes('offline_access')) return warn('offline_access is listed');
        return Array.isArray(methods) && methods.includes('header')
          ? ok(scopes.join(' '))
          : warn('no bearer_methods_supported');
      }),
  },
];
