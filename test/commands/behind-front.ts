// Runs the doctor on a third-party server behind a front proxy.
import type { Finding, Observation } from '../../src/commands/doctor/check.js';
import { createInspection } from '../../src/commands/doctor/inspection.js';
import { allChecks } from '../../src/commands/doctor/run-checks.js';
import type { Target } from '../../src/commands/doctor/target.js';
import { type FrontFaults, startFront } from '../fixtures/front.js';
import { withDeadline } from '../fixtures/wait.js';
import { runDoctor, TARGET } from './run-doctor.js';
import { type Fault, startThirdPartyServer, type ThirdPartyServer } from './third-party-server.js';

export type BehindOptions = { fault?: Fault; claims?: Record<string, unknown>; target?: Partial<Target> };

/** Runs something on a third-party server behind a front proxy. */
async function withFront<T>(
  faults: FrontFaults,
  { fault = {}, claims }: BehindOptions,
  run: (server: ThirdPartyServer) => Promise<T>,
): Promise<T> {
  let local = '';
  const front = await startFront(() => local, faults);
  const server = await startThirdPartyServer(fault, front.url, claims);
  local = server.local;
  const result = await run(server);
  await Promise.all([front.stop(), server.stop()]);
  return result;
}

/** The findings of all checks. */
export const behind = (faults: FrontFaults, options: BehindOptions = {}): Promise<Finding[]> =>
  withFront(faults, options, (server) => runDoctor(server, options.target));

/** The result of one check. */
export const probeBehind = (name: string, faults: FrontFaults, options: BehindOptions = {}): Promise<Observation> =>
  withFront(faults, options, async ({ url, token }) => {
    const inspection = createInspection({ ...TARGET, url, token, ...options.target });
    const check = allChecks.find((one) => one.name === name);
    if (check === undefined) throw new Error(`there is no check ${name}`);
    return withDeadline(`${name} ends`, Promise.resolve(check.probe(inspection)), 30_000);
  });

export const found = (findings: readonly Finding[], name: string): Finding | undefined =>
  findings.find(({ check }) => check.name === name);

export const failedNames = (findings: readonly Finding[]): string[] =>
  findings.filter(({ result }) => result === 'fail').map(({ check }) => check.name);
