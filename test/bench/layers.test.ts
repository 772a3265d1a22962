// The layers of a CPU profile: whose work a request pays for.
import { expect, test } from 'vitest';

interface Node {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

interface Profile {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const { layersOf } = (await import(/* @vite-ignore */ new URL('../../bench/lab/layers.mjs', import.meta.url).href)) as {
  layersOf: (profile: Profile) => ReadonlyMap<string, number>;
};

/** A chain of calls below the root, each called by the one before. */
function profile(...calls: readonly (readonly [string, string, number])[]): Profile {
  const frames = [['(root)', '', 0], ...calls] as const;
  const nodes = frames.map(([functionName, url], at) => ({
    id: at + 1,
    callFrame: { functionName, url },
    children: at + 1 < frames.length ? [at + 2] : [],
  }));
  return { nodes, samples: nodes.map(({ id }) => id), timeDeltas: frames.map(([, , time]) => time) };
}

const OURS = 'file:///app/compiled/verify/authenticators/jwt.js';

test.each([
  ['a room', [['verifyJwt', OURS, 5]], { verify: 5 }],
  ['a module beside the rooms', [['admit', 'file:///app/compiled/gateway.js', 5]], { gateway: 5 }],
  [
    'a function of V8',
    [
      ['verifyJwt', OURS, 5],
      ['parse', '', 2],
    ],
    { verify: 7 },
  ],
  [
    'a tool of Node',
    [
      ['verifyJwt', OURS, 5],
      ['from', 'node:buffer', 2],
      ['write', '', 1],
    ],
    { verify: 8 },
  ],
  [
    'the profiler',
    [
      ['post', 'node:inspector', 1],
      ['dispatch', '', 5],
    ],
    {},
  ],
  ['the server of Node', [['_storeHeader', 'node:_http_outgoing', 5]], { 'node:http': 5 }],
  [
    'a write',
    [
      ['writeGeneric', 'node:internal/stream_base_commons', 1],
      ['writev', '', 5],
    ],
    { 'node:http': 1, 'socket writes': 5 },
  ],
  [
    'a line of the log',
    [
      ['flush', 'node:fs', 1],
      ['writeBuffer', '', 5],
    ],
    { log: 6 },
  ],
  [
    'a signature',
    [
      ['verifyOneShot', 'node:internal/crypto/sig', 1],
      ['run', '', 5],
    ],
    { 'node:crypto': 6 },
  ],
  ['the parser of undici', [['onHeaders', 'wasm://wasm/1', 5]], { undici: 5 }],
  ['another package', [['incrby', 'file:///app/node_modules/limiter/a.js', 5]], { 'other packages': 5 }],
  ['a collection', [['(garbage collector)', '', 5]], { GC: 5 }],
  ['idle time', [['(idle)', '', 5]], {}],
] as const)('%s', (_, calls, wanted) => {
  expect(Object.fromEntries([...layersOf(profile(...calls))].filter(([, time]) => time > 0))).toEqual(wanted);
});
