// Sorts the samples of a CPU profile into layers: whose work a request pays for.

/** The layers in the order of the table. The last ones are rooms of the gateway. */
export const LAYERS = ['socket writes', 'event loop', 'node:http', 'undici', 'node:crypto', 'GC'];
const ROOM = /\/compiled\/(?:([a-z]+)\/.+|[^/]+)$/;
/** Modules of Node whose work is that of the caller. */
const TOOLS = /^node:(?:buffer|url|querystring|internal\/(?:buffer|url|util|validators|errors))/;
/** Functions of libuv's streams, which have no file. Each of them is one system call, or more. */
const WRITES = /^(?:writev|writeBuffer|writeLatin1String|writeUtf8String|writeAsciiString)$/;

const fixed = new Map([
  ['(garbage collector)', 'GC'],
  ['(program)', 'event loop'],
  ['(idle)', null],
]);

function layerOf({ functionName, url }, caller) {
  // The profiler itself.
  if (url === 'node:inspector') return null;
  if (fixed.has(functionName)) return fixed.get(functionName);
  // A function of C++ or of V8 belongs to the one that called it.
  if (url === '') return WRITES.test(functionName) && caller !== 'log' ? 'socket writes' : caller;
  if (TOOLS.test(url)) return caller;
  if (url.includes('/undici/') || url.startsWith('wasm:')) return 'undici';
  if (url.startsWith('node:internal/crypto')) return 'node:crypto';
  if (url === 'node:fs' || /\/(?:pino|sonic-boom)\//.test(url)) return 'log';
  if (url.startsWith('node:')) return 'node:http';
  if (url.includes('/node_modules/')) return 'other packages';
  const room = ROOM.exec(url);
  return room === null ? 'own code' : (room[1] ?? 'gateway');
}

/** Microseconds of each layer, as a map. `profile` is what the inspector gives. */
export function layersOf({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const layers = new Map();
  const visit = (node, caller) => {
    const layer = layerOf(node.callFrame, caller);
    layers.set(node.id, layer);
    for (const child of node.children ?? []) visit(byId.get(child), layer);
  };
  visit(nodes[0], 'event loop');
  const sums = new Map();
  for (const [at, id] of samples.entries()) {
    const layer = layers.get(id);
    if (layer !== null) sums.set(layer, (sums.get(layer) ?? 0) + timeDeltas[at]);
  }
  return sums;
}
