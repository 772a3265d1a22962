// Starts all targets of a run, measures the works in turns, and ends what it started.
import { execFileSync } from 'node:child_process';
import { startOwn, whileKept } from '../processes.mjs';
import { startGatewayTarget } from './gateways.mjs';
import { startIssuer } from './issuer.mjs';
import { busyLoad, machine } from './machine.mjs';
import { estimate, measureAll } from './measure.mjs';
import { FLOOR, OLD, OWN, VERIFYING_FLOOR } from './names.mjs';
import { nativePrograms } from './native.mjs';
import { startUpstream } from './native-run.mjs';
import { startPeer } from './peers/all.mjs';
import { AUDIENCE, ISSUER, jwk, tokensOf } from './tokens.mjs';
import { checkTarget } from './works.mjs';

/** A load average above this is not from the start of the targets alone. */
const BUSY = 3;

async function startFloor(name, { node, args }) {
  const { port, pid, stop } = await startOwn('floor.mjs', { node, args });
  return { name, port, pid, verifies: args.length > 1, notes: new Set(), stop };
}

/** The starts of all targets, in the order of the table. Null for a peer that is left out. */
function plans({ nodes, plain, old, peers }, { upstream, issuer, say }) {
  const node = nodes[0].path;
  const { origin } = upstream;
  const trust = JSON.stringify({ jwk, issuer: ISSUER, audience: AUDIENCE });
  const gateway = (name, more) =>
    startGatewayTarget(name, { node, plain, upstream: origin, issuer, ...more });
  const name = ({ version }) => (nodes.length === 1 ? OWN : `Node ${version}`);
  return [
    () => startFloor(FLOOR, { node, args: [origin] }),
    () => startFloor(VERIFYING_FLOOR, { node, args: [origin, trust] }),
    ...nodes.map((one) => () => gateway(name(one), { node: one.path })),
    ...(old === undefined ? [] : [() => gateway(OLD, { main: old })]),
    ...peers.map((peer) => () => startPeer(peer, { node, upstreamPort: upstream.port, say })),
  ];
}

/** A peer that accepts wrong tokens is left out. So is one that answers nothing. */
async function isRight(lab, target, say) {
  try {
    await checkTarget(lab, target);
    return true;
  } catch (error) {
    if (!target.isPeer) throw error;
    say(`${target.name} is left out: ${error.message}`);
    return false;
  }
}

const versionOf = (path) =>
  execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 }).trim().slice(1);

/** Resolves with the slices of all works, and the facts of the run. */
export async function runLab(options, works, say) {
  const programs = nativePrograms();
  say('signs 20,000 tokens, unless a run of the last 6 hours has left them');
  for (const kind of ['hot', 'unique', 'forged', 'expired']) tokensOf(kind);
  const nodes = options.nodes.map((path) => ({ path, version: versionOf(path) }));
  return whileKept(async (keep) => {
    const upstream = keep(await startUpstream(programs.upstream));
    const issuer = keep(await startIssuer());
    const lab = { load: programs.load, upstream };
    const targets = [];
    for (const start of plans({ ...options, nodes }, { upstream, issuer: issuer.url, say })) {
      const target = await start();
      if (target !== null && (await isRight(lab, keep(target), say))) targets.push(target);
    }
    const minutes = estimate(works, targets.length, options) / 60;
    say(`${targets.map(({ name }) => name).join(', ')}: about ${Math.ceil(minutes)} min`);
    const busy = busyLoad();
    const busyNote = `The machine was busy when the run began (load ${busy.toFixed(1)})`;
    if (busy > BUSY) say(busyNote);
    const slices = await measureAll(lab, works, targets, options, say);
    const own = targets.flatMap((target) => [...target.notes]);
    const notes = busy > BUSY ? [busyNote, ...own] : own;
    const versions = nodes.map(({ version }) => version);
    return {
      slices,
      targets: targets.map(({ name }) => name),
      notes,
      versions,
      machine: machine(),
    };
  });
}
