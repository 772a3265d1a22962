// The source of an issuer's metadata on a clock that the test moves, with its server and its waits.
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Notice } from '../../src/core/notice.js';
import { createMetadataSource, type MetadataDependencies, type MetadataSource } from '../../src/idp/metadata.js';
import { fetchJson } from '../fixtures/fetch-json.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import { type TestClock, testClock } from './clock.js';

const { status } = answers;
export const MINUTE = 60_000;

export let server: RawUpstream;
/** The scheduled waits, in order. Only a test ends one. */
export let waits: { ms: number; run: () => void; cancelled: boolean }[];
export let notices: Notice[];
export let source: MetadataSource;
export let clock: TestClock;

export const create = (changes: Partial<MetadataDependencies> = {}): MetadataSource =>
  createMetadataSource({
    issuer: server.url,
    timeoutMs: 2_000,
    fetchJson,
    clock,
    schedule(ms, run) {
      const wait = { ms, run, cancelled: false };
      waits.push(wait);
      return () => {
        wait.cancelled = true;
      };
    },
    notify: (notice) => notices.push(notice),
    random: () => 1,
    ...changes,
  });

/** The source of this test, with other dependencies. */
export function replaceSource(changes: Partial<MetadataDependencies>): void {
  source = create(changes);
}

/** Starts the server for the tests of a file, and makes a new source for each test. */
export function startMetadataServer(): void {
  beforeAll(async () => {
    server = await startRawUpstream(status(404));
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    clock = testClock();
    waits = [];
    notices = [];
    replaceSource({});
  });
  afterEach(() => {
    source.stop();
    server.reset();
  });
}

/** JSON with unusual spacing and numbers, so that a copy that is written anew differs. */
export const unusual = (issuer = server.url): string =>
  `{ "issuer":"${issuer}",\n  "x": 1.0, "jwks_uri" : "${server.url}/jwks", "x": 2e0 }\n`;
const JSON_TYPE: [string, string][] = [['content-type', 'application/json']];
export const document = (issuer = server.url) => status(200, JSON_TYPE, unusual(issuer));
export const published = (): string | undefined => source.last()?.body.toString();

/** Ends the last wait, and resolves when the fetch that it started is over. */
export async function next(): Promise<number> {
  const before = waits.length;
  waits.at(-1)?.run();
  await until('the next wait', () => waits.length > before);
  return waits.at(-1)?.ms ?? 0;
}

export async function begin(): Promise<number> {
  source.start();
  await until('the first wait', () => waits.length === 1);
  return waits[0]?.ms ?? 0;
}
