// Decides what the doctor looks at, each thing once: answers without a token, metadata, the authorization server. A token goes to the URL
// that was typed and nowhere else. Never judges.
import { randomBytes } from 'node:crypto';
import { isObject } from '../../core/json.js';
import { isProtectedUrl } from '../../core/loopback.js';
import { initializeRequest, type McpRequest } from '../mcp-request.js';
import { type Challenge, parseChallenges } from './challenge.js';
import {
  type Answer,
  type Ask,
  type Asked,
  ask,
  header,
  headerLines,
  isStream,
  mediaType,
} from './request.js';
import { CLIENT, createTalk } from './talk.js';

export interface Target {
  /** As typed: the resource is compared with it letter by letter. */
  readonly url: string;
  readonly token: string | null;
  readonly tool: string | null;
  /** The origin of a web page that would call. */
  readonly origin: string;
  /** How long a stream has to stay open without a word; null: that is not tried. */
  readonly quietMs: number | null;
  /** How long an event may take. */
  readonly eventMs: number;
}

export type Json = Readonly<Record<string, unknown>>;

/** A document of JSON, or why there is none. */
export type Document =
  | { readonly json: Json; readonly answer: Answer }
  | { readonly json: null; readonly why: string; readonly answer: Answer | null };

const PRM = '/.well-known/oauth-protected-resource';

/** What an answer that is no document is instead. */
export function whyNot(asked: Asked): string {
  if (asked.kind === 'trouble') return `${asked.code}: ${asked.detail}`;
  const { status } = asked;
  if (status >= 300 && status < 400) return `${status}, a redirect to ${header(asked, 'location')}`;
  const type = mediaType(asked);
  return `${status} ${type === 'text/html' ? 'HTML' : type || 'without a media type'}`;
}

export function toDocument(asked: Asked): Document {
  const no = (why: string): Document => ({
    json: null,
    why,
    answer: asked.kind === 'answer' ? asked : null,
  });
  if (asked.kind === 'trouble' || asked.status !== 200 || mediaType(asked) !== 'application/json')
    return no(whyNot(asked));
  try {
    const json: unknown = JSON.parse(asked.text);
    return isObject(json) ? { json, answer: asked } : no('200, but no JSON object');
  } catch {
    return no('200 application/json, but no JSON');
  }
}

/** Remembers what was asked for, so that each thing is asked once. */
function once<T>(run: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const kept = known.get(key) ?? run(key);
    known.set(key, kept);
    return kept;
  };
}

export function createLook(target: Target) {
  const url = new URL(target.url);
  const path = url.pathname === '/' ? '' : url.pathname;
  /** Never sent anywhere else, and never in the clear. */
  const authorization =
    target.token !== null && isProtectedUrl(target.url)
      ? { authorization: `Bearer ${target.token}` }
      : {};
  const loopback = url.protocol === 'http:';

  const post = ({ headers, body }: McpRequest, more: Partial<Ask> = {}): Ask => ({
    url: target.url,
    method: 'POST',
    body,
    ...more,
    headers: { ...headers, ...more.headers },
  });

  /** To the endpoint, without a token. An open stream is not waited for. */
  const bare = once((method) => {
    const enough = (soFar: Answer): boolean => isStream(soFar) && method !== 'POST';
    return ask(
      method === 'POST'
        ? post(initializeRequest(CLIENT))
        : { url: target.url, method, headers: { accept: '*/*' }, enough },
    );
  });

  const get = once((at) =>
    // A server out there has no business sending its clients to this machine, or over a line that anybody can read.
    isProtectedUrl(at) && (loopback || at.startsWith('https:'))
      ? ask({
          url: at,
          headers: { accept: 'application/json', 'mcp-protocol-version': '2025-11-25' },
        })
      : Promise.resolve<Asked>({
          kind: 'trouble',
          url: at,
          code: 'NOT ASKED',
          detail: 'neither https nor, from loopback, http on loopback',
        }),
  );
  const document = async (at: string): Promise<Document> => toDocument(await get(at));

  const challengesOf = (
    asked: Asked,
  ): { readonly lines: string[]; readonly first: Challenge | null } => {
    const lines = asked.kind === 'answer' ? headerLines(asked, 'www-authenticate') : [];
    return {
      lines,
      first: (lines[0] === undefined ? null : parseChallenges(lines[0]))?.[0] ?? null,
    };
  };

  const places = {
    inserted: `${url.origin}${PRM}${path}${url.search}`,
    root: `${url.origin}${PRM}`,
    suffixed: `${url.origin}${path}${PRM}`,
    slashed: `${url.origin}${PRM}${path}/`,
    unknown: `${url.origin}/.well-known/${CLIENT}-${randomBytes(6).toString('hex')}`,
    mirror: `${url.origin}/.well-known/oauth-authorization-server${path}`,
    rootMirror: `${url.origin}/.well-known/oauth-authorization-server`,
  };

  /** The metadata that a client would go by: that of the challenge, else of the well-known places. */
  async function metadata(): Promise<Json | null> {
    const { first } = challengesOf(await bare('POST'));
    const linked = first?.parameters.find(({ name }) => name === 'resource_metadata')?.value;
    const wanted =
      linked !== undefined && URL.canParse(linked)
        ? [linked, places.inserted, places.root]
        : [places.inserted, places.root];
    for (const at of wanted) {
      const { json } = await document(at);
      if (json !== null) return json;
    }
    return null;
  }

  const servers = async (): Promise<string[]> => {
    const { authorization_servers: named } = (await metadata()) ?? {};
    return Array.isArray(named)
      ? named.filter((one): one is string => typeof one === 'string' && URL.canParse(one))
      : [];
  };

  /** To the URL that was typed, with the token if there is one. */
  const authorized = (request: Omit<Ask, 'url'>): Promise<Asked> =>
    ask({ ...request, url: target.url, headers: { ...request.headers, ...authorization } });
  const withToken = (request: McpRequest, more: Partial<Ask> = {}): Promise<Asked> =>
    authorized(post(request, more));

  return {
    target,
    url,
    path,
    places,
    mayAuthorize: 'authorization' in authorization,
    bare,
    get,
    document,
    challengesOf,
    metadata,
    servers,
    /** True where anybody may call: a first word without a token is answered with a result. */
    isOpen: async (): Promise<boolean> => {
      const asked = await bare('POST');
      return asked.kind === 'answer' && asked.status === 200 && asked.text.includes('"result"');
    },
    withToken,
    authorized,
    /** With a token, or where anybody may. */
    mayTalk: async (): Promise<boolean> => {
      const asked = await bare('POST');
      return 'authorization' in authorization || (asked.kind === 'answer' && asked.status === 200);
    },
    talk: createTalk(
      withToken,
      (session, version) =>
        authorized({
          method: 'DELETE',
          headers: { 'mcp-session-id': session, 'mcp-protocol-version': version },
        }),
      target.tool,
    ),
  };
}

export type Look = ReturnType<typeof createLook>;
