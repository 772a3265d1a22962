// Checks that no call is lost, and that each stream resumes, while two replicas restart one after
// another under load.
import { setTimeout as sleep } from 'node:timers/promises';
import { callTool } from './calls.mjs';
import { holdStreams } from './checks-resume.mjs';

const CALLS = 20_000;
const KEPT = 12;
const FRESH = 4;
const MOST_MS = 600_000;
/** Load before, between and after the restarts. A front must see that a replica is back. */
const PAUSE_MS = 4_000;

export async function checkLoad({ world, client, report, servers }) {
  const streams = await holdStreams({ world, servers });
  const state = { done: 0, again: 0, lost: new Map(), goesOn: true };
  const lose = (why) => state.lost.set(why, (state.lost.get(why) ?? 0) + 1);
  async function work(fresh) {
    while (state.goesOn) {
      const answer = await client.call(callTool(world, 'lab', 'answer', { fresh }));
      state.done += 1;
      state.again += answer.again;
      const isGood = answer.whole && answer.status === 200 && answer.body.includes('done');
      if (isGood) continue;
      lose(`${answer.status ?? 'no answer'} ${answer.error ?? answer.body.slice(0, 80)}`);
    }
  }
  const startedAt = performance.now();
  const workers = [
    ...Array.from({ length: KEPT }, () => work(false)),
    ...Array.from({ length: FRESH }, () => work(true)),
  ];
  for (const replica of world.replicas) {
    await sleep(PAUSE_MS);
    await replica.restart();
  }
  await sleep(PAUSE_MS);
  while (state.done < CALLS && performance.now() - startedAt < MOST_MS) await sleep(200);
  state.goesOn = false;
  await Promise.all(workers);
  await streams.check(report);
  const lost = [...state.lost.values()].reduce((sum, count) => sum + count, 0);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const why = [...state.lost].slice(0, 4).map(([text, count]) => `${count} x ${text}`);
  report(
    'two replicas restart under load',
    lost === 0 && state.done >= CALLS,
    `${lost} of ${state.done} lost in ${seconds} s, ${state.again} sent again ${why.join('; ')}`.trim(),
  );
}
