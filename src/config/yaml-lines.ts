// Finds the line of a configuration path in a YAML document, or the line of the nearest part above
// it that the file has.
import { type Document, isMap, isNode, isScalar, isSeq, type LineCounter, type Node } from 'yaml';
import { oldNamesOf } from './old-names.js';
import type { Path } from './problems.js';

/** A path whose last name is longer than a message may show ends with this mark. */
const CUT = '…';

/** The key of a map and its value. The key may have an old name, or may be one that was cut. */
function member(map: Node, path: Path): readonly [key: Node, value: Node | null] | null {
  if (!isMap(map)) return null;
  const name = String(path.at(-1));
  const isNamed = (test: (key: string) => boolean) =>
    map.items.find(({ key }) => isScalar(key) && test(String(key.value)));
  const begin = name.endsWith(CUT) ? name.slice(0, -CUT.length) : null;
  const found =
    isNamed((key) => key === name) ??
    isNamed((key) => oldNamesOf(path).includes(key)) ??
    (begin === null ? undefined : isNamed((key) => key.startsWith(begin) && !/^[\w-]*$/.test(key)));
  if (found === undefined || !isNode(found.key)) return null;
  return [found.key, isNode(found.value) ? found.value : null];
}

export type LineOf = (path: Path) => number | undefined;

/** Undefined for the whole file, and for a field that is missing at the top level. */
export function lineFinder(document: Document, lines: LineCounter): LineOf {
  const lineAt = (node: Node): number | undefined =>
    node.range ? lines.linePos(node.range[0]).line : undefined;
  return (path) => {
    let here: Node | null = isNode(document.contents) ? document.contents : null;
    let line: number | undefined;
    for (const [i, part] of path.entries()) {
      if (here === null) break;
      if (isSeq(here)) {
        const element: unknown = here.items[Number(part)];
        if (!isNode(element)) break;
        here = element;
        line = lineAt(element) ?? line;
        continue;
      }
      const found = member(here, path.slice(0, i + 1));
      if (found === null) break;
      line = lineAt(found[0]) ?? line;
      here = found[1];
    }
    return line;
  };
}
