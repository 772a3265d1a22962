// Decides how a token is explained on the command line: which endpoint, what is printed, which exit code. The verdict is the gateway's own.
import { parseArgs } from 'node:util';
import { createExplainToken } from '../app/explain.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Endpoint } from '../core/endpoint.js';
import type { ExplanationStep, ExplanationWithStatus, Values } from '../core/explanation.js';
import type { Notice } from '../core/notice.js';
import { findToken, isOtherCredential, NO_BEARER_TOKEN } from './bearer-token.js';
import { systemClock } from './clock.js';
import { loadConfig } from './load-config.js';
import { createPrintable, type Printable } from './printable.js';

export const explainHelp = `portcullis explain [TOKEN] [--config FILE] [--endpoint PATH] [--tool NAME] [--json]

Judges a bearer token as the gateway would, with the same code and the same configuration, and tells of each check in order what the
token has, what the configuration wants, and the reason code (docs/failures.md) where it fails. Nothing is sent but requests for keys
or an introspection to the issuers of the configuration. The token is never printed; of its claims only those that a check reads.

  TOKEN             the token; - reads it from standard input. Better than here, where every user of the machine sees it in the
                    list of processes: the variable PORTCULLIS_TOKEN
  --config FILE     as for serve; without it the environment
  --endpoint PATH   the path of the endpoint; needed where there are several
  --tool NAME       judge a call of this tool, and not only what every call needs
  --json            one JSON object
  --help            this text

A legacy credential (Authorization: Token) cannot be explained: the MCP server judges it.
A check that was not reached is marked so; (unverified) says what it would say if the claims were genuine.
Exit codes: 0 the token would pass, 1 it would not, 2 bad command line or configuration.`;

/** The endpoint, or the text of what is wrong. */
function chooseEndpoint(
  { endpoints }: ResolvedConfig,
  path: string | undefined,
): Endpoint | string {
  const paths = endpoints.map((endpoint) => endpoint.path).join(', ');
  const only = endpoints.length === 1 ? endpoints[0] : undefined;
  const found = path === undefined ? only : endpoints.find((endpoint) => endpoint.path === path);
  if (found !== undefined) return found;
  return path === undefined
    ? `There are several endpoints; write --endpoint with one of ${paths}`
    : `No endpoint has this path; there is ${paths}`;
}

const NOT_EXPLAINED = `${NO_BEARER_TOKEN} A legacy credential (Authorization: Token) cannot be explained: the MCP server judges it.`;

function valuesText(values: Values, printable: Printable): string {
  return Object.entries(values)
    .map(([name, value]) => `${printable.text(name)} ${printable.line(value)}`)
    .join(', ');
}

function stepLines(
  { name, state, failure, wouldPass, observed, expected }: ExplanationStep,
  printable: Printable,
): string[] {
  const why =
    failure === null
      ? ''
      : `${failure.definition.reason}${failure.detail === undefined ? '' : `: ${printable.text(failure.detail)}`}`;
  const hint =
    failure !== null ? `(unverified) ${why}` : wouldPass ? '(unverified) it would pass' : '';
  const mark = { pass: 'pass       ', fail: 'FAIL       ', 'not reached': 'not reached' }[state];
  const lines = [
    `${mark}  ${name}${state === 'fail' ? `: ${why}` : hint === '' ? '' : `  ${hint}`}`,
  ];
  const [token, config] = [valuesText(observed, printable), valuesText(expected, printable)];
  if (token !== '') lines.push(`               token:  ${token}`);
  if (config !== '') lines.push(`               wanted: ${config}`);
  return lines;
}

function toText(
  endpoint: Endpoint,
  { steps, failure, status }: ExplanationWithStatus,
  notes: readonly Notice[],
  printable: Printable,
): string {
  const lines = [`A bearer token at ${endpoint.path} (${endpoint.resource})`, ''];
  for (const step of steps) lines.push(...stepLines(step, printable));
  for (const { event, detail } of notes)
    lines.push(
      `note: ${event}${detail === undefined ? '' : `: ${printable.text(String(detail))}`}`,
    );
  const { reason, code, event } = failure?.definition ?? {};
  // Where policy is told as the answer of the call (denial: jsonrpc) its code says more than the status.
  const answer = status === 200 ? `HTTP 200 with the JSON-RPC error ${code}` : `HTTP ${status}`;
  lines.push(
    '',
    failure === null
      ? 'The gateway would let it pass.'
      : `The gateway would refuse it: ${reason}, ${answer}, log event ${event}.`,
  );
  return lines.join('\n');
}

function toJson(
  endpoint: Endpoint,
  { steps, failure, status }: ExplanationWithStatus,
  notes: readonly Notice[],
  printable: Printable,
): string {
  const told = steps.map(({ name, state, failure: why, wouldPass, observed, expected }) => ({
    name,
    state,
    ...(why === null ? {} : { reason: why.definition.reason, detail: why.detail }),
    ...(state === 'not reached'
      ? { unverified: why !== null ? 'fail' : wouldPass ? 'pass' : 'unknown' }
      : {}),
    token: observed,
    wanted: expected,
  }));
  const { path, resource } = endpoint;
  const verdict = {
    wouldPass: failure === null,
    reason: failure?.definition.reason ?? 'ok',
    status,
  };
  const noted = notes.map(({ event, detail }) => ({ event, detail }));
  return printable.json({ endpoint: path, resource, ...verdict, steps: told, notes: noted });
}

export async function explain(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      endpoint: { type: 'string' },
      tool: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(explainHelp);
    return 0;
  }
  const wrong = (text: string): number => {
    console.error(text);
    return 2;
  };
  if (positionals.length > 1)
    return wrong(`One token, please: what follows it belongs to an option.\n\n${explainHelp}`);
  const plan = loadConfig(values.config);
  if (typeof plan === 'string') return wrong(plan);
  const endpoint = chooseEndpoint(plan, values.endpoint);
  if (typeof endpoint === 'string') return wrong(endpoint);
  const token = await findToken(positionals[0]);
  if (token === null)
    return wrong(
      `There is no token: set PORTCULLIS_TOKEN, or write - and give it on standard input.\n\n${explainHelp}`,
    );
  if (isOtherCredential(token)) return wrong(NOT_EXPLAINED);
  const notes: Notice[] = [];
  const notify = (notice: Notice): void => void (notice.level === 'info' || notes.push(notice));
  const examined = await createExplainToken({
    config: plan,
    endpoint,
    clock: systemClock,
    random: Math.random,
    notify,
  })(token, values.tool ?? null);
  console.log((values.json ? toJson : toText)(endpoint, examined, notes, createPrintable(token)));
  return examined.failure === null ? 0 : 1;
}
