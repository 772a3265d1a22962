// Runs `portcullis doctor`: reads the options, runs the checks, prints the findings.
import { parseArgs } from 'node:util';
import { type CommandIo, processIo } from './command-io.js';
import type { Finding } from './doctor/check.js';
import { logIn } from './doctor/client-credentials.js';
import { createProgressTimer } from './doctor/progress-timer.js';
import { readCredentials } from './doctor/read-credentials.js';
import {
  findingsJson,
  findingText,
  hasFailure,
  skippedText,
  summaryText,
} from './doctor/report.js';
import { runChecks } from './doctor/run-checks.js';
import type { Target } from './doctor/target.js';
import { createPrintable, type Printable } from './printable.js';

export const doctorHelp = `\
portcullis doctor URL [--token TOKEN | --client-id ID] [--tool NAME] [--origin ORIGIN] [--long]
                      [--json]

Tests an MCP server from outside, as its clients use it. It works for any server, with this gateway
or without. Each check prints the observation, and for a problem also the expectation and the fix.
URL is the public URL, exactly as clients get it. A replica, or a server behind a proxy, has another
address, and the names in the metadata would differ from it. A fix names the settings of proxies:
that of the proxy in front, where a response shows it, or else those of all.

  --token TOKEN    an access token for the calls; - reads it from standard input. Every user of this
                   machine can see the command line in the list of processes; the variable
                   PORTCULLIS_TOKEN is safer. The doctor sends the token only to URL, over https or
                   on loopback, and follows no redirect with it. For a server with API keys, give
                   the whole header, such as X-Api-Key: KEY, in that variable or on standard input
  --client-id ID   log in with client credentials, as programs without a browser do. The secret is
                   the variable PORTCULLIS_DOCTOR_CLIENT_SECRET, or the standard input with
                   --client-secret -. The doctor sends it only to the origin of URL
  --tool NAME      the tool to call, without arguments. By default a tool that is read-only
                   (readOnlyHint) and needs no arguments. Name one that reports progress, several
                   times in some seconds: the doctor then checks the time of each event
  --origin ORIGIN  the origin of the web page that calls the server;
                   by default http://localhost:6274, MCP Inspector
  --long           also hold a stream open for 10 minutes without events, and wait up to 5 minutes
                   for the result of a tool instead of 30 s
  --json           print one JSON object
  --help           this text

For a server with a private CA, set NODE_EXTRA_CA_CERTS=/path/ca.pem.

Exit codes: 0 no check failed (there may be warnings), 1 a check failed, 2 bad command line.`;

/** A well-known web page that calls MCP servers. */
export const INSPECTOR_ORIGIN = 'http://localhost:6274';

/** The durations of a run, in milliseconds. */
export interface DoctorTimes {
  /** The time limit for an event on a stream. */
  readonly eventMs: number;
  /** How long --long holds a stream open. */
  readonly idleMs: number;
  /** How long the doctor waits for the result of a tool, without and with --long. */
  readonly callMs: number;
  readonly longCallMs: number;
  /** How often a check that takes long is reported. */
  readonly progressMs: number;
}

export const DOCTOR_TIMES: DoctorTimes = {
  eventMs: 3_000,
  // A little longer than the limits of proxies: 60 s without an event for most, 10 minutes in all
  // for others.
  idleMs: 610_000,
  callMs: 30_000,
  // A little longer than this gateway waits for an answer by default.
  longCallMs: 310_000,
  // Longer than most checks take, shorter than the patience of a user.
  progressMs: 5_000,
};

/** The problem with a URL, or null. */
function urlProblem(url: string): string | null {
  if (!URL.canParse(url)) return `${url} is not a URL; write all of it, https://...`;
  if (!/^https?:/i.test(url))
    return `${url} is not an http or https URL; write all of it, https://...`;
  if (url.includes('#')) return 'The URL of a server has no fragment; remove # and the rest';
  const { username, password } = new URL(url);
  return username === '' && password === '' ? null : 'Remove user and password from the URL';
}

export async function doctor(
  args: readonly string[],
  io: CommandIo = processIo,
  times: DoctorTimes = DOCTOR_TIMES,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      token: { type: 'string' },
      'client-id': { type: 'string' },
      'client-secret': { type: 'string' },
      tool: { type: 'string' },
      origin: { type: 'string', default: INSPECTOR_ORIGIN },
      long: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.write(doctorHelp);
    return 0;
  }
  const [url, ...more] = positionals;
  const problem = url === undefined || more.length > 0 ? 'Give one URL.' : urlProblem(url);
  if (url === undefined || problem !== null) {
    io.writeError(`${problem}\n\n${doctorHelp}`);
    return 2;
  }
  const credentials = await readCredentials(values, io);
  if (typeof credentials === 'string') {
    io.writeError(credentials);
    return 2;
  }
  const { token, key, client } = credentials;
  const target: Target = {
    url,
    token,
    key,
    tool: values.tool ?? null,
    origin: values.origin,
    idleMs: values.long ? times.idleMs : null,
    eventMs: times.eventMs,
    callMs: values.long ? times.longCallMs : times.callMs,
  };
  const login = client === null ? null : await logIn(target, client);
  const loggedIn = login === null ? target : { ...target, ...login };
  const printable = createPrintable([loggedIn.token, key?.key, client?.secret]);
  return (values.json ? reportAsJson : reportAsText)(loggedIn, io, printable, times);
}

async function reportAsJson(target: Target, io: CommandIo, printable: Printable): Promise<number> {
  const findings = await runChecks(target);
  io.write(findingsJson(target.url, findings, printable));
  return hasFailure(findings) ? 1 : 0;
}

async function reportAsText(
  target: Target,
  io: CommandIo,
  printable: Printable,
  { progressMs }: DoctorTimes,
): Promise<number> {
  // Progress goes to standard error, because it is not part of the report.
  const progress = createProgressTimer(progressMs, io.writeError);
  let printed = 0;
  const print = (finding: Finding): void => {
    printed += 1;
    io.write(findingText(finding, printable));
  };
  const findings = await runChecks(target, print, ({ name }) => progress.begin(name));
  progress.end();
  const skipped = skippedText(findings.slice(printed));
  if (skipped !== null) io.write(skipped);
  io.write(`\n${summaryText(findings)}`);
  return hasFailure(findings) ? 1 : 0;
}
