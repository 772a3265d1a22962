// A call of a blocked tool never reaches the upstream, in any form. The cases are the product of
// all parts that two servers could read differently.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LEGACY_VERSION, META, MODERN_VERSION } from '../fixtures/messages.js';
import { type Scene, startScene } from '../fixtures/scene.js';

const BLOCKED = 'drop_table';
const OPEN = 'read_table';

let scene: Scene;
let token: string;
beforeAll(async () => {
  scene = await startScene({ endpoint: { tools: { default: 'allow', rules: [{ tool: BLOCKED, deny: true }] } } });
  token = scene.token();
});
afterAll(() => scene.stop());

type Line = [name: string, value: string];

const versions: Record<string, Line[]> = {
  modern: [['MCP-Protocol-Version', MODERN_VERSION]],
  legacy: [['MCP-Protocol-Version', LEGACY_VERSION]],
  'of the revision with batches': [['MCP-Protocol-Version', '2025-03-26']],
  absent: [],
  unknown: [['MCP-Protocol-Version', '2099-01-01']],
  doubled: [
    ['MCP-Protocol-Version', MODERN_VERSION],
    ['MCP-Protocol-Version', LEGACY_VERSION],
  ],
};
const metas: Record<string, object> = { modern: { _meta: META }, absent: {} };
const methods: Record<string, Line[]> = {
  honest: [['Mcp-Method', 'tools/call']],
  lying: [['Mcp-Method', 'tools/list']],
  absent: [],
};

const text = JSON.stringify;

/** The bodies of each form. Some server could take each of them for a call of `name`. */
const forms: Record<string, (name: string, meta: object) => string[]> = {
  single: (name, meta) => [text({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, ...meta } })],
  batch: (name, meta) => {
    const call = (of: string) => ({ jsonrpc: '2.0', id: of, method: 'tools/call', params: { name: of, ...meta } });
    return [text([call(name)]), text([call(OPEN), call(name)]), text([call(name), call(OPEN)])];
  },
  'repeated names': (name, meta) => {
    const rest = text(meta).slice(1, -1);
    const params = (first: string, second: string) => `{"name":"${first}","name":"${second}"${rest === '' ? '' : `,${rest}`}}`;
    const one = text({ name, ...meta });
    const other = text({ name: OPEN, ...meta });
    return [
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params(name, OPEN)}}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params(OPEN, name)}}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${one},"params":${other}}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${other},"params":${one}}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":${one}}`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"tools/list","params":${one}}`,
    ];
  },
  'names that differ in case': (name, meta) => {
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call' };
    return [
      text({ ...call, params: { name: OPEN, Name: name, ...meta } }),
      text({ ...call, params: { Name: name, name: OPEN, ...meta } }),
      text({ ...call, params: { name: OPEN, ...meta }, Params: { name, ...meta } }),
      text({ jsonrpc: '2.0', id: 1, method: 'tools/list', Method: 'tools/call', params: { name, ...meta } }),
      text({ ...call, params: { Name: name, ...meta } }),
      text({ jsonrpc: '2.0', id: 1, Method: 'tools/call', params: { name, ...meta } }),
      text({ ...call, method: 'Tools/Call', params: { name, ...meta } }),
      text({ ...call, params: { name: name.toUpperCase(), ...meta } }),
    ];
  },
};

const rows = Object.keys(versions).flatMap((version) =>
  Object.keys(metas).flatMap((meta) =>
    Object.keys(methods).flatMap((method) => Object.keys(forms).map((form) => [version, meta, method, form] as const)),
  ),
);

async function send(version: string, method: Line[], name: string, body: string) {
  scene.upstream.reset();
  const headers: Line[] = [
    ['Authorization', `Bearer ${token}`],
    ['Content-Type', 'application/json'],
    ['Accept', 'application/json, text/event-stream'],
    ...(versions[version] ?? []),
    ...method,
    ['Mcp-Name', name],
  ];
  const { status } = await scene.send({ method: 'POST', path: '/mcp', headers, body });
  const heads = scene.upstream.requests.map(({ rawHeaders }) => JSON.stringify(rawHeaders));
  return { status, seen: scene.upstream.requests.map((request) => request.body.toString()), heads };
}

/** The rows that passed with the open tool. */
const passed: string[] = [];

test.each(rows)(
  'version header %s, _meta %s, Mcp-Method %s, %s (A-35, B-21, B-25, B-52, B-57)',
  async (version, meta, method, form) => {
    const bodies = (name: string) => forms[form]?.(name, metas[meta] as object) ?? [];
    for (const body of bodies(OPEN)) {
      const { status, seen } = await send(version, methods[method] ?? [], OPEN, body);
      expect(status === 200).toBe(seen.length === 1);
      if (status === 200) passed.push(`${version}, ${meta}, ${method}, ${form}`);
    }
    for (const body of bodies(BLOCKED)) {
      const { status, seen } = await send(version, methods[method] ?? [], BLOCKED, body);
      expect([body, seen]).toEqual([body, []]);
      expect([body, [400, 403].includes(status)]).toEqual([body, true]);
    }
  },
);

test('calls of an open tool pass in every form that the protocol allows', () => {
  const legacies = ['legacy', 'of the revision with batches', 'absent'].flatMap((version) =>
    ['honest', 'lying', 'absent'].map((method) => `${version}, absent, ${method}, single`),
  );
  const batches = ['of the revision with batches', 'absent'].map((version) => `${version}, absent, absent, batch`);
  expect([...new Set(passed)]).toEqual(expect.arrayContaining(['modern, modern, honest, single', ...legacies, ...batches]));
  expect(passed.filter((row) => row.startsWith('unknown') || row.startsWith('doubled') || row.includes('repeated'))).toEqual([]);
});

/** Calls whose body names no blocked tool, but whose headers may. */
const decoys: [string, string, string, object, boolean][] = [
  ['a list', 'legacy', 'tools/list', {}, true],
  ['an open tool', 'legacy', 'tools/call', { name: OPEN }, true],
  ['an open tool', 'absent', 'tools/call', { name: OPEN }, true],
  ['a notification', 'legacy', 'notifications/initialized', {}, true],
  ['a list', 'modern', 'tools/list', { _meta: META }, true],
  ['a completion', 'modern', 'completion/complete', { ref: { type: 'ref/prompt', name: OPEN }, _meta: META }, true],
  ['an open tool', 'modern', 'tools/call', { name: OPEN, _meta: META }, false],
];

test.each(decoys)(
  '%s, version header %s: no header with the blocked tool goes upstream (B-57)',
  async (_name, version, method, params, passes) => {
    const id = method.startsWith('notifications/') ? {} : { id: 1 };
    const body = text({ jsonrpc: '2.0', ...id, method, params });
    // In the legacy revisions the gateway drops this header, whether it is right or wrong.
    for (const said of version === 'modern' ? [method] : [method, 'tools/call']) {
      const { status, heads } = await send(version, [['Mcp-Method', said]], BLOCKED, body);
      expect([status < 300, heads.length]).toEqual([passes, passes ? 1 : 0]);
      expect(heads.join()).not.toContain(BLOCKED);
      if (version !== 'modern') expect(heads.join().toLowerCase()).not.toContain('mcp-method');
    }
  },
);
