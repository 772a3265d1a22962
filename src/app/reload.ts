// Reloads the configuration and the API keys of a running gateway. A part with a problem stays as
// it is, and one line of the log says why. A rejected configuration keeps no removed key alive,
// unless it cannot be read at all.
import { registryNotices } from '../config/key-notices.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import { startNotices } from '../config/start-notices.js';
import type { ApiKey } from '../core/api-key.js';
import type { Notify } from '../core/notice.js';
import { inSlices } from '../core/slices.js';
import type { ConfigState, ReloadPart, ReloadState } from '../observe/gateway-state.js';
import type { ApiKeyRegistry, KeyChanges } from '../verify/api-keys.js';
import { configState } from './config-state.js';
import { endpointChanges, endpointFields } from './endpoint-changes.js';

/** Reads what the gateway started with once more. Each function returns the text of problems. */
export interface ReloadSource {
  readConfig(): ResolvedConfig | string | Promise<ResolvedConfig | string>;
  /**
   * The keys of the configuration and those of its `apiKeysFile`, in slices. `known`: the entry
   * that the gateway has with a SHA-256.
   */
  readKeys(
    config: ResolvedConfig,
    known: (sha256: string) => ApiKey | undefined,
  ): Promise<readonly ApiKey[] | string>;
  /** The parts that this source cannot read again; null: it reads everything. */
  readonly limits: string | null;
}

export interface ReloadDependencies {
  readonly apiKeys: ApiKeyRegistry;
  readonly notify: Notify;
  readonly wallMs: () => number;
  /** The active configuration. */
  active(): ResolvedConfig;
  /**
   * Opens the destinations of audit and traces, and resolves to the function that makes them the
   * active ones. Rejects with an Error that says how to fix it. `keys`: those that will be active.
   */
  prepare(config: ResolvedConfig, keys: readonly ApiKey[]): Promise<() => void>;
  /** Builds and warms a runtime. Resolves to the function that makes it the active one. */
  build(config: ResolvedConfig): Promise<() => void>;
  /** The keys of the registry changed, and no configuration with them. */
  keysChanged(): void;
  /** True from the beginning of the shutdown on. */
  isStopping(): boolean;
}

export interface Reloads {
  /**
   * Reloads after a reload that runs already. Calls that wait together cause one, the last.
   * Resolves to null, or to the text of the problems of a part that stays as it was.
   */
  reload(source: ReloadSource): Promise<string | null>;
  states(): ReloadState[];
  config(): ConfigState;
}

/** `one problem\n  other`: one line of the log. */
const oneLine = (text: string): string => {
  const [first = '', ...rest] = text.replace(/\.$/, '').split(/\n\s*/);
  return rest.length === 0 ? first : `${first}: ${rest.join('; ')}`;
};

/** A process keeps the environment that it started with. */
const NEW_VARIABLES =
  ' (a running process gets no new variables: write the secret into a file with ${file:...}, or ' +
  'restart)';

const withVariableHint = (text: string): string =>
  /: the variable \S+ is not set; set it\b/.test(text) ? text + NEW_VARIABLES : text;

/** The settings that belong to the open listeners and to the processes, and their text. */
const FIXED: Readonly<Record<string, (config: ResolvedConfig) => string>> = {
  listen: ({ listen: { host, port } }) => `${host}:${port}`,
  admin: ({ admin: { host, port } }) => `${host}:${port}`,
  workers: ({ workers }) => String(workers),
};

function fixedProblems(before: ResolvedConfig, after: ResolvedConfig): string | null {
  const changes = Object.entries(FIXED).flatMap(([name, textOf]) => {
    const [is, wouldBe] = [textOf(before), textOf(after)];
    return is === wouldBe ? [] : [`${name} is ${is} and would be ${wouldBe}`];
  });
  if (changes.length === 0) return null;
  return `${changes.join('; ')}; a running gateway keeps these: restart to change it`;
}

/** Old keys of the file, beside the keys of a new configuration. */
function besides(own: readonly ApiKey[], keys: Iterable<ApiKey>, before: ResolvedConfig): ApiKey[] {
  const taken = new Set(
    [...own, ...before.apiKeys].flatMap(({ name, sha256 }) => [`n${name}`, `h${sha256}`]),
  );
  return [...keys].filter(({ name, sha256 }) => !taken.has(`n${name}`) && !taken.has(`h${sha256}`));
}

/** The keys that a newer configuration still has. */
const kept = (own: readonly ApiKey[], newer: readonly ApiKey[]): readonly ApiKey[] => {
  const hashes = new Set(newer.map(({ sha256 }) => sha256));
  return own.filter(({ sha256 }) => hashes.has(sha256));
};

const hasKeys = ({ apiKeys, apiKeysFile }: ResolvedConfig): boolean =>
  apiKeys.length > 0 || apiKeysFile !== null;

const NEW_IDENTITY_KEY =
  'the gateway did not publish the first key of identity.keys before this reload. Upstreams may ' +
  'reject calls until they fetch the keys again (jose: up to 30 seconds). Next time write the new ' +
  'key second, reload, wait, and then write it first';

/** True: the gateway did not publish the key that signs identity JWTs from now on. */
function signsWithNewKey(
  { identity: before }: ResolvedConfig,
  { identity }: ResolvedConfig,
): boolean {
  const [first] = identity?.keys ?? [];
  if (before === null || first === undefined) return false;
  return !before.keys.some((key) => key.reveal() === first.reveal());
}

const STARTED = { succeeded: 0, failed: 0, isUp: true, lastMs: null, problems: null };

const STOPPING = 'the gateway is stopping; the next start reads the files';

export function createReloads(dependencies: ReloadDependencies): Reloads {
  const { apiKeys, notify, wallMs, active, prepare, build, keysChanged, isStopping } = dependencies;
  const states: Record<ReloadPart, Omit<ReloadState, 'part'>> = {
    config: { ...STARTED, lastSuccessMs: wallMs() },
    api_keys: { ...STARTED, lastSuccessMs: wallMs() },
  };
  /** The keys of the active configuration, without those that a rejected one no longer had. */
  let ownKeys = active().apiKeys;
  let current = configState(active());
  let running: Promise<string | null> = Promise.resolve(null);
  let waiting: Promise<string | null> | null = null;
  let latest: ReloadSource | null = null;
  /** The problems of the reload that runs. */
  let outcome: string | null = null;

  function succeeded(part: ReloadPart): void {
    const now = wallMs();
    const last = { isUp: true, lastMs: now, lastSuccessMs: now, problems: null };
    states[part] = { ...states[part], succeeded: states[part].succeeded + 1, ...last };
  }
  function failed(part: ReloadPart, problems: string): void {
    outcome ??= problems;
    const text = withVariableHint(oneLine(problems));
    const last = { isUp: false, lastMs: wallMs(), problems: text };
    states[part] = { ...states[part], failed: states[part].failed + 1, ...last };
    const detail = `${/[.?!]$/.test(text) ? text : `${text}.`} ${
      part === 'config'
        ? 'The gateway keeps the configuration that it runs with'
        : 'The gateway keeps the last good keys'
    }`;
    notify({ event: `${part}.reload_failed`, level: 'error', detail });
  }
  function keysReloaded(keys: readonly ApiKey[], changes: KeyChanges): void {
    succeeded('api_keys');
    notify({ event: 'api_keys.reloaded', level: 'info', count: keys.length, ...changes });
    for (const notice of registryNotices(active(), keys, wallMs())) notify(notice);
  }

  /** The keys alone: the configuration has problems. */
  async function reloadKeys(source: ReloadSource): Promise<void> {
    const config = active();
    if (!hasKeys(config)) return;
    const read = await source.readKeys({ ...config, apiKeys: ownKeys }, apiKeys.withHash);
    const isRead = typeof read !== 'string';
    const keys = isRead ? read : [...ownKeys, ...besides(ownKeys, apiKeys.all(), config)];
    const replace = await inSlices(apiKeys.prepare(keys));
    if (isStopping()) return;
    const changes = replace();
    keysChanged();
    if (isRead) keysReloaded(keys, changes);
    else failed('api_keys', read);
  }

  /** False where the active configuration stays. */
  async function reloadConfig(source: ReloadSource): Promise<string | null> {
    const config = await source.readConfig();
    if (typeof config === 'string') return config;
    const before = active();
    // A key that is gone from it ends, whatever happens to the rest.
    ownKeys = kept(ownKeys, config.apiKeys);
    const fixed = fixedProblems(before, config);
    if (fixed !== null) return fixed;
    const read = await source.readKeys(config, apiKeys.withHash);
    const isRead = typeof read !== 'string';
    // As at the start: there are no last good keys of another file.
    if (!isRead && config.apiKeysFile !== before.apiKeysFile) return read;
    const fileKeys = isRead ? [] : besides(config.apiKeys, apiKeys.all(), before);
    const keys = isRead ? read : [...config.apiKeys, ...fileKeys];
    const replace = await inSlices(apiKeys.prepare(keys));
    const differences = await inSlices(endpointChanges(before, config));
    const activate = await build(config);
    const useDestinations = await prepare(config, keys).catch((error: Error) => error.message);
    if (typeof useDestinations === 'string') return useDestinations;
    if (isStopping()) return 'the gateway is stopping';
    // From here to the line there is no wait: no request meets the keys of one configuration and
    // the endpoints of another.
    const changes = replace();
    activate();
    useDestinations();
    ownKeys = config.apiKeys;
    succeeded('config');
    current = configState(config, current);
    const detail = source.limits ?? undefined;
    const { generation, hash: configHash } = current;
    const what = { ...endpointFields(config), ...differences, generation, configHash };
    notify({ event: 'config.reloaded', level: 'info', ...what, detail });
    if (signsWithNewKey(before, config))
      notify({ event: 'identity.new_key_signs', level: 'warn', detail: NEW_IDENTITY_KEY });
    const known = new Set(startNotices(before).map((notice) => JSON.stringify(notice)));
    for (const notice of startNotices(config))
      if (!known.has(JSON.stringify(notice))) notify(notice);
    if (!isRead) failed('api_keys', read);
    else if (hasKeys(config) || hasKeys(before)) keysReloaded(keys, changes);
    return null;
  }

  async function run(): Promise<string | null> {
    const source = latest as ReloadSource;
    waiting = null;
    outcome = null;
    if (isStopping()) {
      notify({ event: 'config.reload_ignored', level: 'warn', detail: STOPPING });
      return STOPPING;
    }
    const problems = await reloadConfig(source).catch(String);
    if (problems !== null && !isStopping()) {
      failed('config', problems);
      await reloadKeys(source).catch((error: unknown) => failed('api_keys', String(error)));
    }
    return outcome ?? problems;
  }

  return {
    config: () => current,
    reload(source) {
      latest = source;
      waiting ??= running.then(run);
      running = waiting;
      return running;
    },
    states: () => [
      { part: 'config', ...states.config },
      ...(hasKeys(active()) ? [{ part: 'api_keys' as const, ...states.api_keys }] : []),
    ],
  };
}
