// The rules of the house as functions over a source text: who may import whom, one door for each
// dependency, the form of a file.
import { codeOnly, type Source, withoutComments } from './sources.js';

interface Import {
  readonly from: string;
  /** Erased by the compiler: a type, no code. */
  readonly typeOnly: boolean;
}

const STAGES = ['verify', 'authorize', 'proxy', 'oauth', 'observe'];
const own = Object.fromEntries(STAGES.map((stage) => [stage, [stage, 'core', 'mcp', 'type config']]));

/** The entry of the package for programs. It alone has this name, and names of other files. */
const PUBLIC = 'index.ts';

/** Room, and the rooms that it may import from; `type` before one: its types only. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: ['core'],
  mcp: ['mcp', 'core'],
  ...own,
  // Requests to identity providers, for the stages that send them.
  idp: ['idp', 'core', 'type config'],
  verify: [...(own.verify as string[]), 'idp'],
  // Sealed values, for the two stages that hand them to callers.
  seal: ['seal', 'core'],
  proxy: [...(own.proxy as string[]), 'idp', 'seal'],
  oauth: [...(own.oauth as string[]), 'idp', 'seal'],
  config: ['config', 'core'],
  'gateway.ts': ['core'],
  http: ['http', 'core', 'gateway.ts', 'type config'],
  app: ['app', 'core', 'mcp', 'config', 'http', 'gateway.ts', 'idp', 'seal', ...STAGES],
  // Starts a gateway in a process: for serve, and for a program that embeds it.
  launch: ['launch', 'app', 'config', 'core', 'type observe'],
  commands: ['commands', 'launch', 'app', 'config', 'core'],
  'main.ts': ['commands', 'app', 'config'],
  // The main file of a worker process.
  'worker.ts': ['commands'],
  [PUBLIC]: ['launch', 'config'],
};

/**
 * Package or module, and the places that may import it. A place is the beginning of a path; `type`
 * before one: its types only.
 */
const DOORS: readonly (readonly [name: RegExp, places: readonly string[]])[] = [
  // The demo's MCP server answers Node's requests with it.
  [/^(hono|@hono\/node-server)(\/|$)/, ['http/', 'commands/demo/']],
  [/^jose(\/|$)/, ['verify/', 'idp/', 'oauth/', 'proxy/credentials/']],
  [/^undici(\/|$)/, ['proxy/pool.ts', 'proxy/forward.ts', 'idp/fetch-json.ts', 'type proxy/']],
  // The demo's MCP server declares its tools with it.
  [/^zod$/, ['config/schema/', 'type config/', 'commands/demo/']],
  [/^yaml$/, ['config/admin-address.ts', 'config/yaml-document.ts', 'config/yaml-lines.ts']],
  [/^lru-cache$/, ['verify/', 'proxy/credentials/']],
  // A command opens the destination of the lines, which only a process can.
  [/^pino$/, ['observe/log.ts', 'commands/output.ts', 'type app/', 'type observe/']],
  [/^rate-limiter-flexible(\/|$)/, ['authorize/limits/']],
  [/^ioredis(\/|$)/, ['authorize/limits/redis-limiter.ts']],
  [/^prom-client$/, ['observe/metrics.ts']],
  [/^@opentelemetry\//, ['observe/']],
  [/^oidc-provider$/, ['commands/demo']],
  [/^@modelcontextprotocol\//, ['commands/demo', 'type ']],
  [/^node:fs(\/|$)/, ['config/', 'main.ts', 'launch/', 'commands/', 'app/audit-file.ts']],
  // The doctor has to see header lines as they were sent: fetch joins two challenges into one.
  // `health` must use no proxy of the environment: fetch may.
  [
    /^node:(http|https|http2|net|tls|dgram)$/,
    [
      'http/',
      'commands/demo',
      'commands/doctor/request.ts',
      'commands/doctor/http2-request.ts',
      'commands/health.ts',
      // Whether a port is free.
      'commands/check/listeners.ts',
      // The forms of addresses. They open no socket.
      'idp/public-address.ts',
      'idp/public-fetch.ts',
      'type ',
    ],
  ],
  [/^node:(child_process|cluster|worker_threads)$/, ['commands/', 'app/']],
  [/^node:/, ['']],
];

const FORBIDDEN: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['process', /(?<![.\w])process\s*[.[]|(?<![.\w])process\s*[;,)]/],
  ['Date.now', /\bDate\.now\b/],
  ['console', /(?<![.\w])console\s*\./],
  ['fetch', /(?<![.\w])(globalThis\.)?fetch\s*\(/],
];

const LINES = 250;

export function importsOf(text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const [, clause, from] of code.matchAll(/(?:^|[\n;])\s*(?:import|export)\b([^'";]*?)\bfrom\s*['"]([^'"]+)['"]/g)) {
    const names =
      /\{([^}]*)\}/
        .exec(clause as string)?.[1]
        ?.split(',')
        .filter((name) => name.trim() !== '') ?? [];
    const namesOnly = /^\s*\{[^}]*\}\s*$/.test(clause as string);
    const typeOnly =
      /^\s*type\b/.test(clause as string) || (namesOnly && names.length > 0 && names.every((name) => /^\s*type\s/.test(name)));
    found.push({ from: from as string, typeOnly });
  }
  for (const [, from] of code.matchAll(/(?:^|[\n;])\s*import\s*['"]([^'"]+)['"]/g))
    found.push({ from: from as string, typeOnly: false });
  for (const [, from] of code.matchAll(/\b(?:import|require)\s*\(\s*['"`]([^'"`]+)['"`]/g))
    found.push({ from: from as string, typeOnly: false });
  return found;
}

const roomOf = (path: string): string => path.split('/', 1)[0] as string;

const opens = (place: string, subject: string, typeOnly: boolean): boolean =>
  place.startsWith('type ') ? typeOnly && subject.startsWith(place.slice(5)) : subject.startsWith(place);

/** Imports that cross a wall of the house. */
export function wallsCrossed({ path, text }: Source): string[] {
  const allowed = MAY_IMPORT[roomOf(path)];
  if (allowed === undefined) return [`${path}: unknown room`];
  return importsOf(text).flatMap(({ from, typeOnly }) => {
    if (from.startsWith('.')) {
      const target = roomOf(targetOf(path, from));
      const open = allowed.some((place) =>
        place.startsWith('type ') ? typeOnly && place.slice(5) === target : place === target,
      );
      return open ? [] : [`${path}: ${from}`];
    }
    if (path.startsWith('core/')) return [`${path}: ${from}`];
    const door = DOORS.find(([name]) => name.test(from));
    return door?.[1].some((place) => opens(place, path, typeOnly)) ? [] : [`${path}: ${from}`];
  });
}

const targetOf = (path: string, from: string): string =>
  new URL(from, `file:///${path}`).pathname.slice(1).replace(/\.js$/, '.ts');

/**
 * Files that import each other in a circle, types included. Each circle once, from its first file
 * in the alphabet.
 */
export function circles(all: readonly Source[]): string[] {
  const graph = new Map(
    all.map(({ path, text }) => [
      path,
      importsOf(text).flatMap(({ from }) => (from.startsWith('.') ? [targetOf(path, from)] : [])),
    ]),
  );
  const found = new Set<string>();
  const done = new Set<string>();
  function visit(path: string, trail: readonly string[]): void {
    const at = trail.indexOf(path);
    if (at >= 0) {
      const circle = trail.slice(at);
      const first = circle.indexOf([...circle].sort()[0] as string);
      const ordered = [...circle.slice(first), ...circle.slice(0, first)];
      found.add([...ordered, ordered[0]].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  }
  for (const path of [...graph.keys()].sort()) visit(path, []);
  return [...found];
}

/** Surroundings that a room takes itself: it must get them as arguments (E-13, injected clock). */
export function surroundingsTaken({ path, text }: Source): string[] {
  if (![...STAGES, 'core', 'mcp', 'idp', 'gateway.ts', 'config'].includes(roomOf(path))) return [];
  const code = codeOnly(text);
  return FORBIDDEN.filter(([, pattern]) => pattern.test(code)).map(([name]) => `${path}: ${name}`);
}

/** A source or a test has at most 250 lines. */
export function lengthFlaws({ path, text }: Source): string[] {
  const lines = text.split('\n').length - 1;
  return lines > LINES ? [`${path}: ${lines} lines`] : [];
}

/** Flaws of form: length, names, exports, first line. */
export function formFlaws({ path, text }: Source): string[] {
  const code = withoutComments(text);
  const lines = text.split('\n');
  const first = lines[0]?.startsWith('#!') ? lines[1] : lines[0];
  const flaws: string[] = [];
  if (!/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(path)) flaws.push('its name is not in kebab-case');
  if (path !== PUBLIC && /(^|\/)(utils?|helpers?|common|misc|index)\.ts$/.test(path)) flaws.push('its name says nothing');
  if (/^\s*export\s+default\b|\bas\s+default\b/m.test(code)) flaws.push('a default export');
  if (path !== PUBLIC && /^\s*export\s+(type\s+)?(\*|\{[^}]*\}\s*from)/m.test(code))
    flaws.push('re-exports names of another file');
  if (!/^\/\/ \S/.test(first ?? '')) flaws.push('its first line does not say what it does');
  return [...lengthFlaws({ path, text }), ...flaws.map((flaw) => `${path}: ${flaw}`)];
}
