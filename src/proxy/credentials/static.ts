// The upstream gets a fixed header of the operator, the same for every caller.
import type { PrincipalCredential } from '../../core/endpoint-runtime.js';
import { ok } from '../../core/result.js';
import type { StaticCredential } from '../../core/upstream-credential.js';

export function staticCredential({ header, value }: StaticCredential): PrincipalCredential {
  const headers = ok<readonly string[]>([header, value.reveal()]);
  return { headers: () => headers };
}
