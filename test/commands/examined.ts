// Examines a strange server with the doctor, and what its planted faults are made of.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'vitest';
import type { Found } from '../../src/commands/doctor/check.js';
import { examine } from '../../src/commands/doctor/examine.js';
import type { Target } from '../../src/commands/doctor/look.js';
import { withDeadline } from '../fixtures/wait.js';
import { type Behaviour, type Strange, startStrange } from './strange-server.js';

export const TARGET = { tool: null, origin: 'http://localhost:6274', quietMs: null, eventMs: 1000 };

export async function examined(strange: Strange, more: Partial<Target> = {}): Promise<Found[]> {
  const target = { ...TARGET, url: strange.url, token: strange.token, ...more };
  return withDeadline(
    'the examination',
    examine(target, () => {}),
    30_000,
  );
}

export const told = (found: readonly Found[], ...verdicts: Found['verdict'][]): string[] =>
  found.filter(({ verdict }) => verdicts.includes(verdict)).map(({ check, verdict, saw }) => `${verdict} ${check.name}: ${saw}`);

export type Planted = [
  what: string,
  fault: Fault,
  /** All that fails, and a part of what is seen of the first. */
  fails: string[],
  saw: string | RegExp,
];

/** A server with this fault fails these checks and no others. */
export async function failsAlone(fault: Fault, fails: string[], saw: string | RegExp): Promise<void> {
  const strange = await startStrange(fault);
  const found = await examined(strange);
  await strange.stop();
  const failed = found.filter(({ verdict }) => verdict === 'fail');
  expect(failed.map(({ check }) => check.name)).toEqual(fails);
  expect(failed[0]?.saw).toMatch(saw);
}

export type Fault = Partial<Behaviour> | ((good: Behaviour) => Partial<Behaviour>);

/** Where the metadata of the strange server stands. */
export const INSERTED = '/.well-known/oauth-protected-resource/mcp';

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

/** Another resource_metadata in an otherwise good challenge. */
export const linked =
  (to: string) =>
  (good: Behaviour): Partial<Behaviour> => ({ challenge: (parts) => good.challenge({ ...parts, metadataUrl: to }) });

/** Answers of the SDK in which some text is another one. */
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

/** Another status of the SDK's answers, or other fields. */
export const heading =
  (change: (code: number, fields: Record<string, string>) => number) =>
  (good: Behaviour): Partial<Behaviour> => ({
    around: (res) => {
      good.around(res);
      const writeHead = res.writeHead.bind(res);
      res.writeHead = ((code: number, fields: Record<string, string> = {}) =>
        writeHead(change(code, fields), fields)) as typeof res.writeHead;
    },
  });

/** A request that brings the good token, and not one that the doctor made up. */
export const hasToken = ({ headers }: IncomingMessage): boolean => String(headers.authorization).includes('eyJ');

/** Anybody may call it, and nothing tells of a login. */
export const OPEN: Fault = {
  before: (req, res) => {
    if (String(req.url).includes('/.well-known/')) return status(res, 404);
    req.headers.authorization ??= 'Bearer x';
    return false;
  },
  takesAnyToken: true,
};
