// Processes of their own that embed the gateway, from the built package.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChild } from '../fixtures/child.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { withDeadline } from '../fixtures/wait.js';

const PUBLIC = 'https://mcp.example.com';
let issuer: JwksIssuer;
let upstream: RawUpstream;

beforeAll(async () => {
  issuer = await startJwksIssuer();
  upstream = await startRawUpstream(answers.rpc());
});
afterAll(() => Promise.all([issuer.stop(), upstream.stop()]));

const configText = (): string =>
  JSON.stringify({
    publicUrl: PUBLIC,
    listen: { port: 0 },
    admin: { port: 0 },
    issuers: { main: { issuer: issuer.issuer } },
    endpoints: [{ path: '/mcp', issuers: ['main'], upstream: `${upstream.url}/up` }],
  });

/** Runs a program to its own end. */
async function run(program: string, env: NodeJS.ProcessEnv): Promise<{ lines: string[]; code: number | null }> {
  const child = startChild(process.execPath, ['--input-type=module', '-e', program], { env });
  try {
    const { code } = await withDeadline('the process ends by itself', child.exited, 15_000);
    return { lines: child.lines, code };
  } finally {
    await child.end();
  }
}

const PROGRAM = `
import { createGateway } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
const gateway = await createGateway({ config: JSON.parse(process.env.CONFIG) });
await gateway.ready();
const { status } = await fetch(gateway.url + '/mcp', JSON.parse(process.env.CALL));
console.log('status ' + status);
await gateway.close();
console.log('listeners ' + ['SIGTERM', 'SIGINT', 'SIGHUP'].map((name) => process.listenerCount(name)));
`;

test('a process ends by itself after close(), with the log on its standard output', async () => {
  const { body, headers = [] } = modern('tools/list', { token: issuer.token({ audience: `${PUBLIC}/mcp` }) });
  const { lines, code } = await run(PROGRAM, {
    CONFIG: configText(),
    CALL: JSON.stringify({ method: 'POST', body, headers: Object.fromEntries(headers) }),
  });
  expect(lines).toEqual(expect.arrayContaining(['status 200', 'listeners 0,0,0', expect.stringContaining('"forwarded"')]));
  expect(code).toBe(0);
});

test('unchecked certificates are rejected (T31)', async () => {
  const program = PROGRAM.replace('await gateway.ready', "throw new Error('it started')");
  const env = { CONFIG: configText(), NODE_TLS_REJECT_UNAUTHORIZED: '0' };
  const { lines, code } = await run(program, env);
  expect(lines.join('\n')).toContain('NODE_TLS_REJECT_UNAUTHORIZED=0 would accept every certificate');
  expect(code).toBe(1);
});
