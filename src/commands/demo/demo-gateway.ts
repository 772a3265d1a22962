// Runs the gateway of the demo with a configuration that the demo can show, and keeps the last
// lines of its log.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Gateway, startGateway } from '../../app/app.js';
import { parseYaml } from '../../config/load.js';
import type { ResolvedConfig } from '../../config/resolved-config.js';
import { systemClock } from '../../launch/clock.js';
import { usesProxyOfNode } from '../../launch/proxy-of-node.js';
import { version } from '../../launch/version.js';
import { leasePort } from './leased-port.js';

const KEPT_LINES = 50;
/** About a second. */
const MAX_WAITS = 100;
/** The gateway writes the line of a request up to 50 ms after its answer. */
const LINE_DELAY_MS = 60;

export interface DemoGateway {
  readonly config: ResolvedConfig;
  /** The file with which `portcullis serve` would run the same gateway. */
  readonly yaml: string;
  readonly adminUrl: string;
  /** The last line of the log with this text. Waits for those of requests that have answers. */
  lastLine(text: string): Promise<string>;
  stop(): Promise<void>;
}

/**
 * `yamlFor` gets the port, because the public URL contains it. Without `port` the gateway takes a
 * free one. Rejects if it cannot listen there.
 */
export async function startDemoGateway(
  yamlFor: (port: number) => string,
  env: Readonly<Record<string, string>>,
  port?: number,
): Promise<DemoGateway> {
  const lease = port === undefined ? await leasePort() : { port, release: () => {} };
  const yaml = yamlFor(lease.port);
  let lines: readonly string[] = [];
  const keep = (text: string): void => {
    lines = [...lines, ...text.trim().split('\n')].slice(-KEPT_LINES);
  };
  let gateway: Gateway;
  let config: ResolvedConfig;
  try {
    config = parseYaml(yaml, env);
    gateway = await startGateway(config, {
      clock: systemClock,
      random: Math.random,
      usesProxy: usesProxyOfNode(),
      version: version(),
      destination: { write: (text) => keep(text.toString()) },
    });
  } catch (error) {
    lease.release();
    throw error;
  }
  return {
    config,
    yaml,
    adminUrl: `http://127.0.0.1:${gateway.adminAddress.port}`,
    async lastLine(text) {
      await sleep(LINE_DELAY_MS);
      for (let waits = 0; ; waits += 1) {
        const found = lines.findLast((line) => line.includes(text));
        if (found !== undefined || waits === MAX_WAITS) return found ?? '(no line yet)';
        await sleep(10);
      }
    },
    async stop() {
      await gateway.close(0);
      lease.release();
    },
  };
}
