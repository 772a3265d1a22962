// Calls the gateway as clients behind the proxies of a cluster do: over connections that stay open,
// to pods of the EndpointSlices, of which each change arrives late.
import { Agent, request } from 'node:http';

const LATE_MS = 2000;
const LOOK_MS = 250;
const CALL_MS = 20_000;
const WORKERS = 8;
const BODY = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'wait', arguments: {} },
});
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The addresses of the ready pods of a Service. */
async function readyAddresses(server, namespace, service) {
  const of = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { namespace } };
  const { items } = await server.get(of);
  return items
    .filter(({ metadata }) => metadata.labels['kubernetes.io/service-name'] === service)
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions.ready)
    .flatMap(({ addresses }) => addresses);
}

function call(origin, agent, headers) {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent, headers, timeout: CALL_MS };
    const sent = request(`${origin}/files/mcp`, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      answer.on('error', reject);
      answer.on('end', () =>
        answer.statusCode === 200 && text.includes('"result"')
          ? resolve(answer.headers.connection === 'close')
          : reject(new Error(`${answer.statusCode} ${text.slice(0, 200)}`)),
      );
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', reject);
    sent.end(BODY);
  });
}

/** Starts the clients. `stop` resolves with the number of calls, and those that failed. */
export function startLoad({ server, namespace, service, originOf, headers }) {
  let stopped = false;
  let known = [];
  let count = 0;
  const lost = [];
  const origins = new Set();

  const learn = (addresses) => {
    known = addresses;
  };
  async function look() {
    while (!stopped) {
      const seen = await readyAddresses(server, namespace, service).catch(() => null);
      if (seen !== null && seen.length > 0) setTimeout(learn, LATE_MS, seen);
      await pause(LOOK_MS);
    }
  }

  /** Stays with one pod until that pod closes the connection, as a proxy does. */
  async function work(index) {
    let agent = null;
    let origin = null;
    while (!stopped) {
      if (origin === null && known.length > 0) {
        origin = originOf(known[(index + count) % known.length]);
        agent = new Agent({ keepAlive: true, maxSockets: 1 });
      }
      if (origin === null) {
        await pause(LOOK_MS);
        continue;
      }
      count += 1;
      origins.add(origin);
      const closes = await call(origin, agent, headers).catch((error) => {
        lost.push(error.message);
        return true;
      });
      if (closes) {
        agent.destroy();
        origin = null;
      }
      await pause(5);
    }
    agent?.destroy();
  }

  const running = [look(), ...Array.from({ length: WORKERS }, (_, index) => work(index))];
  return {
    isRunning: () => count > 0,
    stop: async () => {
      stopped = true;
      await Promise.all(running);
      return { count, lost, pods: origins.size };
    },
  };
}
