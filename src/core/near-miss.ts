// Says in which part two almost equal URLs differ: a slash, the scheme, capital letters.
// The gateway compares them letter for letter. This is for messages to the operator only.

/** Scheme, host, port, path and the rest. Not the URL class, which makes such texts equal. */
const PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/:?#]*|\[[^\]]*\])(:\d*)?([^?#]*)(.*)$/is;

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: ':80', https: ':443' };
/** Longer texts cost time. Two of them are never called near. */
const LONGEST = 2_000;

function pathDifference(some: string, other: string): string | null {
  const [a, b] = [some.replace(/\/+$/, ''), other.replace(/\/+$/, '')];
  if (a === b) return null;
  if (a.toLowerCase() === b.toLowerCase()) return 'capital letters of the path';
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  const ending = long.slice(short.length);
  return long.startsWith(short) && ending === '/v2.0' ? '/v2.0 at the end' : 'the path';
}

/** Null: they name different hosts, or one is not a URL. Empty: they are equal. */
function differences(some: string, other: string): string[] | null {
  const [, scheme = '', host, port, path = '', rest] = PARTS.exec(some) ?? [];
  const [, scheme2 = '', host2, port2, path2 = '', rest2] = PARTS.exec(other) ?? [];
  if (host === undefined || host2 === undefined) return null;
  if (host.toLowerCase() !== host2.toLowerCase()) return null;
  const [protocol, protocol2] = [scheme.toLowerCase(), scheme2.toLowerCase()];
  const found: (string | null)[] = [];
  if (protocol !== protocol2) found.push(`the scheme (${protocol}, ${protocol2})`);
  else if (scheme !== scheme2) found.push('capital letters of the scheme');
  if (host !== host2) found.push('capital letters of the host');
  if (port !== port2) {
    const isDefault =
      (port || DEFAULT_PORTS[protocol]) === (port2 || DEFAULT_PORTS[protocol2]) ||
      protocol !== protocol2;
    found.push(isDefault ? `the port (${port || port2})` : 'the port');
  }
  found.push(pathDifference(path, path2));
  if (/\/$/.test(path) !== /\/$/.test(path2)) found.push('the slash at the end');
  if (rest !== rest2) found.push('the query');
  return found.filter((one) => one !== null);
}

export interface NearMiss {
  readonly known: string;
  /** The parts that differ, at least one. */
  readonly differs: readonly string[];
}

/**
 * The known URL of the same host that differs in the fewest parts. `isOtherPathNear`: also where
 * the path is another one. `isOtherPortNear`: also where the port is. Null: none is near.
 */
export function nearMiss(
  value: string,
  known: readonly string[],
  isOtherPathNear: boolean,
  isOtherPortNear = false,
): NearMiss | null {
  if (value.length > LONGEST) return null;
  const far = [
    'the query',
    ...(isOtherPathNear ? [] : ['the path']),
    ...(isOtherPortNear ? [] : ['the port']),
  ];
  const found = known.flatMap((one): NearMiss[] => {
    const differs = differences(value, one);
    const isNear = differs?.length && !differs.some((part) => far.includes(part));
    return isNear ? [{ known: one, differs }] : [];
  });
  return found.sort((a, b) => a.differs.length - b.differs.length)[0] ?? null;
}

/** `it differs from "https://auth.example.com" only in the slash at the end` */
export const nearMissText = ({ known, differs }: NearMiss, subject = 'it'): string =>
  `${subject} differs from ${JSON.stringify(known)} only in ${differs.join(' and ')}`;
