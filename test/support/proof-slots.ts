// Slots of their own for a test, and clients of three networks.
import { createProofSlots, type ProofLimits } from '../../src/verify/proof-slots.js';

export const A = '203.0.113.1';
export const B = '198.51.100.2';
export const C = '192.0.2.3';

interface Given extends Partial<Omit<ProofLimits, 'perTurn'>> {
  /** Tokens and checks in one turn. */
  readonly perTurn?: number;
}

const turnOf = (count: number) => ({ tokens: count, checks: count });

export function slots({ perTurn = 2, ...limits }: Given = {}) {
  const most = { perTurn: turnOf(perTurn), besideKnown: turnOf(1), checks: 100, waiting: 100 };
  const made = createProofSlots({ ...most, ...limits });
  const started: string[] = [];
  const run = (client: string, name: string) =>
    made.run(client, () => {
      started.push(name);
      return name;
    });
  return { made, started, run };
}
