// Measures the chosen works at all targets. A target that fails at a work has no figure there, and
// a note says why.
import { inTurns } from '../turns.mjs';
import { callSlice, works } from './works.mjs';

/** The time until the code is optimized; the gateway has more code than the floor. */
const WARM_SECONDS = 4;
/** Later works find most of the code optimized. */
const WARM_AGAIN_SECONDS = 0.5;
/** A slice also starts a process and reads its requests. */
const SLICE_EXTRA_SECONDS = 0.15;

export const chosenWorks = (only) =>
  only === undefined ? works : works.filter(({ name }) => only.includes(name));

const roundsOf = (work, rounds) => work.rounds?.(rounds) ?? rounds;

/** The time of the run, roughly, in seconds. */
export function estimate(chosen, targets, { rounds, seconds }) {
  const one = (work) =>
    roundsOf(work, rounds) * ((work.seconds?.(seconds) ?? seconds) + SLICE_EXTRA_SECONDS) +
    (work.warms ? WARM_AGAIN_SECONDS + SLICE_EXTRA_SECONDS : 0);
  return targets * (WARM_SECONDS + chosen.reduce((sum, work) => sum + one(work), 0));
}

/** The targets that do the work right. The others get a note, and no row. */
async function ready(targets, prepare) {
  const found = [];
  for (const target of targets) {
    try {
      await prepare(target);
      found.push(target);
    } catch (error) {
      target.notes.add(error.message);
    }
  }
  return found;
}

async function measureWork(lab, work, targets, { rounds, seconds }) {
  const warm = (target) => (work.warms ? work.run(lab, target, WARM_AGAIN_SECONDS) : undefined);
  let able = await ready(targets, warm);
  for (;;) {
    let failed;
    const run = async (target) => {
      failed = target;
      return work.run(lab, target, seconds);
    };
    try {
      const slices = await inTurns(able, roundsOf(work, rounds), run);
      return new Map(able.map((target, at) => [target.name, slices[at]]));
    } catch (error) {
      // The others are measured again, without it: a round needs all of its slices.
      failed.notes.add(`${work.name}: ${error.message}`);
      able = able.filter((target) => target !== failed);
      if (able.length === 0) return new Map();
    }
  }
}

/** Resolves with the slices by work and target. */
export async function measureAll(lab, chosen, targets, options, say) {
  const warm = { tool: 'json', tokens: 'hot', connections: 32, seconds: WARM_SECONDS };
  const results = new Map();
  for (const [at, work] of chosen.entries()) {
    // Memory is measured before any load.
    if (at === (chosen[0].name === 'held' ? 1 : 0))
      for (const target of targets) await callSlice(lab, target, warm);
    const began = performance.now();
    results.set(work.name, await measureWork(lab, work, targets, options));
    const took = ((performance.now() - began) / 1000).toFixed(0);
    say(`${at + 1} of ${chosen.length}: ${work.name}, ${took} s`);
  }
  return results;
}
