// What a test wants of a plan and may reveal.
import type { IssuerPlan } from '../../src/config/plan.js';

/** The client secret of its introspection, where it has one. */
export function secretOf(issuer: IssuerPlan | undefined): string | undefined {
  const client = issuer?.introspection?.client;
  return client !== undefined && 'clientSecret' in client ? client.clientSecret.reveal() : undefined;
}
