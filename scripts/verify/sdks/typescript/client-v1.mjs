// The client of the TypeScript SDK 1.x.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { authorization, browser } from './login.mjs';
import { program, textOf } from './program.mjs';

await program(async (url, scenario) => {
  const client = new Client({ name: 'lab', version: '1' }, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'lab',
    role: 'assistant',
    content: { type: 'text', text: 'sampled' },
  }));
  let arrived = () => {};
  client.fallbackNotificationHandler = async () => arrived();
  client.onerror = (error) => process.stderr.write(`${error}\n`);
  let count = 0;
  const onprogress = () => {
    count += 1;
  };
  const login = scenario === 'login' ? browser() : undefined;
  const open = () => new StreamableHTTPClientTransport(new URL(url), authorization(login));
  let transport = open();
  const connect = () => client.connect(transport);
  /** Goes through the login that the SDK asks for, and then does `work` again. */
  const withLogin = async (work, reconnect) => {
    try {
      return await work();
    } catch (error) {
      if (login?.code === undefined) throw error;
      await transport.finishAuth(login.take());
      if (reconnect) transport = open();
      return work();
    }
  };
  await withLogin(connect, true);
  const call = async (name, args = {}, withProgress = false) => {
    const send = () =>
      client.callTool({ name, arguments: args }, undefined, withProgress ? { onprogress } : {});
    return textOf(await withLogin(send));
  };
  return {
    version: client.getServerVersion()?.name,
    call,
    list: async () =>
      (await client.listTools()).tools
        .map((tool) => tool.name)
        .sort()
        .join(' '),
    progress: () => count,
    listen: () => 'GET stream',
    arrival: () => new Promise((resolve) => (arrived = resolve)),
    close: () => client.close(),
  };
});
