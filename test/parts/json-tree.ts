// A second reading of JSON, by tokens, that keeps what JSON.parse throws away: members that repeat, their order, the text of a value.
// It knows nothing of src/ and decides nothing in it.

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
  /** Levels of the values below it; 0 where there are none. */
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

/** Null where the text is no JSON (RFC 8259). */
export function treeOf(text: string): Tree | null {
  const tokens = createTokens(text);
  const expect = (mark: string): Token => {
    const token = tokens.take();
    if (token.kind !== 'mark' || token.text !== mark) throw new NoJson();
    return token;
  };
  const list = (closing: string, one: () => void): Token => {
    if (tokens.peek().text === closing) return tokens.take();
    for (;;) {
      one();
      const token = tokens.take();
      if (token.text === closing) return token;
      if (token.text !== ',') throw new NoJson();
    }
  };
  const value = (): Tree => {
    const first = tokens.take();
    if (first.kind !== 'mark') {
      return { kind: first.kind, written: first.text, members: [], items: [], depth: 0 };
    }
    const members: Member[] = [];
    const items: Tree[] = [];
    let last: Token;
    if (first.text === '{') {
      last = list('}', () => {
        const name = tokens.take();
        if (name.kind !== 'string') throw new NoJson();
        expect(':');
        members.push({ written: name.text, name: JSON.parse(name.text) as string, value: value() });
      });
    } else if (first.text === '[') last = list(']', () => void items.push(value()));
    else throw new NoJson();
    const below = [...items, ...members.map((member) => member.value)];
    return {
      kind: first.text === '{' ? 'object' : 'array',
      written: text.slice(first.from, last.to),
      members,
      items,
      depth: below.reduce((most, { depth }) => Math.max(most, depth + 1), 0),
    };
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

/** What a reader sees that keeps the first of repeated members. */
export function keepFirst(tree: Tree): unknown {
  if (tree.kind === 'array') return tree.items.map(keepFirst);
  if (tree.kind !== 'object') return JSON.parse(tree.written);
  const found = new Map<string, unknown>();
  for (const { name, value } of tree.members) if (!found.has(name)) found.set(name, keepFirst(value));
  // Not an object literal: `__proto__` is a member like others.
  return Object.fromEntries(found);
}
