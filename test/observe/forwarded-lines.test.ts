// The templates of log lines: when the log makes one, and that values stay in their own line.
import { expect, test } from 'vitest';
import type { RequestSummary } from '../../src/core/request-summary.js';
import { createForwardedLines } from '../../src/observe/forwarded-lines.js';
import { testClock } from '../support/clock.js';
import { endpoint, principal } from '../support/endpoint.js';
import { outcome } from '../support/outcome.js';

/** The fields of each line in their order, and how many templates were made for them. */
function linesOf(summaries: readonly RequestSummary[]): { lines: Record<string, unknown>[]; templates: number } {
  const blocks: Buffer[] = [];
  let templates = 0;
  const forwarded = createForwardedLines(
    (fields, timeSlot) => {
      templates += 1;
      const members = Object.entries(fields).filter(([, value]) => value !== undefined);
      const inner = members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
      return `{"time":${timeSlot},${inner.join()},"event":"forwarded"}\n`;
    },
    (block) => void blocks.push(block),
    testClock(),
  );
  for (const summary of summaries) expect(forwarded.add(summary)).toBe(true);
  forwarded.flush();
  const written = Buffer.concat(blocks).toString().trimEnd().split('\n');
  return { lines: written.map((line) => JSON.parse(line) as Record<string, unknown>), templates };
}

const calling = (method: string, name: string | null): Partial<RequestSummary> => ({
  message: { era: 'modern', calls: [{ method, name, idText: '1' }], body: null },
});

test('one caller needs one template for all the methods that it calls', () => {
  const caller = principal();
  const at = { endpoint: endpoint(), caller };
  const kinds: [string, string | null][] = [
    ['tools/call', 'a"b'],
    ['tools/list', null],
    ['prompts/get', 'greet\n'],
    ['resources/read', 'file:///ü'],
    ['tasks/get', 't-1'],
    ['ping', null],
  ];
  const summaries = [...kinds, ...kinds].map(([method, name]) => outcome({ ...at, ...calling(method, name) }));
  const { lines, templates } = linesOf(summaries);
  expect(templates).toBe(1);
  const fields = ['gen_ai.tool.name', undefined, 'gen_ai.prompt.name', 'mcp.resource.uri', 'taskId', undefined];
  for (const [i, line] of lines.entries()) {
    const [method, name] = kinds[i % kinds.length] as [string, string | null];
    const field = fields[i % kinds.length];
    expect(line['mcp.method.name']).toBe(method);
    // The name comes after the method, and the event is last, as in a line without a template.
    const last = Object.keys(line).slice(Object.keys(line).indexOf('mcp.method.name') + 1);
    expect(last).toEqual(field === undefined ? ['event'] : [field, 'event']);
    if (field !== undefined) expect(line[field]).toBe(name);
  }
});

test('a cached token at two endpoints in turn needs one template at each', () => {
  const caller = principal();
  const [one, two] = [endpoint({ path: '/one' }), endpoint({ path: '/two' })];
  const summaries = Array.from({ length: 10 }, (_, i) => outcome({ caller, endpoint: i % 2 === 0 ? one : two }));
  const { lines, templates } = linesOf(summaries);
  expect(templates).toBe(2);
  expect(lines.map(({ endpoint: path }) => path)).toEqual(Array(5).fill(['/one', '/two']).flat());
});

test('another status, HTTP method or era is another template', () => {
  const at = { endpoint: endpoint(), caller: principal() };
  const legacy = { message: { era: 'legacy' as const, calls: [{ method: 'ping', name: null, idText: '1' }], body: null } };
  const changes: Partial<RequestSummary>[] = [{}, { status: 202 }, { status: 202, ...legacy }, legacy];
  const { lines, templates } = linesOf(changes.map((change) => outcome({ ...at, ...change })));
  expect(templates).toBe(4);
  expect(lines.map((line) => [line['http.response.status_code'], line.era])).toEqual([
    [200, 'modern'],
    [202, 'modern'],
    [202, 'legacy'],
    [200, 'legacy'],
  ]);
});
