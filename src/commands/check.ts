// Runs `portcullis check`: reads the configuration as `serve` does, then asks each issuer and each
// upstream, and prints the result and the fix for each.
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type CheckTask, checkConfig } from '../app/check-config.js';
import type { CheckFinding } from '../app/check-finding.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import { systemClock } from '../launch/clock.js';
import { loadConfig } from '../launch/load-config.js';
import { usesProxyOfNode } from '../launch/proxy-of-node.js';
import { tlsProblem } from '../launch/start.js';
import { secretsOf } from './check/config-secrets.js';
import { listenerTasks } from './check/listeners.js';
import { CLIENT_NAME } from './check/mcp-answer.js';
import { type Counts, counted, findingsJson, findingText, summaryText } from './check/report.js';
import { runTasks } from './check/run-tasks.js';
import { createAsk, upstreamTask } from './check/upstreams.js';
import { type CommandIo, processIo } from './command-io.js';
import { createPrintable } from './printable.js';

export const checkHelp = `\
portcullis check [FILE] [--config FILE] [--offline] [--strict] [--verbose] [--json]

Checks a configuration before it serves. It reads the file, its secrets and its API keys as serve
does, and prints every problem with its line. Then it asks each issuer for its metadata and keys.
It asks each introspection endpoint, token endpoint and MCP server with a made-up credential. It
opens a conversation with each MCP server and calls no tool. A fixed credential
(kind: static) goes to its upstream, as with each call. No request makes a server issue a token.
It also looks whether the addresses of listen and admin are free. It prints no secret.

  FILE            the configuration; without it that of --config, the file that the variable
                  PORTCULLIS_CONFIG names, or the environment, as for serve
  --config FILE   the same
  --offline       send no request: check the configuration alone
  --strict        warnings count as problems
  --verbose       show what is good too, where the configuration has more than 20 issuers and
                  endpoints
  --json          print one JSON object
  --help          this text

Run it where the gateway will run: other machines may not reach the same servers.
Exit codes: 0 no problem (there may be warnings), 1 a problem, 2 bad command line.`;

/** With more issuers and endpoints, the lines of good ones would hide the problems. */
const SHOWN = 20;
/** Longer than most checks take, shorter than the patience of a user. */
const PROGRESS_MS = 5_000;
/** A detail may name two URLs and the fix. */
const CHARACTERS = 1_000;

function tasksOf(config: ResolvedConfig, tasks: readonly CheckTask[], madeUp: string): CheckTask[] {
  const ask = createAsk();
  return [
    ...listenerTasks(config),
    ...tasks,
    ...config.endpoints.map((endpoint) => upstreamTask(endpoint, madeUp, ask)),
  ];
}

export async function check(args: readonly string[], io: CommandIo = processIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      offline: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    io.write(checkHelp);
    return 0;
  }
  const files = [...positionals, ...(values.config === undefined ? [] : [values.config])];
  if (files.length > 1) {
    io.writeError(`Give one file only.\n\n${checkHelp}`);
    return 2;
  }
  const loaded = tlsProblem(io.env) ?? loadConfig(files[0], io.env);
  if (typeof loaded === 'string') {
    if (values.json) io.write(JSON.stringify({ problems: loaded.split('\n') }, null, 2));
    else io.writeError(loaded);
    return 1;
  }
  return report(loaded.config, values, io);
}

interface Options {
  readonly offline: boolean;
  readonly strict: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
}

async function report(config: ResolvedConfig, options: Options, io: CommandIo): Promise<number> {
  const { offline, strict, verbose, json } = options;
  const printable = createPrintable(secretsOf(config), CHARACTERS);
  const madeUp = `${CLIENT_NAME}-${randomBytes(16).toString('hex')}`;
  const usesProxy = usesProxyOfNode();
  const surroundings = { clock: systemClock, random: Math.random, madeUp, usesProxy };
  const { findings: first, tasks } = checkConfig(config, surroundings);
  const counts: Counts = { ok: 0, warn: 0, fail: 0 };
  const findings: CheckFinding[] = [];
  const showsGood = verbose || config.issuers.length + config.endpoints.length <= SHOWN;
  const onFinding = (finding: CheckFinding): void => {
    counts[finding.result] += 1;
    if (json) findings.push(finding);
    else if (showsGood || finding.result !== 'ok') io.write(findingText(finding, printable));
  };
  onFinding({
    about: 'configuration',
    name: 'fields',
    result: 'ok',
    observed:
      `valid: ${counted(config.endpoints.length, 'endpoint')}, ` +
      counted(config.issuers.length, 'issuer'),
  });
  first.forEach(onFinding);
  if (!offline) {
    let progress = '';
    // Progress goes to standard error, because it is not part of the report.
    const timer = setInterval(() => io.writeError(progress), PROGRESS_MS);
    const onDone = (done: number, all: number): void => {
      progress = `...   ${done} of ${all} parts are checked`;
    };
    await runTasks(tasksOf(config, tasks, madeUp), { onFinding, onDone });
    clearInterval(timer);
  }
  io.write(json ? findingsJson(findings, counts, printable) : `\n${summaryText(counts)}`);
  return counts.fail > 0 || (strict && counts.warn > 0) ? 1 : 0;
}
