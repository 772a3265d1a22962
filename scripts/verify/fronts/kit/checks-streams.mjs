// Checks event streams through a front: the delay of each event, a quiet stream, a cut, and a
// client that leaves.
import { setTimeout as sleep } from 'node:timers/promises';
import { callTool, get } from './calls.mjs';
import { now } from './wire.mjs';

const LAG_MS = 100;
const STREAMS = 2000;
const STREAMS_AT_ONCE = 16;
const HEAD_MS = 1000;
/** The comments come every 15 s, or every 5 s at the endpoint `quick`. */
const COMMENTS_MS = 16_500;
const LEFT_MS = 50_000;
const STREAM_MS = 60_000;

/** Events that the server sends 100 ms apart. */
async function lag({ world, client, report }) {
  const lags = [];
  const onData = (chunk, at) => {
    for (const [, sentAt] of chunk.latin1Slice().matchAll(/"at":([\d.]+)/g)) lags.push(at - sentAt);
  };
  const answer = await client.call(callTool(world, 'lab', 'ticks', { onData }));
  const worst = Math.max(...lags).toFixed(0);
  const isGood = answer.whole && lags.length === 10 && worst < LAG_MS;
  report('delay of 10 events', isGood, `${lags.length} events, at most ${worst} ms`);
}

/** Calls whose result comes on a stream, many at once. */
async function brief({ world, client, report }) {
  let done = 0;
  const lost = [];
  const work = async () => {
    while (done < STREAMS) {
      done += 1;
      const answer = await client.call(callTool(world, 'lab', 'brief'));
      if (!answer.body.includes('done'))
        lost.push(`${answer.status ?? 'no answer'} ${answer.error ?? answer.body}`.trim());
    }
  };
  await Promise.all(Array.from({ length: STREAMS_AT_ONCE }, work));
  const seen = `${lost.length} of ${done} lost ${[...new Set(lost)].slice(0, 3).join('; ')}`;
  report('results on streams', lost.length === 0, seen.trim());
}

/** A stream without an event: when its head and its comments arrive. */
async function quiet({ world, client, report }, name, comments) {
  const times = [];
  const leaving = new AbortController();
  const startedAt = now();
  let headMs;
  const onHead = ({ headAt }) => {
    headMs = headAt - startedAt;
  };
  const onData = (_chunk, at) => times.push(((at - startedAt) / 1000).toFixed(1));
  const more = { onHead, onData, endOn: leaving.signal, ms: STREAM_MS, fresh: true };
  const call = client.call(callTool(world, name, 'quiet', more));
  await sleep(COMMENTS_MS);
  leaving.abort();
  await call;
  const head = headMs === undefined ? 'never' : `after ${headMs.toFixed(0)} ms`;
  report(`quiet stream, ${name}: head`, headMs < HEAD_MS, head);
  const isGood = times.filter((seconds) => seconds > 2).length >= comments;
  report(`quiet stream, ${name}: comments`, isGood, `at ${times.join(', ')} s`);
}

/** Waits until the MCP server has this many quiet streams. Null: it has not in time. */
async function untilQuietStreams(servers, count) {
  const startedAt = now();
  while (now() - startedAt < LEFT_MS) {
    const open = await (await fetch(`${servers.lab.origin}/quiet`)).text();
    if (Number(open) === count) return now() - startedAt;
    await sleep(100);
  }
  return null;
}

/** The time until the MCP server sees that a client has left its stream. */
async function left({ world, client, report, servers }, name, at) {
  // A stream of an earlier check may still be open.
  await untilQuietStreams(servers, 0);
  const leaving = new AbortController();
  const more = { endOn: leaving.signal, ms: STREAM_MS, fresh: true };
  const call = client.call(callTool(world, name, 'quiet', more));
  await sleep(at);
  const isOpen = (await untilQuietStreams(servers, 1)) !== null;
  leaving.abort();
  await call;
  const ms = isOpen ? await untilQuietStreams(servers, 0) : null;
  const text = ms === null ? 'never' : `after ${(ms / 1000).toFixed(1)} s`;
  report(`a client that left is seen, ${name}`, ms !== null, text);
}

/** The server drops the stream of a call. The gateway adds an error for the caller. */
async function cutCall({ world, client, report }) {
  const answer = await client.call(callTool(world, 'lab', 'cut', { fresh: true }));
  const isTold = answer.body.includes('"error"');
  report('a cut call', isTold, isTold ? 'ends with an error' : `${answer.error} ${answer.body}`);
}

/** The server drops a GET stream. `cutReadsAsWhole` marks the variants that hide this. */
async function cutStream({ world, client, report }) {
  const answer = await client.call(get(world, 'lab', { fresh: true }));
  const isHidden = world.variant.cutReadsAsWhole === true;
  const label = `a cut GET stream${isHidden ? ' (hidden, as documented)' : ''}`;
  const text = answer.whole ? 'reads as whole' : `seen: ${answer.error}`;
  report(label, answer.status === 200 && answer.whole === isHidden, text);
}

export async function checkStreams(context) {
  await lag(context);
  await brief(context);
  await cutCall(context);
  await cutStream(context);
  await Promise.all([quiet(context, 'lab', 1), quiet(context, 'quick', 3)]);
  await left(context, 'quick', 1000);
  await left(context, 'lab', 1000);
}
