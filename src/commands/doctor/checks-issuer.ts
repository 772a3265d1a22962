// Checks the metadata of the authorization servers (RFC 8414), and its copy at the origin of the
// MCP server.
import { isProtectedUrl } from '../../core/loopback.js';
import { isUnknownAuthority, TRUST_PRIVATE_CA } from './certificate-fix.js';
import { type Check, fail, type Observation, ok, skipped, warn } from './check.js';
import type { JsonDocument, JsonObject } from './document.js';
import { isForProgramsAlone } from './grants.js';
import type { Inspection } from './inspection.js';

/**
 * No client tries more authorization servers. The limit also keeps the author of the list from
 * directing the doctor to many hosts.
 */
const MAX_SERVERS = 5;
const NO_SERVER = 'the metadata names no authorization server';

/** The URLs in the order of the clients (MCP 2026-07-28, authorization). */
export function metadataUrlsOf(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const oauth = '/.well-known/oauth-authorization-server';
  const oidc = '/.well-known/openid-configuration';
  return path === ''
    ? [origin + oauth, origin + oidc]
    : [origin + oauth + path, origin + oidc + path, origin + path + oidc];
}

/** The first document that exists; otherwise the problem at the last URL. */
async function serverMetadata(inspection: Inspection, issuer: string): Promise<JsonDocument> {
  let last: JsonDocument = { json: null, problem: 'no response', response: null };
  for (const url of metadataUrlsOf(issuer)) {
    last = await inspection.document(url);
    if (last.json !== null) return last;
  }
  return last;
}

/** For checks of the first authorization server: most clients know no other. */
export async function withFirstServer(
  inspection: Inspection,
  evaluate: (json: JsonObject, issuer: string) => Observation,
): Promise<Observation> {
  const [issuer] = await inspection.authorizationServers();
  if (issuer === undefined) return skipped(NO_SERVER);
  const { json } = await serverMetadata(inspection, issuer);
  return json === null
    ? skipped('there is no metadata of the authorization server')
    : evaluate(json, issuer);
}

const includes = (list: unknown, member: string): boolean =>
  Array.isArray(list) && list.includes(member);

const NO_BROWSER = 'the authorization server serves client credentials alone, and no browser opens';

/** The SDKs reject a document without response_types_supported. An empty list is right here. */
function evaluateForPrograms(json: JsonObject): Observation {
  if (!Array.isArray(json.response_types_supported))
    return fail('response_types_supported is missing', 'publish it as an empty list');
  return ok(`token_endpoint is ${String(json.token_endpoint)}`);
}

export const issuerChecks: readonly Check[] = [
  {
    name: 'authorization server metadata',
    expected: 'each issuer has metadata at one of its well-known URLs',
    fix:
      'fix authorization_servers, or publish the metadata of the issuer: clients guess ' +
      '/authorize at the MCP server otherwise',
    requirement: 'C-24, C-25',
    async probe(inspection) {
      const servers = (await inspection.authorizationServers()).slice(0, MAX_SERVERS);
      if (servers.length === 0) return skipped(NO_SERVER);
      for (const issuer of servers) {
        const document = await serverMetadata(inspection, issuer);
        if (document.json === null)
          return fail(
            `GET ${metadataUrlsOf(issuer).join(', ')} got ${document.problem}`,
            isUnknownAuthority(document.problem) ? TRUST_PRIVATE_CA : undefined,
          );
      }
      return ok(`found for ${servers.join(', ')}`);
    },
  },
  {
    name: 'issuer',
    expected: 'issuer in that metadata equals the entry in authorization_servers',
    fix:
      'write the issuer in authorization_servers exactly as its own metadata does, slash ' +
      'included: the SDKs reject any other form',
    requirement: 'A-12, C-24',
    probe: (inspection) =>
      withFirstServer(inspection, ({ issuer }, named) =>
        issuer === named
          ? ok(`issuer is ${named}`)
          : fail(`issuer is ${String(issuer)}, but authorization_servers has ${named}`),
      ),
  },
  {
    name: 'PKCE',
    expected: 'code_challenge_methods_supported includes S256',
    fix:
      'enable PKCE with S256 at the authorization server, and publish it in its metadata: Claude ' +
      'begins no login otherwise',
    requirement: 'MCP 2026-07-28, authorization code protection',
    probe: (inspection) =>
      withFirstServer(inspection, (json) => {
        if (isForProgramsAlone(json)) return skipped(NO_BROWSER);
        const { code_challenge_methods_supported: methods } = json;
        if (methods === undefined) return fail('code_challenge_methods_supported is missing');
        const observed = `code_challenge_methods_supported is ${String(methods)}`;
        return includes(methods, 'S256') ? ok(observed) : fail(observed);
      }),
  },
  {
    name: 'authorization and token endpoint',
    expected: 'authorization_endpoint and token_endpoint with https, and response type code',
    fix: 'name both endpoints and the response type in the metadata of the authorization server',
    requirement: 'RFC 8414 section 2',
    probe: (inspection) =>
      withFirstServer(inspection, (json) => {
        for (const name of ['authorization_endpoint', 'token_endpoint']) {
          const url = json[name];
          if (url === undefined) return fail(`${name} is missing`);
          if (!isProtectedUrl(url)) return fail(`${name} is not https: ${String(url)}`);
        }
        if (isForProgramsAlone(json)) return evaluateForPrograms(json);
        return includes(json.response_types_supported, 'code')
          ? ok(`authorization_endpoint is ${String(json.authorization_endpoint)}`)
          : fail('response_types_supported does not include code');
      }),
  },
  {
    name: 'registration',
    expected: 'registration_endpoint, or client ID metadata documents',
    fix:
      'enable one of them, or give each client its ID by hand (Claude, VS Code and Codex have a ' +
      'field for it)',
    requirement: 'MCP 2026-07-28, client registration',
    probe: (inspection) =>
      withFirstServer(inspection, (json) => {
        if (isForProgramsAlone(json))
          return skipped('the operator gives each client its id and its secret');
        const ways = [
          json.registration_endpoint === undefined ? null : 'registration_endpoint',
          json.client_id_metadata_document_supported === true
            ? 'client ID metadata documents'
            : null,
        ].filter((way) => way !== null);
        return ways.length === 0
          ? warn('the authorization server supports neither')
          : ok(`the authorization server supports ${ways.join(', ')}`);
      }),
  },
  {
    name: 'authorization server metadata at the origin',
    expected:
      'the document of the issuer at /.well-known/oauth-authorization-server; 404 harms only ' +
      'Codex and mcp-remote',
    fix:
      'serve an unchanged copy, or 404 as JSON, but no page and no redirect: Codex, mcp-remote ' +
      'and older clients look only there',
    requirement: 'A-16',
    async probe(inspection) {
      const [issuer] = await inspection.authorizationServers();
      const { serverMetadata: atPath, serverMetadataAtRoot: atRoot } = inspection.locations;
      const isSameOrigin = issuer !== undefined && new URL(issuer).origin === inspection.url.origin;
      const results: string[] = [];
      for (const location of new Set([atPath, atRoot])) {
        const document = await inspection.document(location);
        if (document.json === null) {
          if (document.response?.status !== 404)
            return fail(`GET ${location} got ${document.problem}`);
          results.push('404');
          continue;
        }
        if (issuer !== undefined && document.json.issuer !== issuer && !isSameOrigin)
          return fail(`GET ${location} got metadata of ${String(document.json.issuer)}`);
        results.push('the document');
      }
      const observed = `GET got ${[...new Set(results)].join(' and ')}`;
      if (issuer === undefined && (await inspection.isOpen()))
        return ok(`${observed}: the server needs no login`);
      const metadata = await inspection.metadata();
      if (metadata !== null && metadata.authorization_servers === undefined)
        return ok(`${observed}: the metadata names no authorization server`);
      return results.includes('the document')
        ? ok(observed)
        : warn(
            'GET got 404: Codex treats the server as one without a login',
            'nothing, if no client is Codex or mcp-remote; otherwise serve a copy',
          );
    },
  },
];
