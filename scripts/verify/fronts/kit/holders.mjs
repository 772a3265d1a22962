// Clients of the TypeScript SDK 1.x and 2.x that hold streams over a restart of the gateway, with
// the default settings of the SDKs.
//
// Usage: `node holders.mjs URL`, with the access token in TOKEN and a channel for messages. It
// sends `ready` when each stream has an event, and answers `count` and `stop` with its counts.
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

const OF_EACH = 5;
const TOOL_EVENTS = 60;
const url = new URL(process.argv[2]);
const authorization = `Bearer ${process.env.TOKEN}`;
const state = {
  numbers: {},
  resumed: 0,
  calls: { done: 0, events: 0, bad: [] },
  lists: { events: 0, ended: 0, bad: [] },
  errors: {},
};
let goesOn = true;

const note = (error) => {
  const text = String(error).slice(0, 120);
  state.errors[text] = (state.errors[text] ?? 0) + 1;
};
const countResumed = async (input, init) => {
  const response = await fetch(input, init);
  const isResumed = new Headers(init?.headers).has('last-event-id') && response.ok;
  if (isResumed) state.resumed += 1;
  return response;
};
const requestInit = { headers: { authorization } };

/** A session of a revision before 2026-07-28. The numbers of its GET stream. */
async function session(name, client, Transport, event) {
  state.numbers[name] = [];
  client.setNotificationHandler(event, ({ params }) => {
    state.numbers[name].push(params.data.number);
  });
  client.onerror = note;
  await client.connect(new Transport(url, { requestInit, fetch: countResumed }));
}

function modern(name, mode) {
  const client = new ModernClient({ name, version: '1' }, { versionNegotiation: { mode } });
  client.onerror = note;
  return client;
}

/** Calls with a stream, one after another. Each must have all of its progress messages. */
async function callAgainAndAgain(name) {
  const client = modern(name, 'auto');
  await client.connect(new ModernTransport(url, { requestInit }));
  const loop = async () => {
    while (goesOn) {
      const seen = [];
      const onprogress = ({ progress }) => seen.push(progress);
      const text = await client
        .callTool({ name: 'count', arguments: {} }, { onprogress })
        .then(({ content }) => content[0].text, String);
      const isWhole = seen.length === TOOL_EVENTS && seen.every((number, at) => number === at + 1);
      state.calls.events += seen.length;
      if (text === 'done' && isWhole) state.calls.done += 1;
      else state.calls.bad.push(`${text.slice(0, 120)}, ${seen.length} messages`);
    }
  };
  return loop;
}

/** A subscription of revision 2026-07-28. When it ends, the client subscribes again. */
async function listen(name) {
  const client = modern(name, 'auto');
  client.setNotificationHandler('notifications/tools/list_changed', () => {
    state.lists.events += 1;
  });
  await client.connect(new ModernTransport(url, { requestInit }));
  let subscription = await client.listen({ toolsListChanged: true });
  const loop = async () => {
    while (goesOn) {
      await subscription.closed;
      if (!goesOn) return;
      state.lists.ended += 1;
      try {
        subscription = await client.listen({ toolsListChanged: true });
      } catch (error) {
        state.lists.bad.push(String(error).slice(0, 120));
        return;
      }
    }
  };
  return loop;
}

const loops = [];
for (let at = 1; at <= OF_EACH; at += 1) {
  const old = new OldClient({ name: `sdk-1-${at}`, version: '1' });
  await session(`sdk-1-${at}`, old, OldTransport, LoggingMessageNotificationSchema);
  const name = `sdk-2-${at}`;
  await session(name, modern(name, 'legacy'), ModernTransport, 'notifications/message');
  loops.push(await callAgainAndAgain(`calls-${at}`), await listen(`lists-${at}`));
}
const work = loops.map((loop) => loop());
const hasAll = () => Object.values(state.numbers).every(({ length }) => length > 0);
while (!hasAll()) await new Promise((resolve) => setTimeout(resolve, 50));
process.on('message', async (message) => {
  if (message === 'stop') {
    goesOn = false;
    await Promise.race([Promise.all(work), new Promise((resolve) => setTimeout(resolve, 15_000))]);
  }
  process.send(state);
});
process.on('disconnect', () => process.exit(0));
process.send('ready');
