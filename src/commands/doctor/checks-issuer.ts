// Decides what the doctor wants of the authorization servers that the metadata names (RFC 8414), and of their copy at the server's origin.
import { isProtectedUrl } from '../../core/loopback.js';
import { type Check, fail, ok, type Seen, skipped, warn } from './check.js';
import type { Document, Json, Look } from './look.js';

/** No client goes further; and whoever writes the list is not to choose how many hosts are asked from here. */
const SERVERS = 5;

/** The places in the order of the clients (MCP 2026-07-28, authorization). */
export function placesOf(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const [oauth, oidc] = [
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
  ];
  return path === ''
    ? [origin + oauth, origin + oidc]
    : [origin + oauth + path, origin + oidc + path, origin + path + oidc];
}

async function serverDocument(
  look: Look,
  issuer: string,
): Promise<Document & { readonly at: string }> {
  const places = placesOf(issuer);
  let last: Document = { json: null, why: 'no place to look', answer: null };
  for (const at of places) {
    last = await look.document(at);
    if (last.json !== null) return { ...last, at };
  }
  return { ...last, at: places.join(', ') };
}

/** For checks of what the first server says: most clients know no other. */
async function withServer(look: Look, judge: (json: Json, issuer: string) => Seen): Promise<Seen> {
  const [issuer] = await look.servers();
  if (issuer === undefined) return skipped('no authorization server is named');
  const { json } = await serverDocument(look, issuer);
  return json === null ? skipped('no metadata of the authorization server') : judge(json, issuer);
}

const lists = (value: unknown, member: string): boolean =>
  Array.isArray(value) && value.includes(member);

export const issuerChecks: readonly Check[] = [
  {
    name: 'metadata of the authorization server',
    wants: 'each issuer has metadata at one of its well-known places',
    mend: 'mend authorization_servers, or let the issuer publish its metadata: without it clients guess /authorize at the server itself',
    requirement: 'C-24, C-25',
    async look(look) {
      const servers = await look.servers();
      if (servers.length === 0) return skipped('no authorization server is named');
      for (const issuer of servers.slice(0, SERVERS)) {
        const document = await serverDocument(look, issuer);
        if (document.json === null) return fail(`${document.at}: ${document.why}`);
      }
      return ok(servers.join(', '));
    },
  },
  {
    name: 'issuer',
    wants: 'issuer in that metadata is the name in authorization_servers, letter by letter',
    mend: 'write the issuer in authorization_servers as its own metadata does, slash included: the SDKs refuse any other',
    requirement: 'A-12, C-24',
    look: (look) =>
      withServer(look, ({ issuer: own }, named) =>
        own === named ? ok(named) : fail(`${String(own)}, and authorization_servers has ${named}`),
      ),
  },
  {
    name: 'PKCE',
    wants: 'code_challenge_methods_supported has S256',
    mend: 'switch PKCE with S256 on at the authorization server, and let its metadata say so: Claude never begins a login otherwise',
    requirement: 'MCP 2026-07-28, authorization code protection',
    look: (look) =>
      withServer(look, ({ code_challenge_methods_supported: methods }) =>
        lists(methods, 'S256')
          ? ok('S256')
          : fail(methods === undefined ? 'not said' : String(methods)),
      ),
  },
  {
    name: 'authorization and token endpoint',
    wants: 'authorization_endpoint and token_endpoint, https, and the response type code',
    mend: 'let the metadata of the authorization server name both',
    requirement: 'RFC 8414 section 2',
    look: (look) =>
      withServer(look, (json) => {
        const bad = ['authorization_endpoint', 'token_endpoint'].find(
          (name) => !isProtectedUrl(json[name]),
        );
        if (bad !== undefined) return fail(`${bad}: ${String(json[bad] ?? 'absent')}`);
        return lists(json.response_types_supported, 'code')
          ? ok(String(json.authorization_endpoint))
          : fail('no response type code');
      }),
  },
  {
    name: 'registration',
    wants: 'registration_endpoint, or client id metadata documents',
    mend: 'switch one of them on, or give each client its id by hand (Claude, VS Code and Codex have a field for it)',
    requirement: 'MCP 2026-07-28, client registration',
    look: (look) =>
      withServer(
        look,
        ({ registration_endpoint: endpoint, client_id_metadata_document_supported: documents }) => {
          const ways = [
            endpoint === undefined ? null : 'registration_endpoint',
            documents === true ? 'client id metadata documents' : null,
          ];
          const saw = ways.filter((way) => way !== null).join(', ');
          return saw === '' ? warn('neither') : ok(saw);
        },
      ),
  },
  {
    name: 'copy of that metadata at the origin',
    wants:
      'the document of the issuer at /.well-known/oauth-authorization-server; only 404 does no harm in its place, save to Codex and mcp-remote',
    mend: 'serve a copy as it is, or 404 as JSON, no page and no redirect: Codex and mcp-remote look only there, older clients too',
    requirement: 'A-16',
    async look(look) {
      const [issuer] = await look.servers();
      const own = issuer !== undefined && new URL(issuer).origin === look.url.origin;
      const seen: string[] = [];
      for (const at of new Set([look.places.mirror, look.places.rootMirror])) {
        const { json, answer, ...rest } = await look.document(at);
        if (json !== null && issuer !== undefined && json.issuer !== issuer && !own)
          return fail(`${at}: issuer ${String(json.issuer)}`);
        if (json === null && answer?.status !== 404)
          return fail(`${at}: ${'why' in rest ? rest.why : ''}`);
        seen.push(json === null ? '404' : 'the document');
      }
      if (issuer === undefined && (await look.isOpen()))
        return ok(`${seen.join(', ')}: there is no login`);
      const mend = 'nothing, if Codex and mcp-remote are none of your clients; else serve a copy';
      return seen.includes('the document')
        ? ok(seen.join(', '))
        : warn('404: Codex takes the server for one without login', mend);
    },
  },
];
