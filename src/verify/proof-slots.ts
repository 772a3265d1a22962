// Bounds the work for tokens that the gateway has not proven yet. In one turn of the event loop,
// few of them start, and few signatures are checked: fewer still beside known callers. The rest
// waits, and client addresses take turns. So a flood of forged tokens delays no known caller, and
// no other address.
import { networkOf } from '../core/client-network.js';
import type { Exchange } from '../core/exchange.js';
import { verifyBusy } from '../core/failures.js';
import type { MaybeLater } from '../core/maybe-later.js';
import type { Result } from '../core/result.js';

export interface ProofSlots {
  /**
   * Runs the work for a token that a client presents. With a free slot it runs now, otherwise in
   * a later turn. Null: too many wait already, and the work never runs.
   */
  run<T>(clientAddress: string, work: () => MaybeLater<T>): MaybeLater<T> | null;
  /** Makes a short check of a signature: now, or in a later turn where this one has made a few. */
  check(isGenuine: () => boolean): MaybeLater<boolean>;
  /** Starts a check of a signature on a thread. It calls `done` once. A few run at once. */
  checkElsewhere(start: (done: () => void) => void): void;
  /** A caller whose credential needs no proof was here: turns are short for a while. */
  knownCaller(): void;
}

/** Bounds for one turn of the event loop. */
export interface TurnLimits {
  /** Tokens whose work starts. */
  readonly tokens: number;
  /** Short checks of signatures. A token without `kid` is tried with each key. */
  readonly checks: number;
}

export interface ProofLimits {
  readonly perTurn: TurnLimits;
  readonly besideKnown: TurnLimits;
  /** Checks of signatures: those of this turn and those on threads. */
  readonly checks: number;
  /**
   * Tokens that wait. Each network may have an equal part, and one part stays free: so no few
   * networks fill the queue, and a new one finds room.
   */
  readonly waiting: number;
}

type Start = () => void;

/** Turns with new tokens in which a known caller counts: about 0.1 s. */
const KNOWN_TURNS = 100;

/** A promise of the result of `work`, and what makes it. */
function laterResult<T>(work: () => MaybeLater<T>): { start: Start; result: Promise<T> } {
  let start: Start = () => {};
  const result = new Promise<T>((resolve, reject) => {
    start = () => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    };
  });
  return { start, result };
}

export function createProofSlots(limits: ProofLimits): ProofSlots {
  /** By network, in the order of their turns. */
  const queues = new Map<string, Start[]>();
  /** Checks of tokens that began before: they waited for keys, or are tried with another key. */
  const late: Start[] = [];
  let waiting = 0;
  let started = 0;
  /** Checks of this turn, and checks on threads. */
  let checked = 0;
  let elsewhere = 0;
  let isTurnPlanned = false;
  let knownTurns = 0;
  let turn = limits.perTurn;

  const mayCheck = (): boolean => checked < turn.checks && checked + elsewhere < limits.checks;
  /** False while checks are late: they take each place that becomes free. */
  const hasSlot = (): boolean => started < turn.tokens && mayCheck();

  function planTurn(): void {
    if (isTurnPlanned) return;
    isTurnPlanned = true;
    setImmediate(nextTurn);
  }

  function nextTurn(): void {
    isTurnPlanned = false;
    started = 0;
    checked = 0;
    if (knownTurns > 0) knownTurns--;
    turn = knownTurns > 0 ? limits.besideKnown : limits.perTurn;
    goOn();
  }

  function goOn(): void {
    while (late.length > 0 && mayCheck()) (late.shift() as Start)();
    startWaiting();
  }

  function takeSlot(): void {
    started++;
    planTurn();
  }

  function checkNow(isGenuine: () => boolean): boolean {
    checked++;
    planTurn();
    return isGenuine();
  }

  /** One of each network in turn. */
  function startWaiting(): void {
    while (waiting > 0 && hasSlot()) {
      const [network, queue] = queues.entries().next().value as [string, Start[]];
      const start = queue.shift() as Start;
      // A map that changes often leaves old tables, which keep requests until a full collection.
      const isLast = queue.length === 0;
      if (isLast || queues.size > 1) queues.delete(network);
      if (!isLast) queues.set(network, queue);
      waiting--;
      takeSlot();
      start();
    }
  }

  function enqueue(network: string, start: Start): boolean {
    const queue = queues.get(network) ?? [];
    const part = limits.waiting / (queues.size + 1);
    if (waiting >= limits.waiting || queue.length >= part) return false;
    if (queue.push(start) === 1) queues.set(network, queue);
    waiting++;
    return true;
  }

  function startElsewhere(start: (done: () => void) => void): void {
    elsewhere++;
    start(() => {
      elsewhere--;
      goOn();
    });
  }

  return {
    run<T>(clientAddress: string, work: () => MaybeLater<T>): MaybeLater<T> | null {
      if (waiting === 0 && hasSlot()) {
        takeSlot();
        return work();
      }
      const { start, result } = laterResult(work);
      return enqueue(networkOf(clientAddress), start) ? result : null;
    },
    check(isGenuine) {
      if (mayCheck()) return checkNow(isGenuine);
      const { start, result } = laterResult(() => checkNow(isGenuine));
      late.push(start);
      return result;
    },
    checkElsewhere(start) {
      if (mayCheck()) startElsewhere(start);
      else late.push(() => startElsewhere(start));
    },
    knownCaller() {
      knownTurns = KNOWN_TURNS;
      turn = limits.besideKnown;
    },
  };
}

/**
 * The process has one event loop and one thread pool, so its gateways share the slots. With more
 * starts in a turn, known callers wait longer. With fewer, a flood of good new tokens is slower.
 * Measured: 4 in place of 8 are 0.6 of the wait, and 0.86 of the rate. A queue of this length is
 * empty after about half a second.
 */
export const proofSlots = createProofSlots({
  perTurn: { tokens: 8, checks: 8 },
  besideKnown: { tokens: 4, checks: 8 },
  checks: 16,
  waiting: 4_096,
});

/** Runs the work for a new token in a slot of the process. A failure where too many wait. */
export const inProofSlot = <T>(
  client: Pick<Exchange, 'clientAddress'> | undefined,
  work: () => MaybeLater<Result<T>>,
): MaybeLater<Result<T>> =>
  proofSlots.run(client?.clientAddress ?? '', work) ??
  verifyBusy({ detail: 'too many new tokens wait for a check', retryAfterSeconds: 1 });
