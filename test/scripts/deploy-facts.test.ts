// Holds the facts that each way to deploy repeats equal to the code: ports, paths, user and times.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { adminAddress } from '../../src/config/admin-address.js';
import { parseYaml } from '../../src/config/load.js';
import { DRAIN_MS } from '../../src/launch/start.js';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const dockerfile = read('Dockerfile');
const compose = parse(read('deploy/compose/compose.yaml'), { merge: true });
const values = parse(read('deploy/helm/portcullis/values.yaml'));
const chart = read('deploy/helm/portcullis/templates/_config.tpl');
const deployment = read('deploy/helm/portcullis/templates/deployment.yaml');
const unit = read('deploy/systemd/portcullis.service');
const page = read('docs/deploy.md');

const { listen, admin } = parseYaml(
  `publicUrl: https://mcp.example.com
issuers: { main: { issuer: https://auth.example.com } }
endpoints: [{ path: /mcp, issuers: [main], upstream: "http://127.0.0.1:3000/mcp" }]`,
  {},
);

test('the two ports are the defaults of the configuration', () => {
  expect(adminAddress(undefined, {})).toMatchObject({ host: admin.host, port: admin.port });
  expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${listen.port} ${admin.port}$`, 'm'));
  expect(dockerfile).toContain(`PORTCULLIS_LISTEN=0.0.0.0:${listen.port}`);
  expect(chart).toMatch(new RegExp(`set \\$config "listen" \\(dict .*"port" ${listen.port}\\)`));
  expect(chart).toMatch(new RegExp(`set \\$config "admin" \\(dict .*"port" ${admin.port} `));
  for (const { host, port } of [listen, admin]) expect(page).toContain(`| ${host}:${port} (`);
});

test('the configuration has one path', () => {
  const path = '/etc/portcullis/portcullis.yaml';
  expect(compose.services.gateway.environment.PORTCULLIS_CONFIG).toBe(path);
  expect(deployment).toContain(`{ name: PORTCULLIS_CONFIG, value: ${path} }`);
  expect(unit).toContain(`Environment=PORTCULLIS_CONFIG=${path}\n`);
  expect(page).toContain(`| \`${path}\`, named by \`PORTCULLIS_CONFIG\``);
  expect(page).toContain(`-e PORTCULLIS_CONFIG=${path}`);
});

test('a container has one user', () => {
  const [, user] = /^USER (\d+):\1$/m.exec(dockerfile) ?? [];
  expect(read('deploy/image/root.sh')).toContain(`nobody:x:${user}:${user}:`);
  const { runAsUser, runAsGroup, fsGroup } = values.podSecurityContext;
  expect([runAsUser, runAsGroup, fsGroup]).toEqual([Number(user), Number(user), Number(user)]);
  for (const name of ['docs/deploy.md', 'docs/kubernetes.md', 'CHANGELOG.md']) expect(read(name)).toContain(`user ${user}`);
});

test('each way to stop allows the default pause, a second and the drain', () => {
  const drain = DRAIN_MS / 1000;
  const times = [
    Number.parseInt(compose.services.gateway.stop_grace_period, 10),
    Number(/--stop-timeout (\d+)/.exec(page)?.[1]),
    Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]),
    Number(/terminationGracePeriodSeconds: \{\{ add \.Values\.drain\.delaySeconds (\d+) \}\}/.exec(deployment)?.[1]) +
      values.drain.delaySeconds,
    Number(/docker stop --time (\d+)/.exec(read('.github/workflows/release.yml'))?.[1]),
  ];
  for (const time of times) expect(time).toBeGreaterThan(values.drain.delaySeconds + 1 + drain);
  expect(page).toContain(`up to \`drain.delaySeconds\` and ${drain} s`);
  expect(read('docs/operation.md')).toContain(`the ${drain} s of the drain`);
  expect(read('docs/embedding.md')).toContain(`\`drainSeconds\` (default ${drain},`);
});

test('each section of docs/deploy.md fits on one screen', () => {
  const sections = page.split(/^(?=## )/m).slice(1);
  expect(sections.length).toBe(11);
  const lines = sections.map((section) =>
    section
      .replace(/<a id="[^"]*"><\/a>\s*$/, '')
      .trim()
      .split('\n'),
  );
  expect(lines.filter(({ length }) => length > 45).map(([title]) => title)).toEqual([]);
});
