// The corridor with steps that a test chooses, and a record of the steps that it called.
import type { Authenticator, EndpointRuntime, Limiter } from '../../src/core/endpoint-runtime.js';
import type { Failure } from '../../src/core/failure.js';
import { routeUnknown } from '../../src/core/failures.js';
import type { Message } from '../../src/core/message.js';
import type { RequestSummary } from '../../src/core/request-summary.js';
import { ok } from '../../src/core/result.js';
import type { Stages } from '../../src/core/stages.js';
import { createCorridor } from '../../src/gateway.js';
import { until } from '../fixtures/wait.js';
import { testClock } from './clock.js';
import { admission, endpoint, principal } from './endpoint.js';
import { exchange } from './exchange.js';

export const at = endpoint();
export const caller = principal();
export const message: Message = { era: 'legacy', calls: [], body: null };
const credential = { kind: 'bearer', token: 't' } as const;

/** Every step of the corridor: those of all endpoints, and those of the endpoint runtime. */
export interface Steps extends Stages {
  authenticate: Authenticator['authenticate'];
  authorize: EndpointRuntime['authorize']['check'];
  limit: Limiter['take'];
  headers: EndpointRuntime['credential']['headers'];
  forward: EndpointRuntime['transport']['forward'];
}

/** A forward step whose answer ends with this failure. */
export const ending =
  (end: Failure): Steps['forward'] =>
  (_asked, _caller, _message, _headers, listener) =>
    listener.onResponseEnd(end);

const runtime = (steps: Steps): EndpointRuntime => ({
  config: at,
  admission,
  authenticators: {
    bearer: { authenticate: (...args) => steps.authenticate(...args) },
    'api-key': { authenticate: (...args) => steps.authenticate(...args) },
    'pass-through': { authenticate: (...args) => steps.authenticate(...args) },
  },
  authorize: { check: (...args) => steps.authorize(...args) },
  guesses: null,
  limiter: { take: (...args) => steps.limit(...args) },
  credential: { headers: (...args) => steps.headers(...args) },
  transport: { forward: (...args) => steps.forward(...args) },
});

/** Steps that let everything pass, with some replaced, and the names of the called steps. */
export function corridor(changes: Partial<Steps> = {}) {
  const called: string[] = [];
  const rejected: Parameters<Stages['sendError']>[] = [];
  const recorded: RequestSummary[] = [];
  const clock = testClock();
  const passing: Omit<Steps, 'observer'> = {
    validate: () => null,
    route: () => runtime(steps),
    page: () => null,
    noRoute: () => routeUnknown(),
    draining: () => null,
    origin: () => null,
    preflight: () => false,
    readCredential: () => ok(credential),
    authenticate: () => ok(caller),
    accepted: () => {},
    method: () => null,
    readable: () => null,
    read: () => ok(message),
    authorize: () => null,
    limit: () => null,
    headers: () => ok(['x-upstream-key', 'k']),
    forward(asked, _caller, _message, _headers, listener) {
      asked.begin(200, []);
      clock.advance(7);
      queueMicrotask(() => listener.onResponseEnd(null));
    },
    callId: (_asked, listener) => listener(undefined),
    sendError(asked, ...rest) {
      rejected.push([asked, ...rest]);
      asked.begin(rest[1].definition.status as number, []);
    },
    record: (summary) => void recorded.push(summary),
  };
  const { observer = null, ...changed } = changes;
  const steps = Object.fromEntries(
    Object.entries({ ...passing, ...changed }).map(([name, step]) => [
      name,
      (...args: unknown[]) => {
        called.push(name);
        return (step as (...all: unknown[]) => unknown)(...args);
      },
    ]),
  ) as unknown as Steps;
  const gateway = createCorridor({ ...steps, observer }, clock);
  return { gateway, steps: called, rejected, recorded };
}

export async function run(changes: Partial<Steps> = {}, asked = exchange()) {
  const made = corridor(changes);
  made.gateway(asked);
  await until('the exchange is recorded', () => made.recorded.length > 0);
  return { ...made, steps: made.steps.join(' '), kind: made.recorded[0]?.failure?.definition.reason ?? 'ok' };
}

export const ORDER = [
  'validate',
  'route',
  'draining',
  'origin',
  'preflight',
  'readCredential',
  'authenticate',
  'accepted',
  'method',
  'readable',
  'read',
  'authorize',
  'limit',
  'headers',
  'forward',
  'record',
];
/** A rejection of an endpoint before its body is read asks for the id of the call. */
const NEEDS_ID = ORDER.slice(ORDER.indexOf('draining'), ORDER.indexOf('read'));
/** The called steps of a request that `last` rejects. */
export const through = (last: string): string =>
  [...ORDER.slice(0, ORDER.indexOf(last) + 1), ...(NEEDS_ID.includes(last) ? ['callId'] : []), 'sendError', 'record'].join(' ');
