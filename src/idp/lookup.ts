// Looks up host names for connections. Node looks up few names at once, so a name server that hangs
// for one tenant would stop new connections of all. Calls for one name share one lookup, and a slow
// lookup gives way to the last good addresses of its name.
import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Callback = Parameters<LookupFunction>[2];
/** The system's lookup, of which a test can choose the answers. */
export type SystemLookup = (
  hostname: string,
  options: LookupOptions,
  callback: (
    error: NodeJS.ErrnoException | null,
    address: string | LookupAddress[],
    family?: number,
  ) => void,
) => void;

type Answer = readonly [address: string | LookupAddress[], family: number | undefined];

interface Flight {
  waiting: Callback[];
  /** True once it has lasted SLOW_MS. */
  isSlow: boolean;
}

/** A name server that is near takes 1 ms, and some 100 ms where it has to ask others. */
const SLOW_MS = 500;
/** Later the address may belong to another server. */
const KEPT_MS = 600_000;
/** Names come from the configuration and from metadata of issuers. */
const NAMES = 10_000;

export function createLookup(lookUp: SystemLookup = systemLookup): LookupFunction {
  const flights = new Map<string, Flight>();
  const known = new Map<string, { readonly answer: Answer; readonly atMs: number }>();

  function lastGood(key: string): Answer | null {
    const last = known.get(key);
    return last !== undefined && performance.now() - last.atMs < KEPT_MS ? last.answer : null;
  }

  function remember(key: string, answer: Answer): void {
    known.delete(key);
    if (known.size === NAMES) known.delete(known.keys().next().value as string);
    known.set(key, { answer, atMs: performance.now() });
  }

  function settle(flight: Flight, error: NodeJS.ErrnoException | null, answer: Answer): void {
    const { waiting } = flight;
    flight.waiting = [];
    for (const callback of waiting) callback(error, answer[0], answer[1]);
  }

  function start(hostname: string, options: LookupOptions, key: string): Flight {
    const flight: Flight = { waiting: [], isSlow: false };
    flights.set(key, flight);
    const timer = setTimeout(() => {
      flight.isSlow = true;
      const answer = lastGood(key);
      if (answer !== null) settle(flight, null, answer);
    }, SLOW_MS).unref();
    lookUp(hostname, options, (error, address, family) => {
      clearTimeout(timer);
      flights.delete(key);
      const answer: Answer = [address, family];
      if (error === null) remember(key, answer);
      // The name server did not answer. Where it says that the name is gone, the name is gone.
      const last = error?.code === 'EAI_AGAIN' ? lastGood(key) : null;
      settle(flight, last === null ? error : null, last ?? answer);
    });
    return flight;
  }

  return (hostname, options, callback) => {
    const key = JSON.stringify([hostname, options]);
    const flight = flights.get(key) ?? start(hostname, options, key);
    const answer = flight.isSlow ? lastGood(key) : null;
    if (answer === null) flight.waiting.push(callback);
    else queueMicrotask(() => callback(null, answer[0], answer[1]));
  };
}

/** All connections to upstreams and issuers share it. */
export const lookup = createLookup();
