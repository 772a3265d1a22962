// The command line of `portcullis check`: its sources, its options, its exit codes and its output
// for a thousand tenants.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { jsonSchema } from '../../src/config/schema/json-schema.js';
import { type CheckScene, environment, initialized, STATIC, startCheckScene, status } from './check-scene.js';
import { run } from './in-process.js';

let scene: CheckScene;
beforeAll(async () => {
  scene = await startCheckScene();
});
beforeEach(() => scene.reset());
afterAll(() => scene.stop());

const BAD = 'publicUrl: https://mcp.example.com\nisuers: {}\nendpoints: []\n';

describe('the configuration', () => {
  test('has the same problems as at the start', async () => {
    const file = scene.file('bad.yaml', BAD);
    const [checked, served] = await Promise.all([run(['check', file]), run(['serve', '--config', file])]);
    expect(checked).toEqual(served);
    expect(checked.code).toBe(1);
    expect(checked.errors).toContain('line 2: isuers: unknown field; did you mean issuers?');
  });

  test('comes from FILE, from --config or from the variable', async () => {
    const file = scene.file('good.yaml', stringify(await scene.config()));
    for (const [args, env] of [
      [[file], {}],
      [['--config', file], {}],
      [[], { PORTCULLIS_CONFIG: file }],
    ] as const) {
      const { code, output } = await run(['check', '--offline', ...args], { env: { ...environment, ...env } });
      expect([code, output.split('\n')[0]]).toEqual([0, 'ok    configuration: fields: valid: 1 endpoint, 1 issuer']);
    }
  });

  test('comes from the environment where there is no file', async () => {
    const env = {
      PORTCULLIS_UPSTREAM: 'http://10.0.0.5:3000/mcp',
      PORTCULLIS_PUBLIC_URL: 'https://mcp.example.com',
      PORTCULLIS_ISSUER: 'https://auth.example.com',
    };
    expect(await run(['check', '--offline'], { env })).toMatchObject({ code: 0, errors: '' });
  });

  test('is one file', async () => {
    for (const args of [
      ['a.yaml', 'b.yaml'],
      ['a.yaml', '--config', 'b.yaml'],
    ])
      expect(await run(['check', ...args])).toMatchObject({ code: 2, errors: expect.stringContaining('Give one file only.') });
  });

  test('is not checked by a process that accepts every certificate', async () => {
    const env = { ...environment, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(await run(['check', scene.file('good.yaml', stringify(await scene.config()))], { env })).toMatchObject({
      code: 1,
      errors: expect.stringContaining('NODE_TLS_REJECT_UNAUTHORIZED=0 would accept every certificate'),
    });
  });
});

test('--offline sends no request, and repeats the warnings of the start', async () => {
  const config = await scene.config({}, { upstream: scene.upstream.url });
  const { code, output } = await scene.check(config, '--offline');
  expect(output).toContain('warn  endpoint /mcp: config.upstream_path: ');
  expect([code, scene.issuer.hits.metadata, scene.idp.hits, scene.upstream.hits]).toEqual([0, 0, 0, 0]);
  expect((await scene.check(config, '--offline', '--strict')).code).toBe(1);
});

describe('--json', () => {
  test('has the counts and each finding', async () => {
    scene.upstream.answer(initialized);
    const { code, output } = await scene.check(await scene.config(), '--json');
    const report = JSON.parse(output);
    expect([code, report.fail, report.warn]).toEqual([0, 0, 1]);
    expect(report.findings).toContainEqual(
      expect.objectContaining({ about: 'endpoint /mcp', name: 'upstream', result: 'warn', fix: expect.any(String) }),
    );
  });
  test('has the problems of the file', async () => {
    const { code, output } = await run(['check', '--json', scene.file('bad.yaml', BAD)]);
    expect(code).toBe(1);
    expect(JSON.parse(output).problems).toContain('  line 2: isuers: unknown field; did you mean issuers?');
  });
});

test('a made-up token is all that a server gets, and sessions end', async () => {
  scene.upstream.answer((exchange) => {
    exchange.res.setHeader('mcp-session-id', 's1');
    return initialized(exchange);
  });
  await scene.check(await scene.config());
  const methods = scene.upstream.requests.map(({ method, rawHeaders }) => [
    method,
    rawHeaders.find(([name]) => name.toLowerCase() === 'mcp-session-id')?.[1],
  ]);
  expect(methods).toEqual([
    ['POST', undefined],
    ['DELETE', 's1'],
    ['POST', undefined],
    ['DELETE', 's1'],
  ]);
  const bodies = scene.upstream.requests.map(({ body }) => body.toString()).join('');
  expect(bodies).toContain('"method":"initialize"');
  expect(bodies).not.toContain('tools/');
});

test('a secret that a server quotes is not printed', async () => {
  scene.upstream.answer(status(307, [['location', `/login?key=${STATIC}`]]));
  const { output } = await scene.check(await scene.config());
  expect(output).toContain('a redirect to /login?key=[token]');
  expect(output).not.toContain(STATIC);
});

describe('portcullis schema', () => {
  test('prints the JSON Schema', async () => {
    const { code, output } = await run(['schema']);
    expect([code, JSON.parse(output)]).toEqual([0, JSON.parse(JSON.stringify(jsonSchema()))]);
  });

  test('is where the examples look for it', () => {
    const example = readFileSync(new URL('../../examples/portcullis.yaml', import.meta.url), 'utf8');
    expect(example.split('\n')[0]).toBe('# yaml-language-server: $schema=../dist/config.schema.json');
    const { files, exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect([files.includes('dist'), exports['./config.schema.json']]).toEqual([true, './dist/config.schema.json']);
  });
});
