// Checks the Dockerfile and compose.yaml without a container engine: their paths exist, their
// versions agree with the package, and the product reads their commands and their configuration.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadFile } from '../../src/config/load.js';
import { run } from '../commands/in-process.js';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const manifest = JSON.parse(read('package.json'));
const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ');
const instructions = dockerfile
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [name = '', ...words] = line.trim().split(/\s+/);
    return { name, words, rest: words.join(' ') };
  });
const of = (name: string) => instructions.filter((one) => one.name === name);
const stages = of('FROM').map(({ words }) => words[2]);

describe('the Dockerfile', () => {
  test('copies only files that exist, and .dockerignore lets them through', () => {
    const copied = of('COPY')
      .filter(({ rest }) => !rest.includes('--from='))
      .flatMap(({ words }) => words.slice(0, -1));
    expect(copied.length).toBeGreaterThan(8);
    expect(copied.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
    const [first, ...allowed] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    const passes = (path: string) => allowed.some((line) => path === line.slice(1) || path.startsWith(`${line.slice(1)}/`));
    expect(copied.filter((path) => !passes(path))).toEqual([]);
    expect(allowed.filter((line) => !existsSync(new URL(line.slice(1), root)))).toEqual([]);
  });

  test('has one pinned base, of a Node line that the package supports', () => {
    const bases = new Set(of('FROM').map(({ words }) => words[0]));
    const own = [...stages, 'scratch', '${NODE_IMAGE}'];
    expect([...bases].filter((base) => !own.includes(base))).toEqual([]);
    const tag = /^NODE_IMAGE=node:(\d+)\.\d+\.\d+-bookworm-slim$/.exec(of('ARG')[0]?.rest ?? '');
    expect(manifest.engines.node).toBe('>=20.19');
    expect(Number(tag?.[1])).toBeGreaterThanOrEqual(20);
  });

  test('has the version of the package in its label', () => {
    expect(of('ARG').map(({ rest }) => rest)).toContain(`VERSION=${manifest.version}`);
  });

  test('ends with the stage of the gateway, without development and optional packages', () => {
    expect(stages.at(-1)).toBe('gateway');
    const bases = Object.fromEntries(of('FROM').map(({ words: [base, , stage = ''] }) => [stage, base]));
    expect(bases).toMatchObject({ gateway: 'runtime', demo: 'runtime', runtime: 'scratch' });
    const text = dockerfile.slice(dockerfile.indexOf('AS app'), dockerfile.indexOf('AS demo-app'));
    expect(text).toContain('npm ci --omit=dev --omit=optional --ignore-scripts');
    // The optional peers come from the lock too, and need no other package.
    expect(text).toContain('COPY --from=build /build/node_modules/@opentelemetry node_modules/@opentelemetry');
    const peers = Object.entries(JSON.parse(read('package-lock.json')).packages as Record<string, { dependencies?: object }>)
      .filter(([path]) => path.startsWith('node_modules/@opentelemetry/'))
      .flatMap(([, { dependencies = {} }]) => Object.keys(dependencies));
    expect(peers.filter((name) => !name.startsWith('@opentelemetry/'))).toEqual([]);
    expect(dockerfile.slice(dockerfile.indexOf('AS gateway'))).toContain('COPY --from=app /out /');
  });

  test('runs a command of the product, as a user without rights', async () => {
    const entry = JSON.parse(of('ENTRYPOINT')[0]?.rest ?? '');
    expect(entry).toEqual(['/usr/local/bin/node', '/app/dist/main.js']);
    expect(of('USER')[0]?.rest).toBe('65534:65534');
    expect(of('STOPSIGNAL')[0]?.rest).toBe('SIGTERM');
    const check = JSON.parse(/CMD (\[.*\])$/.exec(of('HEALTHCHECK')[0]?.rest ?? '')?.[1] ?? '');
    expect(check.slice(0, 2)).toEqual(entry);
    for (const args of [JSON.parse(of('CMD')[0]?.rest ?? ''), check.slice(2)])
      expect(await run([...args, '--help'])).toMatchObject({ code: 0 });
  });
});

interface Service {
  image: string;
  build?: { context: string; target: string };
  pull_policy?: string;
  environment?: Record<string, string>;
  command?: string[];
  healthcheck?: { test: string[] };
  volumes?: string[];
  ports?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
}

describe('compose.yaml', () => {
  const compose = parse(read('deploy/compose/compose.yaml'), { merge: true });
  const services: Record<string, Service> = compose.services;

  test('builds stages that exist, from the root of the repository', () => {
    expect(Object.keys(services)).toEqual(['idp', 'server', 'gateway']);
    for (const { build } of Object.values(services)) {
      if (build === undefined) continue;
      expect(stages).toContain(build.target);
      expect(new URL(`${build.context}/`, new URL('deploy/compose/', root)).href).toBe(root.href);
    }
    expect(services.gateway?.build?.target).toBe(stages.at(-1));
  });

  test('builds each image once, because Compose builds in parallel, and pulls no demo image', () => {
    const built = Object.values(services).flatMap(({ image, build }) => (build === undefined ? [] : [image]));
    expect(built.toSorted()).toEqual([...new Set(Object.values(services).map(({ image }) => image))].toSorted());
    expect([services.idp?.pull_policy, services.server?.pull_policy]).toEqual(['never', 'never']);
  });

  test('gives no service rights, and publishes on loopback alone', () => {
    for (const service of Object.values(services)) {
      expect([service.read_only, service.cap_drop]).toEqual([true, ['ALL']]);
      expect(service.security_opt).toEqual(['no-new-privileges:true']);
      expect((service.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    }
  });

  test('starts services that services.mjs has, which imports only built files', () => {
    const text = read('deploy/compose/services.mjs');
    const known = /const commands = \{ (.*) \};/.exec(text)?.[1];
    for (const name of ['idp', 'server']) {
      expect(known).toContain(name);
      expect(services[name]?.command).toEqual([name]);
      expect(services[name]?.healthcheck?.test.slice(0, 4)).toContain('check');
    }
    const imports = [...text.matchAll(/from '\.\.\/\.\.\/compiled\/([^']*)\.js'/g)].map(([, path]) => `src/${path}.ts`);
    expect(imports.length).toBe(3);
    expect(imports.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });

  test('mounts a configuration that the gateway loads, beside the variable of the image', () => {
    const [mount = ''] = services.gateway?.volumes ?? [];
    const [from = '', to = ''] = mount.split(':');
    expect(services.gateway?.environment?.PORTCULLIS_CONFIG).toBe(to);
    const env = { PORTCULLIS_LISTEN: '0.0.0.0:8080', PORTCULLIS_CONFIG: to };
    const { pathname } = new URL(from, new URL('deploy/compose/', root));
    const config = loadFile(pathname, env, 'PORTCULLIS_CONFIG');
    expect(config.listen).toEqual({ host: '0.0.0.0', port: 8080 });
    expect(services.idp?.ports).toContain(`127.0.0.1:8080:${config.listen.port}`);
    const issuer = new URL(config.issuers[0]?.issuer ?? '').port;
    expect(services.idp?.ports).toContain(`127.0.0.1:${issuer}:${issuer}`);
  });
});

test('deploy/image has only the script of the Dockerfile', () => {
  expect(readdirSync(new URL('deploy/image', root))).toEqual(['root.sh']);
});
