// The client of the TypeScript SDK 2.x. It asks for the newest revision first.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { authorization, browser } from './login.mjs';
import { program, textOf } from './program.mjs';

const mode = process.env.MODE ?? 'auto';

await program(async (url, scenario) => {
  const options = { capabilities: { sampling: {} }, versionNegotiation: { mode } };
  const client = new Client({ name: 'lab', version: '1' }, options);
  client.setRequestHandler('sampling/createMessage', () => ({
    model: 'lab',
    role: 'assistant',
    content: { type: 'text', text: 'sampled' },
  }));
  let arrived = () => {};
  client.fallbackNotificationHandler = async () => arrived();
  client.setNotificationHandler('notifications/tools/list_changed', () => arrived());
  client.onerror = (error) => process.stderr.write(`${error}\n`);
  let count = 0;
  const onprogress = () => {
    count += 1;
  };
  const login = scenario === 'login' ? browser() : undefined;
  const open = () => new StreamableHTTPClientTransport(new URL(url), authorization(login));
  let transport = open();
  /** Goes through the login that the SDK asks for, and then does `work` again. */
  const withLogin = async (work, reconnect) => {
    try {
      return await work();
    } catch (error) {
      if (login?.code === undefined) throw error;
      await transport.finishAuth(login.takeAnswer());
      if (reconnect) transport = open();
      return work();
    }
  };
  await withLogin(() => client.connect(transport), true);
  const modern = client.getProtocolEra?.() === 'modern';
  const call = async (name, args = {}, withProgress = false) => {
    const send = () =>
      client.callTool({ name, arguments: args }, withProgress ? { onprogress } : {});
    return textOf(await withLogin(send));
  };
  return {
    version: `${client.getServerVersion()?.name} ${client.getNegotiatedProtocolVersion()}`,
    call,
    list: async () =>
      (await client.listTools()).tools
        .map((tool) => tool.name)
        .sort()
        .join(' '),
    progress: () => count,
    listen: async () => {
      if (!modern) return 'GET stream';
      await client.listen({ toolsListChanged: true });
      return 'subscription';
    },
    arrival: () => new Promise((resolve) => (arrived = resolve)),
    close: () => client.close(),
  };
});
