// The source of the metadata of one issuer, on a clock and with waits that the test moves.
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Notice } from '../../src/core/notice.js';
import { fetchJson } from '../../src/verify/fetch-json.js';
import { createMetadataSource, type MetadataDependencies, type MetadataSource } from '../../src/verify/issuer/metadata.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import { type TestClock, testClock } from './clock.js';

export const { json, status } = answers;
export const MINUTE = 60_000;

export let server: RawUpstream;
/** Starts the issuer for a file, and a new source for each test. */
export function startMetadataSource(): void {
  beforeAll(async () => {
    server = await startRawUpstream(status(404));
  });
  afterAll(() => server.stop());

  beforeEach(() => {
    clock = testClock();
    waits = [];
    notices = [];
    create();
  });
  afterEach(() => {
    source.stop();
    server.reset();
  });
}

/** The scheduled waits, in order. Only a test ends one. */
export let waits: { ms: number; run: () => void; cancelled: boolean }[];
export let notices: Notice[];
export let source: MetadataSource;

export let clock: TestClock;
/** Replaces the source, and returns the new one. */
export function create(changes: Partial<MetadataDependencies> = {}): MetadataSource {
  source = createMetadataSource({
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
  return source;
}

/** JSON with unusual spacing and numbers, so that a copy that is written anew differs. */
export const unusual = (issuer = server.url): string =>
  `{ "issuer":"${issuer}",\n  "x": 1.0, "jwks_uri" : "${server.url}/jwks", "x": 2e0 }\n`;
export const JSON_TYPE: [string, string][] = [['content-type', 'application/json']];
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
