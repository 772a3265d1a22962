// The schema of `host` of an endpoint: host names that a Host header can have, and the names of
// endpoints, which API keys list.
import { z } from 'zod';
import { endpointPath, oneOrMore } from './fields.js';

const HOST_HINT = 'write a host name, such as files.example.com';
const LIST_HINT = `${HOST_HINT}, or a list of host names`;

/** Letters, digits and hyphens between dots (RFC 1123 section 2.1), or an IPv6 address. */
const HOST_NAME = /^([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])$/;

/** Flaws in the order in which they are reported, each with what to write instead. */
const FLAWS: readonly (readonly [RegExp, string])[] = [
  [/\*/, 'a host matches exactly, so * is not a wildcard; write each host name'],
  [/^[a-z][a-z0-9+.-]*:\/\//, `${HOST_HINT}, without a scheme`],
  [/[/?#@]/, `${HOST_HINT}, without a path or user name`],
  [/(^[^[:]*|\]):\d*$/, `${HOST_HINT}, without a port: the gateway ignores the port of Host`],
  [/\.$/, `${HOST_HINT}, without the dot at the end`],
  [/[^ -~]/, 'write the host name as clients send it, such as xn--mnchen-3ya.example'],
];
const ADDRESS_HINT = 'write the address as clients send it, such as 127.0.0.1 or [::1]';

/** Why a text in lower case is not a host name as clients send it; null: it is one. */
function hostProblem(value: string): string | null {
  const flaw = FLAWS.find(([pattern]) => pattern.test(value));
  if (flaw !== undefined) return flaw[1];
  if (/^[0-9a-f]*:[0-9a-f:.]*$/.test(value)) return ADDRESS_HINT;
  const url = `https://${value}`;
  if (!HOST_NAME.test(value) || !URL.canParse(url)) return HOST_HINT;
  return new URL(url).hostname === value ? null : ADDRESS_HINT;
}

const hostName = z
  .string({ error: HOST_HINT })
  .toLowerCase()
  .refine((value) => hostProblem(value) === null, {
    error: ({ input }) => hostProblem(String(input)) ?? HOST_HINT,
  });

export const endpointHost = oneOrMore(hostName, LIST_HINT);

/** Splits `files.example.com/mcp`. The host is empty in the name of an endpoint without a host. */
const partsOf = (name: string): [host: string, path: string] => {
  const slash = name.indexOf('/');
  return slash < 0 ? ['', name] : [name.slice(0, slash).toLowerCase(), name.slice(slash)];
};

/** The path of an endpoint, or its first host and its path. */
export const endpointName = z
  .string({ error: 'write the public path, such as /mcp' })
  .overwrite((name) => partsOf(name).join(''))
  .superRefine((name, context) => {
    const [host, path] = partsOf(name);
    const ofHost = host === '' ? null : hostProblem(host);
    const ofPath = endpointPath.safeParse(path).error?.issues[0]?.message ?? null;
    const message = ofHost ?? ofPath;
    if (message !== null) context.addIssue({ code: 'custom', message });
  });
