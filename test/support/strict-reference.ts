// A careful second reader of bodies: JSON or not, a message that every reader reads alike or not,
// and its content. Written from the requirements (B-18..B-63); it shares no code with src/.
import { keepFirst, type Member, type Tree, treeOf } from './json-tree.js';

export interface MessageContent {
  readonly method: string | undefined;
  readonly idText: string | undefined;
  readonly name: string | undefined;
  readonly uri: string | undefined;
  readonly taskId: string | undefined;
  readonly metaVersion: string | undefined;
  readonly metaHasCapabilities: boolean;
}

export type StrictReading =
  | { readonly kind: 'no JSON' }
  /** Breaks a requirement. */
  | { readonly kind: 'bad'; readonly why: string; readonly tree: Tree }
  /** Breaks no requirement, but exceeds a stated limit of the gateway. */
  | { readonly kind: 'beyond'; readonly why: string; readonly tree: Tree }
  /** `doubtful`: a name is so close to another that the gateway may reject it, too. */
  | { readonly kind: 'good'; readonly batch: boolean; readonly messages: readonly MessageContent[]; readonly doubtful: boolean };

/** The stated limits of the gateway. */
const LIMITS = { depth: 128, batch: 32, names: 100, nameBytes: 256, idDigits: 20 };

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const KNOWN = {
  top: ['jsonrpc', 'id', 'method', 'params', 'result', 'error'],
  params: ['name', 'uri', 'taskId', '_meta', 'arguments'],
  _meta: [VERSION, CAPABILITIES, 'io.modelcontextprotocol/clientInfo', 'progressToken'],
};

/** For each letter, one letter for all that a pattern treats as equal when it ignores case. */
const orbits: ReadonlyMap<string, string> = (() => {
  const letters: string[] = [];
  for (let code = 0; code < 0x11_0000; code++) {
    const letter = String.fromCodePoint(code);
    if (/\p{Changes_When_Casemapped}|\p{Changes_When_Casefolded}/u.test(letter)) letters.push(letter);
  }
  const all = letters.join('');
  const found = new Map<string, string>();
  for (const letter of letters) {
    if (found.has(letter)) continue;
    const same = all.match(new RegExp(`\\u{${letter.codePointAt(0)?.toString(16)}}`, 'giu')) ?? [];
    for (const one of same) found.set(one, letter);
  }
  return found;
})();

/** The ways in which readers ignore case. */
const READINGS: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toLowerCase(),
  (name) => name.toUpperCase(),
  (name) => [...name].map((letter) => orbits.get(letter) ?? letter).join(''),
  // Unit by unit, as Java compares: upper, then the first of lower. That is i for the dotted I.
  (name) =>
    [...name]
      .map((letter) => (letter.toUpperCase().length === letter.length ? letter.toUpperCase() : letter).toLowerCase()[0])
      .join(''),
];
/** Names that no single reading treats as equal, but nearly so, or by way of a third name. */
const loosely = (name: string): string => name.toLowerCase().toUpperCase().normalize('NFKD').replaceAll('\u0307', '');

/** A NUL, or half a surrogate pair, which UTF-8 cannot encode. */
const broken = (text: string): boolean => text.includes('\0') || Buffer.from(text).toString() !== text;

class Found extends Error {
  readonly kind: 'bad' | 'beyond';
  constructor(kind: 'bad' | 'beyond', why: string) {
    super(why);
    this.kind = kind;
  }
}
const bad = (why: string): never => {
  throw new Found('bad', why);
};

function checkNames(members: readonly Member[], known: readonly string[], beyond: (why: string) => void): void {
  for (const reading of READINGS) {
    if (new Set(members.map(({ name }) => reading(name))).size < members.length) bad('a name repeats');
  }
  for (const { name, written } of members) {
    if (known.includes(name) && written === `"${name}"`) continue;
    if (READINGS.some((reading) => known.some((one) => reading(one) === reading(name)))) beyond('another spelling');
    if (broken(name)) beyond('a broken name');
    if (Buffer.byteLength(written) - 2 > LIMITS.nameBytes) beyond('a long name');
  }
  if (members.filter(({ name }) => !known.includes(name)).length > LIMITS.names) beyond('many names');
}

/** Whether a name is close to another, or to a known one. */
function comesNear(members: readonly Member[], known: readonly string[]): boolean {
  const loose = new Set([...members.map(({ name }) => name), ...known].map(loosely));
  return loose.size < new Set([...members.map(({ name }) => name), ...known]).size;
}

const member = (tree: Tree | undefined, name: string): Tree | undefined =>
  tree?.kind === 'object' ? tree.members.find((one) => one.name === name)?.value : undefined;

/** Null counts as absent. */
function present(tree: Tree, name: string): Tree | undefined {
  const value = member(tree, name);
  return value?.kind === 'literal' && value.written === 'null' ? undefined : value;
}

function textOf(tree: Tree | undefined, beyond: (why: string) => void): string | undefined {
  if (tree === undefined) return undefined;
  if (tree.kind !== 'string') bad('not a string');
  const text = JSON.parse(tree.written) as string;
  if (broken(text)) beyond('a broken string');
  return text;
}

function idOf(tree: Tree | undefined, beyond: (why: string) => void): string | undefined {
  if (tree === undefined || tree.kind === 'string') return tree?.written;
  if (tree.kind !== 'number' || !Number.isInteger(Number(tree.written))) {
    // A number larger than every double may still be an integer.
    if (tree.kind === 'number' && !Number.isFinite(Number(tree.written))) beyond('a huge id');
    else bad('an id of another kind');
  }
  const digits = /^-?([0-9]+)$/.exec(tree.written)?.[1] ?? '';
  if (digits === '' || digits.length > LIMITS.idDigits) beyond('an integer in another form');
  return tree.written;
}

function readMessage(tree: Tree, beyond: (why: string) => void): MessageContent {
  if (tree.kind !== 'object') bad('not an object');
  const params = present(tree, 'params');
  const meta = member(params, '_meta');
  checkNames(tree.members, KNOWN.top, beyond);
  if (params !== undefined && params.kind !== 'object') bad('params');
  checkNames(params?.members ?? [], KNOWN.params, beyond);
  checkNames(meta?.members ?? [], KNOWN._meta, beyond);
  if (tree.depth > LIMITS.depth) beyond('depth');
  if (textOf(member(tree, 'jsonrpc'), () => {}) !== '2.0') bad('jsonrpc');
  const content = {
    method: textOf(member(tree, 'method'), beyond),
    idText: idOf(member(tree, 'id'), beyond),
    name: textOf(member(params, 'name'), beyond),
    uri: textOf(member(params, 'uri'), beyond),
    taskId: textOf(member(params, 'taskId'), beyond),
    metaVersion: textOf(member(meta, VERSION), beyond),
    metaHasCapabilities: member(meta, CAPABILITIES)?.kind === 'object',
  };
  let outcomes = ['result', 'error'].filter((name) => present(tree, name) !== undefined).length;
  if (outcomes === 0 && content.method === undefined && member(tree, 'result') !== undefined) outcomes = 1;
  if (content.method === undefined ? outcomes !== 1 || content.idText === undefined : outcomes > 0) bad('no kind of message');
  return content;
}

function isDoubtful(tree: Tree): boolean {
  const params = member(tree, 'params');
  const objects = [
    [tree, KNOWN.top],
    [params, KNOWN.params],
    [member(params, '_meta'), KNOWN._meta],
  ] as const;
  return objects.some(([one, known]) => comesNear(one?.members ?? [], known));
}

const own = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** The message for a reader of plain values. It has no id, because plain values lose its form. */
function seen(message: unknown): Record<string, unknown> {
  const params = own(message, 'params');
  const meta = own(params, '_meta');
  const capabilities = own(meta, CAPABILITIES);
  return {
    method: own(message, 'method'),
    name: own(params, 'name'),
    uri: own(params, 'uri'),
    taskId: own(params, 'taskId'),
    metaVersion: own(meta, VERSION),
    metaHasCapabilities: typeof capabilities === 'object' && capabilities !== null && !Array.isArray(capabilities),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Null if the bytes are not JSON. Throws if the two readings of the reference differ. */
function parsed(bytes: Uint8Array): { tree: Tree; value: unknown } | null {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return null;
  }
  const tree = treeOf(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    if (tree !== null) throw new Error('the tokens say JSON, JSON.parse does not');
    return null;
  }
  if (tree === null) throw new Error('JSON.parse says JSON, the tokens do not');
  // The reviver recurses, once for each level.
  if (tree.depth > 500) return { tree, value };
  let kept = 0;
  JSON.parse(text, (_name, one: unknown) => {
    if (typeof one === 'object' && one !== null && !Array.isArray(one)) kept += Object.keys(one).length;
    return one;
  });
  if (kept !== surviving(tree)) throw new Error('the tokens see other repetitions than JSON.parse');
  return { tree, value };
}

/** The number of members if the last of repeated ones counts. */
function surviving(tree: Tree): number {
  const last = new Map(tree.members.map(({ name, value }) => [name, value]));
  return [...last.values(), ...tree.items].reduce((sum, one) => sum + surviving(one), last.size);
}

export function readStrictly(bytes: Uint8Array): StrictReading {
  const found = parsed(bytes);
  if (found === null) return { kind: 'no JSON' };
  const { tree, value } = found;
  const limits: string[] = [];
  const beyond = (why: string): void => void limits.push(why);
  try {
    const batch = tree.kind === 'array';
    const trees = batch ? tree.items : [tree];
    const messages = trees.map((one) => readMessage(one, beyond));
    if (batch && trees.length > LIMITS.batch) beyond('a long batch');
    if (limits.length > 0) return { kind: 'beyond', why: limits[0] as string, tree };
    const [first, last] = [keepFirst(tree), value].map((one) => (batch ? (one as unknown[]) : [one]).map(seen));
    if (JSON.stringify(first) !== JSON.stringify(last)) throw new Error('first and last are not the same');
    if (JSON.stringify(messages.map(({ idText: _, ...content }) => content)) !== JSON.stringify(last))
      throw new Error('the tree says something else');
    return { kind: 'good', batch, messages, doubtful: trees.some(isDoubtful) };
  } catch (error) {
    if (error instanceof Found) return { kind: error.kind, why: error.message, tree };
    throw error;
  }
}
