// Decides how a server is examined on the command line: which flags, what is printed, which exit code. Never judges.
import { parseArgs } from 'node:util';
import { findToken, isOtherCredential, NO_BEARER_TOKEN } from './bearer-token.js';
import type { Found } from './doctor/check.js';
import { examine } from './doctor/examine.js';
import type { Target } from './doctor/look.js';
import { createWaiting } from './doctor/waiting.js';
import { createPrintable, type Printable } from './printable.js';

export const doctorHelp = `portcullis doctor URL [--token TOKEN] [--tool NAME] [--origin ORIGIN] [--long] [--json]

Examines an MCP server from outside, as its clients meet it, and says of each check what it saw, and where it is wrong what to mend.
Any server will do, behind this gateway or not. URL is the public one that clients are given, letter by letter; at the address of a
replica, or of what stands behind a proxy, the names in the metadata are others.

  --token TOKEN    an access token, for calls; - reads it from standard input. Better than here, where every user of the machine
                   sees it in the list of processes: the variable PORTCULLIS_TOKEN. It is sent to URL and nowhere else, by https or
                   on loopback, along no redirect
  --tool NAME      the tool to call, without arguments. Without it one that says that it only reads (readOnlyHint) and needs none
  --origin ORIGIN  the origin of the web page that would call; default http://localhost:6274, MCP Inspector
  --long           also hold a stream open for 65 s without events
  --json           one JSON object
  --help           this text

Exit codes: 0 nothing failed (warnings may stand), 1 something failed, 2 bad command line.`;

/** A web page that calls MCP servers. */
export const INSPECTOR = 'http://localhost:6274';
const EVENT_MS = 3_000;
/** A little longer than the idle limit of most proxies. */
const QUIET_MS = 65_000;
/** Longer than most checks take, shorter than the patience of whoever looks on. */
const WAITING_MS = 5_000;
const MARKS = { ok: 'ok     ', warn: 'warn   ', fail: 'FAIL   ', skipped: 'skipped' } as const;

/** One line where all is well; what is wanted and what to mend where it is not. */
export function lineOf({ check, verdict, saw, mend }: Found, printable: Printable): string {
  const line = `${MARKS[verdict]}  ${check.name}: ${printable.text(saw)}`;
  if (verdict === 'ok' || verdict === 'skipped') return line;
  return `${line}\n           wanted: ${check.wants} (${check.requirement})\n           mend:   ${printable.text(mend ?? check.mend)}`;
}

const count = (found: readonly Found[], wanted: Found['verdict']): number =>
  found.filter(({ verdict }) => verdict === wanted).length;

export const summary = (found: readonly Found[]): string =>
  `${count(found, 'ok')} ok, ${count(found, 'warn')} warnings, ${count(found, 'fail')} failed, ${count(found, 'skipped')} skipped`;

function toJson(url: string, found: readonly Found[], printable: Printable): string {
  const checks = found.map(
    ({ check: { name, wants, requirement, mend: usual }, verdict, saw, mend = usual }) => {
      const wrong = verdict === 'warn' || verdict === 'fail';
      return { name, verdict, saw, wants, requirement, ...(wrong ? { mend } : {}) };
    },
  );
  return printable.json({ url, ok: count(found, 'fail') === 0, checks });
}

/** What is wrong with a URL, or null. */
function urlFlaw(url: string): string | null {
  if (!URL.canParse(url)) return `${url} is no URL; write it whole, https://...`;
  if (!/^https?:/i.test(url)) return `${url} is no http or https URL; write it whole, https://...`;
  if (url.includes('#')) return 'A URL of a server has no fragment; leave out # and what follows';
  const { username, password } = new URL(url);
  return username === '' && password === '' ? null : 'Leave user and password out of the URL';
}

export async function doctor(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      token: { type: 'string' },
      tool: { type: 'string' },
      origin: { type: 'string', default: INSPECTOR },
      long: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(doctorHelp);
    return 0;
  }
  const [url, ...more] = positionals;
  const flaw = url === undefined || more.length > 0 ? 'One URL, please.' : urlFlaw(url);
  if (url === undefined || flaw !== null) {
    console.error(`${flaw}\n\n${doctorHelp}`);
    return 2;
  }
  const token = await findToken(values.token);
  if (token !== null && isOtherCredential(token)) {
    console.error(
      `${NO_BEARER_TOKEN} The doctor acts as clients with OAuth do; leave it out, or give an access token.`,
    );
    return 2;
  }
  const printable = createPrintable(token);
  const target: Target = {
    url,
    token,
    tool: values.tool ?? null,
    origin: values.origin,
    quietMs: values.long ? QUIET_MS : null,
    eventMs: EVENT_MS,
  };
  // Beside the report, and not part of it.
  const waiting = createWaiting(WAITING_MS, (line) =>
    values.json ? undefined : console.error(line),
  );
  let told = 0;
  const tell = (one: Found): void => {
    told += 1;
    if (!values.json) console.log(lineOf(one, printable));
  };
  const found = await examine(target, tell, ({ name }) => waiting.begin(name));
  waiting.end();
  const left = found.slice(told);
  if (left[0] !== undefined && !values.json)
    console.log(`${MARKS.skipped}  ${left.length} more checks: ${left[0].saw}`);
  console.log(values.json ? toJson(url, found, printable) : `\n${summary(found)}`);
  return count(found, 'fail') === 0 ? 0 : 1;
}
