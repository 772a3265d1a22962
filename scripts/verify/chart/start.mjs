// Starts the gateway with the configuration of rendered objects, as the pod would: the same file,
// variables and secrets. Only the paths and the ports are those of this machine.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { startChild } from '../../../test/fixtures/child.js';
import {
  cleanEnvironment,
  gatewayMain,
  leasePort,
  untilServing,
} from '../../../test/fixtures/launch.js';
import { configurationOf } from '../../chart/render.mjs';

const STOP_MS = 10_000;
const MOUNT = '/etc/portcullis';

const podOf = (objects) => objects.find(({ kind }) => kind === 'Deployment').spec.template.spec;

/** A content that suits the file or the variable. */
const secretFor = (name) =>
  name.endsWith('.jsonl')
    ? `${JSON.stringify({ name: 'other', sha256: randomBytes(32).toString('hex') })}\n`
    : randomBytes(32).toString('base64');

/** Writes the files of the projected volume below `folder`. */
function writeMount(objects, folder, change = (text) => text) {
  const { volumes } = podOf(objects);
  const { projected } = volumes.find(({ name }) => name === 'portcullis');
  for (const { configMap, secret } of projected.sources)
    for (const { path } of (configMap ?? secret).items) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, configMap ? change(configurationOf(objects)) : secretFor(path));
    }
  return join(folder, 'portcullis.yaml');
}

/** Rejects if the gateway does not serve, or does not end at SIGTERM. */
export async function checkStart(objects, parent) {
  const folder = mkdtempSync(join(parent, 'mount-'));
  const [open, admin] = [await leasePort(), await leasePort()];
  const local = (text) => {
    const configuration = parse(text.replaceAll(MOUNT, folder));
    configuration.listen = { host: '127.0.0.1', port: open.port };
    configuration.admin = { ...configuration.admin, host: '127.0.0.1', port: admin.port };
    // The test waits for the end. The pause is the same code for each length.
    configuration.drain = { delaySeconds: 0 };
    return JSON.stringify(configuration);
  };
  const file = writeMount(objects, folder, local);
  const [{ args, env }] = podOf(objects).containers;
  const variables = env
    .filter(({ valueFrom }) => valueFrom !== undefined)
    .map(({ name }) => [name, 'Bearer of-the-check']);
  const options = { env: { ...cleanEnvironment(), ...Object.fromEntries(variables) } };
  const child = startChild(process.execPath, [gatewayMain, ...args, '--config', file], options);
  try {
    await untilServing(child, `http://127.0.0.1:${admin.port}`, '/healthz');
    await untilServing(child, `http://127.0.0.1:${open.port}`, '/readyz');
    const { code } = await child.stop('SIGTERM', STOP_MS);
    if (code !== 0) throw new Error(`exit code ${code}`);
  } catch (error) {
    throw new Error(`${error.message}\n${child.lines.join('\n')}`, { cause: error });
  } finally {
    await child.end();
    open.release();
    admin.release();
  }
}
