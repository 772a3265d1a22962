// Describes the start of the gateway in words, for an operator at a terminal: its addresses, its
// endpoints and its issuers. It never shows the user, the password or the query of a URL, and of an
// API key neither its name nor its hash.
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { usesKeys } from '../config/issuer-keys.js';
import type { ResolvedBridge, ResolvedConfig, ResolvedIssuer } from '../config/resolved-config.js';
import type { Notice } from '../core/notice.js';
import { BRIDGE_PATHS } from '../core/oauth-server.js';
import { urlOf } from '../launch/listener-url.js';
import { createPrintable } from './printable.js';

/** More endpoints or issuers would fill the screen. */
const SHOWN = 20;

/** Returns true for a notice that it wrote in words, so that the log does not write it. */
export type Announce = (notice: Notice) => boolean;

/** The reason of a failure has several URLs, and the fix after them. */
const CHARACTERS = 1_000;

const printable = createPrintable(null, CHARACTERS);

/** Without the parts of a URL that can hold a secret. */
function placeOf(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return origin + pathname + (search === '' ? '' : '?...');
}

function introspectionOf({ introspection }: ResolvedIssuer): string {
  const url = introspection?.url ?? null;
  return url === null ? 'at the endpoint of its metadata' : `at ${placeOf(url)}`;
}

const KEY_EVENTS: ReadonlySet<string> = new Set([
  'keys.loaded',
  'keys.load_failed',
  'keys.empty_set',
]);

function keysLine({ issuer, level, event, keys, skipped, detail }: Notice): string {
  const name = `Issuer ${printable.line(issuer)}`;
  if (event !== 'keys.loaded')
    return `${name}: no keys yet, the gateway tries again (${printable.line(detail)})`;
  const loaded = `${name}: ${keys} ${keys === 1 ? 'key' : 'keys'} loaded`;
  return level === 'info' ? loaded : `${loaded}, some skipped: ${printable.line(skipped)}`;
}

function warningLine({ event, issuer, detail }: Notice): string {
  const about = [issuer, detail].filter((part) => part !== undefined).map(String);
  return `Warning ${event}: ${about.map(printable.text).join(': ')}`;
}

/** Without the names of fields at the end: those for the keys differ. */
const causeOf = ({ detail }: Notice): string => String(detail).split('; set ')[0] as string;

function bridgeLine({ issuer }: ResolvedBridge): string {
  const tokenUrl = new URL(BRIDGE_PATHS.token, issuer).href;
  return `Bridge for API keys: ${printable.text(issuer)}, tokens at ${printable.text(tokenUrl)}`;
}

const numberOf = (count: number): string => count.toLocaleString('en-US');

/** Their number alone. Null: the configuration has no registry. */
function apiKeysLine({ apiKeys, apiKeysFile }: ResolvedConfig, count: number): string | null {
  if (apiKeysFile === null)
    return apiKeys.length === 0 ? null : `API keys: ${numberOf(apiKeys.length)}`;
  const ofFile = `${numberOf(count - apiKeys.length)} from ${printable.text(basename(apiKeysFile))}`;
  const own = apiKeys.length === 0 ? '' : `${numberOf(apiKeys.length)} from the configuration, `;
  return `API keys: ${own}${ofFile}`;
}

export interface StartLinesOptions {
  readonly version: string;
  readonly write: (text: string) => void;
  /** All API keys, those of `apiKeysFile` included. Default: those of the configuration. */
  readonly keyCount?: number;
}

/**
 * The words end when the gateway has tried to fetch the keys of each issuer. From then on, every
 * notice goes to the log.
 */
export function createStartLines(
  config: ResolvedConfig,
  { version, write, keyCount = config.apiKeys.length }: StartLinesOptions,
): Announce {
  const { endpoints, issuers, bridge } = config;
  const waiting = new Set(issuers.flatMap((one) => (usesKeys(one) ? [one.issuer] : [])));
  let shownIssuers = 0;
  let loaded = 0;
  let failed = 0;
  let isOver = false;
  /** Warnings of the configuration come before the listeners are open. */
  let early: string[] | null = [];
  /** Failures of metadata, by issuer. The line about its keys often has the same cause. */
  const held = new Map<unknown, Notice>();

  function list<T>(all: readonly T[], lineOf: (one: T) => string, name: string): void {
    for (const one of all.slice(0, SHOWN)) write(lineOf(one));
    if (all.length > SHOWN) write(`... and ${all.length - SHOWN} more ${name}`);
  }

  function warn(line: string): void {
    if (early === null) write(line);
    else early.push(line);
  }

  function listening({ address, admin }: Notice): void {
    write(`Portcullis ${version} listens on ${urlOf(address as AddressInfo)}`);
    write(`Page, metrics and health: ${urlOf(admin as AddressInfo)}`);
    list(
      endpoints,
      ({ resource, upstream }) =>
        `Endpoint ${printable.text(resource)} -> ${placeOf(upstream.url)}`,
      'endpoints',
    );
    if (bridge !== null) write(bridgeLine(bridge));
    const keys = apiKeysLine(config, keyCount);
    if (keys !== null) write(keys);
    const introspected = issuers.filter(({ verify }) => verify === 'introspection');
    list(
      introspected,
      (one) => `Issuer ${printable.text(one.issuer)}: introspection ${introspectionOf(one)}`,
      'issuers with introspection',
    );
    for (const line of early ?? []) write(line);
    early = null;
    // One warning may follow in this turn of the event loop.
    setImmediate(endIfTried);
  }

  function tried(notice: Notice): boolean {
    if (!waiting.delete(String(notice.issuer))) return false;
    const metadata = held.get(notice.issuer);
    const isSame = metadata !== undefined && causeOf(notice).startsWith(causeOf(metadata));
    if (metadata !== undefined && !isSame) warn(warningLine(metadata));
    if (notice.event === 'keys.loaded') loaded++;
    else failed++;
    shownIssuers++;
    // An issuer that fails is worth its own line, in the log at least.
    const shows = shownIssuers <= SHOWN;
    if (shows) write(keysLine(notice));
    endIfTried();
    return shows || notice.level === 'info';
  }

  function endIfTried(): void {
    if (waiting.size > 0 || isOver) return;
    isOver = true;
    if (shownIssuers > SHOWN) write(`All issuers: ${loaded} have keys, ${failed} have none yet`);
    write('The log follows as JSON lines.');
  }

  return (notice) => {
    if (isOver) return false;
    const { event, level, issuer } = notice;
    if (event === 'gateway.listening') {
      listening(notice);
      return true;
    }
    if (KEY_EVENTS.has(event)) return tried(notice);
    // An operator at a terminal does not wait for it.
    if (event === 'metadata.loaded') return true;
    if (level !== 'warn') return false;
    if (event === 'metadata.load_failed' && waiting.has(String(issuer))) held.set(issuer, notice);
    else warn(warningLine(notice));
    return true;
  };
}
