// Starts the gateways of a run: the configuration of bench/everything.yaml, or the same without
// policy, with the ports of the run.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { startConfigured } from '../../test/fixtures/launch.js';
import { folder, own } from './folders.mjs';

/** The whole configuration, as text, without the two listeners that the start adds. */
export function configurationOf(text, { plain, upstream, issuer }) {
  const { listen, admin, issuers, endpoints, metrics, ...rest } = parse(text);
  const [{ tools, limits, ...endpoint }] = endpoints;
  const policy = plain ? {} : { tools, limits };
  const { issuer: name } = issuers.bench;
  return {
    ...rest,
    ...(plain ? {} : { metrics }),
    issuers: {
      bench: { issuer: name, jwksUri: `${issuer}/jwks`, metadataMirror: { enabled: false } },
    },
    endpoints: [{ ...endpoint, ...policy, upstream: `${upstream}/mcp` }],
  };
}

/** A gateway as a target. Its log is deleted at the end: it has a line for each call. */
export async function startGatewayTarget(name, { main, node, plain, upstream, issuer }) {
  const logFile = join(folder('gateways'), `${name.replaceAll(/\W+/g, '-')}.log`);
  const text = readFileSync(own('../everything.yaml'), 'utf8');
  const config = configurationOf(text, { plain, upstream, issuer });
  const { port, pid, stop } = await startConfigured({ main, node, logFile, config });
  const end = async () => {
    await stop();
    rmSync(logFile, { force: true });
  };
  return { name, port, pid, verifies: true, notes: new Set(), stop: end };
}
