// Runs the checks of the doctor on a third-party server, and builds its planted faults.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'vitest';
import type { CheckResult, Finding } from '../../src/commands/doctor/check.js';
import { runChecks } from '../../src/commands/doctor/run-checks.js';
import type { Target } from '../../src/commands/doctor/target.js';
import { withDeadline } from '../fixtures/wait.js';
import { type Behaviour, type Fault, startThirdPartyServer, type ThirdPartyServer } from './third-party-server.js';

export const TARGET = { tool: null, origin: 'http://localhost:6274', idleMs: null, eventMs: 1000 };

export async function runDoctor(server: ThirdPartyServer, more: Partial<Target> = {}): Promise<Finding[]> {
  const target = { ...TARGET, url: server.url, token: server.token, ...more };
  return withDeadline('the checks end', runChecks(target), 30_000);
}

/** The findings with one of these results, one line each. */
export const linesOf = (findings: readonly Finding[], ...results: CheckResult[]): string[] =>
  findings
    .filter(({ result }) => results.includes(result))
    .map(({ check, result, observed }) => `${result} ${check.name}: ${observed}`);

export type Planted = [
  title: string,
  fault: Fault,
  /** The names of all checks that fail. */
  fails: string[],
  /** A part of the first observation. */
  observed: string | RegExp,
];

/** Expects that these checks fail on a server with this fault, and no others. */
export async function expectFailures(fault: Fault, fails: string[], observed: string | RegExp): Promise<void> {
  const server = await startThirdPartyServer(fault);
  const findings = await runDoctor(server);
  await server.stop();
  const failed = findings.filter(({ result }) => result === 'fail');
  expect(failed.map(({ check }) => check.name)).toEqual(fails);
  expect(failed[0]?.observed).toMatch(observed);
}

/** The path of the metadata of the third-party server. */
export const WELL_KNOWN = '/.well-known/oauth-protected-resource/mcp';

export const html = (res: ServerResponse, code = 200): true => {
  res.writeHead(code, { 'content-type': 'text/html' });
  res.end('<!doctype html><title>app</title>');
  return true;
};
export const redirect = (res: ServerResponse, location: string): true => {
  res.writeHead(307, { location });
  res.end();
  return true;
};
export const status = (res: ServerResponse, code: number, headers: Record<string, string> = {}): true => {
  res.writeHead(code, { 'content-type': 'application/json', ...headers });
  res.end('{}');
  return true;
};
export const json = (res: ServerResponse, value: unknown): true => {
  res.writeHead(200, { 'content-type': 'application/json' });
  res.end(JSON.stringify(value));
  return true;
};

/** Another resource_metadata in a challenge that is correct otherwise. */
export const linked =
  (to: string) =>
  (good: Behaviour): Partial<Behaviour> => ({ challenge: (parts) => good.challenge({ ...parts, metadataUrl: to }) });

/** Replaces a text in the responses of the SDK. */
export const rewriting =
  (from: string, to: string) =>
  (good: Behaviour): Partial<Behaviour> => ({
    around: (res) => {
      good.around(res);
      const { write, end } = res;
      const changed = (chunk: unknown): string =>
        Buffer.from(chunk as Uint8Array)
          .toString()
          .replaceAll(from, to);
      res.write = ((chunk: unknown) => write.call(res, changed(chunk), 'utf8')) as typeof res.write;
      res.end = ((chunk?: unknown) =>
        chunk ? end.call(res, changed(chunk), 'utf8') : end.call(res, '', 'utf8')) as typeof res.end;
    },
  });

/** Changes the status and the headers in the responses of the SDK. */
export const changingHead =
  (change: (code: number, headers: Record<string, string>) => number) =>
  (good: Behaviour): Partial<Behaviour> => ({
    around: (res) => {
      good.around(res);
      const writeHead = res.writeHead.bind(res);
      res.writeHead = ((code: number, headers: Record<string, string> = {}) =>
        writeHead(change(code, headers), headers)) as typeof res.writeHead;
    },
  });

/** True for the good token, and false for a token that the doctor made up. */
export const hasToken = ({ headers }: IncomingMessage): boolean => String(headers.authorization).includes('eyJ');

/** A server that needs no login and has no metadata. */
export const OPEN: Fault = {
  before: (req, res) => {
    if (String(req.url).includes('/.well-known/')) return status(res, 404);
    req.headers.authorization ??= 'Bearer x';
    return false;
  },
  takesAnyToken: true,
};
