// The options of the demo: the port, the URL of the operator's own server, and what each rejects.
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { listen, ownPort, startServer } from '../fixtures/ports.js';
import { run } from './in-process.js';

const demo = (...args: string[]) => run(['demo', ...args, '--once']);

test('--port: the gateway listens there, and the demo shows its configuration and a line of its log', async () => {
  const port = await ownPort();
  const { code, output, errors } = await demo('--port', String(port));
  expect([code, errors]).toEqual([0, '']);
  expect(output).toContain(`  publicUrl: http://127.0.0.1:${port}\n  listen: { port: ${port} }\n`);
  expect(output).toContain(`resource_metadata="http://127.0.0.1:${port}/.well-known/oauth-protected-resource/files/mcp"`);
  expect(output).toMatch(/the line of the log: \{.*"reason":"token.signature".*\}/);
});

test.each([[[]], [['--upstream']]])('--port in use, %j: exit code 1, and the demo says so', async ([own]) => {
  const upstream = await startServer((_req, res) => {
    const message = { jsonrpc: '2.0', id: 1, result: { protocolVersion: '2025-11-25', capabilities: {} } };
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(message));
  });
  const server = createServer();
  const port = await listen(server);
  const options = own === undefined ? [] : [own, upstream.url];
  const { code, errors } = await demo('--port', String(port), ...options);
  expect([code, errors]).toEqual([1, `127.0.0.1:${port} is in use by another process; choose another --port`]);
  server.close();
  await upstream.close();
});

test('--port of the own server: exit code 1, before anything starts', async () => {
  const result = await demo('--port', '3000', '--upstream', 'http://localhost:3000/mcp');
  expect(result).toEqual({
    code: 1,
    output: '',
    errors: 'Your server listens on port 3000; choose another --port for the gateway',
  });
});

test.each([
  ['--port', '0', 'write a port from 1 to 65535'],
  ['--port', '65536', 'write a port from 1 to 65535'],
  ['--port', '8080x', 'write a port from 1 to 65535'],
  ['--port', '', 'write a port from 1 to 65535'],
  ['--upstream', '3000', 'write all of the URL, such as http://127.0.0.1:3000/mcp'],
  ['--upstream', '', 'write all of the URL'],
  ['--upstream', '/mcp', 'write all of the URL'],
  ['--upstream', 'localhost:3000/mcp', 'write an http or https URL'],
  ['--upstream', 'ws://127.0.0.1:3000/mcp', 'write an http or https URL'],
  ['--upstream', 'file:///srv/mcp', 'write an http or https URL'],
  ['--upstream', 'http://user:secret@127.0.0.1:3000/mcp', 'write the URL without user name and password'],
  ['--upstream', 'http://127.0.0.1:3000/mcp#tools', 'write the URL without # and the rest'],
])('%s %s: exit code 2', async (name, value, message) => {
  const { code, output, errors } = await demo(`${name}=${value}`);
  expect([code, output, errors]).toEqual([2, '', expect.stringContaining(message)]);
  expect(errors).toContain('portcullis demo --upstream URL');
  expect(errors).not.toContain('secret');
});

test('--help names each option', async () => {
  const { code, output } = await run(['demo', '--help']);
  expect(code).toBe(0);
  for (const option of ['--upstream URL', '--port N', '--once', '--help']) expect(output).toContain(`  ${option}`);
});
