// One issuer for `check`: the runtime that the gateway would build, with a record of the answers
// that it got. It sends nothing until a check asks it to.
import type { ResolvedIssuer } from '../config/resolved-config.js';
import type { Clock } from '../core/clock.js';
import type { Notice } from '../core/notice.js';
import type { Fetched, FetchJson } from '../idp/fetch-json.js';
import { createIssuerRuntime, type IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import type { RuntimeDependencies } from './shared-parts.js';

export interface CheckDependencies {
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly fetchJson: FetchJson;
  /** A text that no server knows as a token, for requests that a server must reject. */
  readonly madeUp: string;
}

/** The answers of the servers of one check. */
export interface RecordedFetch {
  readonly fetchJson: FetchJson;
  /** The last answer of a URL. */
  answerOf(url: string): Fetched | undefined;
  /** The answers in their order. */
  answers(): readonly Fetched[];
  /** The faults of connections, such as ECONNREFUSED. */
  faults(): readonly string[];
  /**
   * By how many ms the clock of a server is ahead, at most; negative: behind. Null: none named a
   * time.
   */
  aheadMs(): number | null;
}

/** The header has whole seconds, and names a moment between the request and its answer. */
function aheadOf(date: unknown, sentMs: number, answeredMs: number): number | null {
  const ms = Date.parse(String(date));
  if (Number.isNaN(ms)) return null;
  if (ms > answeredMs) return ms - answeredMs;
  return Math.min(0, ms + 1_000 - sentMs);
}

/** An issuer may have several servers. */
const farther = (some: number | null, other: number | null): number | null =>
  some !== null && (other === null || Math.abs(some) > Math.abs(other)) ? some : other;

function recordFetches(fetchJson: FetchJson, clock: Clock): RecordedFetch {
  const all: { readonly url: string; readonly fetched: Fetched }[] = [];
  let aheadMs: number | null = null;
  return {
    async fetchJson(request) {
      const sentMs = clock.wallMs();
      const fetched = await fetchJson(request);
      if (fetched.kind === 'answer')
        aheadMs = farther(aheadMs, aheadOf(fetched.headers.date, sentMs, clock.wallMs()));
      all.push({ url: request.url, fetched });
      return fetched;
    },
    answerOf: (url) => all.findLast((one) => one.url === url)?.fetched,
    answers: () => all.map(({ fetched }) => fetched),
    faults: () =>
      all.flatMap(({ fetched }) => (fetched.kind === 'transport' ? fetched.detail : [])),
    aheadMs: () => aheadMs,
  };
}

/** The surroundings of a part of a runtime, without timers, and a record of what it fetches. */
export function recordedSurroundings(
  { clock, random, fetchJson }: Pick<CheckDependencies, 'clock' | 'random' | 'fetchJson'>,
  notify: RuntimeDependencies['notify'] = () => {},
): { readonly recorded: RecordedFetch; readonly surroundings: RuntimeDependencies } {
  const recorded = recordFetches(fetchJson, clock);
  const schedule = () => () => {};
  return {
    recorded,
    surroundings: { clock, random, notify, fetchJson: recorded.fetchJson, schedule },
  };
}

export interface IssuerProbe extends RecordedFetch {
  readonly config: ResolvedIssuer;
  readonly runtime: IssuerRuntime;
  readonly notices: readonly Notice[];
}

export function probeIssuer(config: ResolvedIssuer, dependencies: CheckDependencies): IssuerProbe {
  const notices: Notice[] = [];
  const notify = (notice: Notice): void => void notices.push(notice);
  const { recorded, surroundings } = recordedSurroundings(dependencies, notify);
  const runtime = createIssuerRuntime(config, surroundings);
  return { config, runtime, notices, ...recorded };
}

/** A web page: the URL is then usually that of another server. */
export const isPage = (fetched: Fetched | undefined): boolean =>
  fetched?.kind === 'answer' && /^\s*text\/html/i.test(String(fetched.headers['content-type']));
