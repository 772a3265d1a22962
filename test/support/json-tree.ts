// Reads JSON a second time, by tokens, and keeps what JSON.parse drops: repeated members, their
// order, the text of a value. It shares no code with src/.

export interface Member {
  /** As written, quotes included. */
  readonly written: string;
  readonly name: string;
  readonly value: Tree;
}

export interface Tree {
  readonly kind: 'object' | 'array' | 'string' | 'number' | 'literal';
  readonly written: string;
  readonly members: readonly Member[];
  readonly items: readonly Tree[];
  /** Levels of the values below it; 0 if there are none. */
  readonly depth: number;
}

const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|("[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[ !#-[\]-\uffff]*)*")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))/y;
const REST = /[ \t\n\r]*/y;

interface Token {
  readonly kind: 'mark' | Tree['kind'];
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

class NoJson extends Error {}

function createTokens(text: string): { take: () => Token; peek: () => Token; end: () => void } {
  let at = 0;
  let ahead: Token | null = null;
  const read = (): Token => {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) throw new NoJson();
    const [, mark, string, number, literal] = found;
    const token = mark ?? string ?? number ?? literal ?? '';
    const kind = mark ? 'mark' : string ? 'string' : number ? 'number' : 'literal';
    at = TOKEN.lastIndex;
    return { kind, text: token, from: at - token.length, to: at };
  };
  return {
    take() {
      const token = ahead ?? read();
      ahead = null;
      return token;
    },
    peek() {
      ahead ??= read();
      return ahead;
    },
    end() {
      REST.lastIndex = at;
      REST.exec(text);
      if (ahead !== null || REST.lastIndex !== text.length) throw new NoJson();
    },
  };
}

interface Open {
  readonly first: Token;
  readonly members: Member[];
  readonly items: Tree[];
  /** The name whose value comes next. */
  name: Token | null;
}

const leaf = ({ kind, text }: Token): Tree => ({ kind: kind as Tree['kind'], written: text, members: [], items: [], depth: 0 });

/**
 * Null if the text is not JSON (RFC 8259). With a stack of its own: bodies are nested deeper than
 * calls can be.
 */
export function treeOf(text: string): Tree | null {
  const tokens = createTokens(text);
  const name = (): Token => {
    const token = tokens.take();
    if (token.kind !== 'string' || tokens.take().text !== ':') throw new NoJson();
    return token;
  };
  const closed = ({ first, members, items }: Open, last: Token): Tree => ({
    kind: first.text === '{' ? 'object' : 'array',
    written: text.slice(first.from, last.to),
    members,
    items,
    depth: [...items, ...members.map(({ value }) => value)].reduce((most, { depth }) => Math.max(most, depth + 1), 0),
  });
  const value = (): Tree => {
    const stack: Open[] = [];
    for (;;) {
      const first = tokens.take();
      let done: Tree;
      if (first.text === '{' || first.text === '[') {
        const open: Open = { first, members: [], items: [], name: null };
        if (tokens.peek().text !== (first.text === '{' ? '}' : ']')) {
          if (first.text === '{') open.name = name();
          stack.push(open);
          continue;
        }
        done = closed(open, tokens.take());
      } else if (first.kind === 'mark') throw new NoJson();
      else done = leaf(first);
      for (let open = stack.at(-1); ; open = stack.at(-1)) {
        if (open === undefined) return done;
        const isObject = open.first.text === '{';
        if (open.name === null) open.items.push(done);
        else open.members.push({ written: open.name.text, name: JSON.parse(open.name.text) as string, value: done });
        const next = tokens.take();
        if (next.text === ',') {
          if (isObject) open.name = name();
          break;
        }
        if (next.text !== (isObject ? '}' : ']')) throw new NoJson();
        stack.pop();
        done = closed(open, next);
      }
    }
  };
  try {
    const root = value();
    tokens.end();
    return root;
  } catch (error) {
    if (error instanceof NoJson) return null;
    throw error;
  }
}

/** The value for a reader that keeps the first of repeated members. */
export function keepFirst(tree: Tree): unknown {
  if (tree.kind === 'array') return tree.items.map(keepFirst);
  if (tree.kind !== 'object') return JSON.parse(tree.written);
  const found = new Map<string, unknown>();
  for (const { name, value } of tree.members) if (!found.has(name)) found.set(name, keepFirst(value));
  // Not an object literal: `__proto__` is a member like others.
  return Object.fromEntries(found);
}

/** Whether JSON.parse accepts it. */
export function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
