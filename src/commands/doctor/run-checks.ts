// Runs all checks in order. Skips the rest if the server cannot be reached.
import { type Check, type Finding, fail, type Observation, skipped } from './check.js';
import { browserChecks } from './checks-browser.js';
import { callChecks } from './checks-calls.js';
import { challengeChecks } from './checks-challenge.js';
import { challengeVariantChecks } from './checks-challenge-variants.js';
import { eventTimeChecks } from './checks-event-times.js';
import { facadeChecks } from './checks-facade.js';
import { http2Checks } from './checks-http2.js';
import { issuerChecks } from './checks-issuer.js';
import { issuerTokenChecks } from './checks-issuer-tokens.js';
import { loginChecks } from './checks-login.js';
import { longStreamChecks } from './checks-long-stream.js';
import { metadataFieldChecks } from './checks-metadata-fields.js';
import { metadataLocationChecks } from './checks-metadata-locations.js';
import { proxyChecks } from './checks-proxies.js';
import { httpsCheck, reachabilityChecks, serverCheck } from './checks-reachability.js';
import { streamChecks } from './checks-streams.js';
import { tokenChecks } from './checks-token.js';
import { createInspection, type Inspection } from './inspection.js';
import type { Target } from './target.js';

export const allChecks: readonly Check[] = [
  ...reachabilityChecks,
  httpsCheck,
  ...challengeChecks,
  ...challengeVariantChecks,
  ...proxyChecks,
  ...metadataLocationChecks,
  ...metadataFieldChecks,
  ...issuerChecks,
  ...issuerTokenChecks,
  ...facadeChecks,
  ...loginChecks,
  ...browserChecks,
  ...tokenChecks,
  ...callChecks,
  ...streamChecks,
  ...eventTimeChecks,
  ...http2Checks,
  ...longStreamChecks,
];

/** A response that no check foresaw fails one check, and does not end the run. */
async function probe(check: Check, inspection: Inspection): Promise<Observation> {
  try {
    return await check.probe(inspection);
  } catch (error) {
    return fail(`the response cannot be evaluated: ${(error as Error).message}`);
  }
}

/**
 * Runs one check after the other, so that the requests do not look like an attack. Calls `onStart`
 * before each check and `onFinding` after it. The checks that are left out appear in the result
 * only.
 */
export async function runChecks(
  target: Target,
  onFinding: (finding: Finding) => void = () => {},
  onStart: (check: Check) => void = () => {},
): Promise<Finding[]> {
  const inspection = createInspection(target);
  const findings: Finding[] = [];
  let stopReason: string | null = null;
  for (const check of allChecks) {
    if (stopReason !== null) {
      findings.push({ check, ...skipped(stopReason) });
      continue;
    }
    onStart(check);
    const finding = { check, ...(await probe(check, inspection)) };
    if (reachabilityChecks.includes(check) && finding.result === 'fail')
      stopReason = check === serverCheck ? 'no MCP server was found' : 'the server was not reached';
    findings.push(finding);
    onFinding(finding);
  }
  await inspection.conversations.end();
  return findings;
}
