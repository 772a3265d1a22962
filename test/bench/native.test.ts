// The load generator and the upstream of the bench: they count what is there, and all of it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Times {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}
interface Result {
  readonly answers: number;
  readonly good: number;
  readonly unauthorized: number;
  readonly errors: number;
  readonly unanswered: number;
  readonly events: number;
  readonly rate: number;
  readonly held: number;
  readonly latency: Times;
  readonly age: Times;
}
interface Upstream {
  readonly port: number;
  readonly stats: () => Promise<{ held: number; requests: number; open: number }>;
  readonly stop: () => Promise<void>;
}
type Target = { readonly name: string; readonly port: number };
type Order = Record<string, unknown>;

interface Parts {
  readonly nativePrograms: (options?: { compiler?: string; home?: string }) => { load: string; upstream: string };
  readonly startUpstream: (program: string) => Promise<Upstream>;
  readonly holdStreams: (program: string, target: Target, count: number) => Promise<Result & { release: () => Promise<void> }>;
  readonly records: (requests: string[]) => Buffer;
  readonly requestOf: (tool: string, token?: string) => string;
}

const lab = (name: string): string => new URL(`../../bench/lab/${name}`, import.meta.url).href;
const hasCompiler = ((): boolean => {
  try {
    execFileSync('gcc', ['--version'], { timeout: 10_000 });
    return process.platform === 'linux';
  } catch {
    return false;
  }
})();

const home = mkdtempSync(join(tmpdir(), 'portcullis-native-'));
let parts: Parts;
beforeAll(async () => {
  const modules = ['native.mjs', 'native-run.mjs', 'request-files.mjs'].map((name) => import(/* @vite-ignore */ lab(name)));
  parts = Object.assign({}, ...(await Promise.all(modules))) as Parts;
});
afterAll(() => rmSync(home, { recursive: true }));

test('without gcc, the bench says what to install', () => {
  const empty = join(home, 'empty');
  expect(() => parts.nativePrograms({ compiler: 'no-such-compiler', home: empty })).toThrow(/needs gcc/);
});

describe.skipIf(!hasCompiler)('with gcc', () => {
  let programs: { load: string; upstream: string };
  let upstream: Upstream;
  beforeAll(async () => {
    programs = parts.nativePrograms({ home });
    upstream = await parts.startUpstream(programs.upstream);
  });
  afterAll(() => upstream.stop());

  /** Runs the load generator on one request. */
  function load(port: number, tool: string, order: Order): Result {
    const file = join(home, `${tool}.bin`);
    writeFileSync(file, parts.records([parts.requestOf(tool)]));
    const flags = Object.entries<unknown>({ p: port, f: file, ...order }).flatMap(([name, value]) =>
      value === true ? [`-${name}`] : [`-${name}`, String(value)],
    );
    return JSON.parse(execFileSync(programs.load, flags, { encoding: 'utf8', timeout: 15_000 })) as Result;
  }

  test.each([
    ['json', 0],
    ['sse1', 1],
    ['sse1000', 1000],
    ['big', 0],
  ])('the tool %s has %d events in each answer', (tool, events) => {
    const result = load(upstream.port, tool, { c: 4, d: 5, n: 40 });
    expect(result).toMatchObject({ answers: 40, good: 40, errors: 0, unanswered: 0, events: 40 * events });
    expect(result.latency.count).toBe(40);
  });

  test('a constant rate sends what is due', () => {
    const result = load(upstream.port, 'json', { c: 8, d: 1, r: 200 });
    expect(result.answers).toBeGreaterThanOrEqual(195);
    expect(result.answers).toBeLessThanOrEqual(201);
  });

  test('ages count from the stamp of the upstream, of 20 events a stream', () => {
    const result = load(upstream.port, 'timed', { c: 2, d: 5, n: 2, a: true });
    expect(result).toMatchObject({ answers: 2, events: 40 });
    expect(result.age.count).toBe(40);
    // Events that came late would have the age of a gap, 25 ms.
    expect(result.age.p50).toBeLessThan(20_000);
  });

  test('streams are held until they are released', async () => {
    const streams = await parts.holdStreams(programs.load, { name: 'upstream', port: upstream.port }, 50);
    expect(streams.held).toBe(50);
    expect((await upstream.stats()).held).toBe(50);
    await streams.release();
    await expect.poll(async () => (await upstream.stats()).held).toBe(0);
  });

  /** A server that answers each request with these pieces, one by one. */
  async function inPieces(pieces: readonly string[], closes = false): Promise<{ port: number; close: () => void }> {
    const sockets = new Set<Socket>();
    const server: Server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', () => {
        for (const [at, piece] of pieces.entries()) setTimeout(() => socket.write(piece), at * 10);
        if (closes) setTimeout(() => socket.end(), pieces.length * 10);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const close = (): void => {
      for (const socket of sockets) socket.destroy();
      server.close();
    };
    return { port, close };
  }

  /** In this process the server answers, so the load generator runs beside it. */
  async function loadBeside(port: number): Promise<Result> {
    const { runLoad } = (await import(/* @vite-ignore */ lab('native-run.mjs'))) as {
      runLoad: (program: string, target: Target, order: Order) => Promise<Result>;
    };
    const order = { tool: 'json', tokens: 'hot', connections: 1, seconds: 3, most: 2 };
    return runLoad(programs.load, { name: 'pieces', port }, order);
  }

  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  test.each([
    ['a head in two pieces', ['HTTP/1.1 401 No\r\nConte', 'nt-Length: 2\r\n\r\nno'], { unauthorized: 2, answers: 2, good: 0 }],
    ['a body in two pieces', ['HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab', 'cd'], { good: 2, answers: 2 }],
    ['an empty body', ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'], { good: 2, answers: 2 }],
    [
      'chunks cut anywhere',
      [chunked, '6;x=1\r\nab\n', '\ncd\r', '\n1\r\n\n\r\n0\r\n', '\r\n'],
      { good: 2, answers: 2, events: 2 },
    ],
    ['an end of events across pieces', [`${chunked}2\r\na\n`, '\r\n1\r\n\n\r\n0\r\nx: y\r\n\r\n'], { good: 2, events: 2 }],
  ])('reads %s', async (_, pieces, expected) => {
    const server = await inPieces(pieces);
    expect(await loadBeside(server.port)).toMatchObject({ errors: 0, ...expected });
    server.close();
  });

  test('an answer without a length ends with its connection', async () => {
    const server = await inPieces(['HTTP/1.1 200 OK\r\n\r\nabc'], true);
    expect(await loadBeside(server.port)).toMatchObject({ good: 2, answers: 2, errors: 0 });
    server.close();
  });

  test('counts a broken chunk as an error, not as an answer', async () => {
    const server = await inPieces([`${chunked}zz\r\n`]);
    expect(await loadBeside(server.port)).toMatchObject({ good: 0, answers: 0, errors: 2 });
    server.close();
  });
});
