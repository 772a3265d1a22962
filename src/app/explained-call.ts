// The call that `explain` checks last: one of a tool, or one that needs only what every call needs.
import { callValues } from '../authorize/explain-call.js';
import type { createAuthorizer } from '../authorize/policy.js';
import type { Endpoint } from '../core/endpoint.js';
import type { RequestHead } from '../core/exchange.js';
import type { Message } from '../core/message.js';
import type { Caller } from '../core/principal.js';
import type { PlannedStep } from '../verify/explain-steps.js';

/** Every call needs at least what this one needs. */
const LIST: Message = {
  era: 'modern',
  calls: [{ method: 'tools/list', name: null, idText: '1' }],
  body: null,
};

export const callOf = (tool: string | null): Message =>
  tool === null ? LIST : { ...LIST, calls: [{ method: 'tools/call', name: tool, idText: '1' }] };

/** A request with this one header. */
export const headOf = (path: string, name: string, value: string): RequestHead => ({
  method: 'POST',
  version: '1.1',
  target: path,
  absolute: null,
  path,
  names: [name],
  values: [value],
});

/** `caller`: null if it is unknown. */
export function callStep(
  endpoint: Endpoint,
  authorizer: ReturnType<typeof createAuthorizer>,
  tool: string | null,
  caller: Caller | null,
): PlannedStep {
  const requirements = tool === null ? null : authorizer.requirements('tool', tool);
  return {
    name: tool === null ? 'scope' : 'scope and policy of the call',
    ...(caller === null ? {} : { reject: () => authorizer.check(caller, callOf(tool)) }),
    ...callValues(caller, endpoint, tool, requirements),
  };
}
