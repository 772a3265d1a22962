// The parts that the scripts with real MCP clients share: the MCP Inspector, a browser that does
// nothing, and the gateway between the demo's identity provider and MCP server.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment, startGateway } from '../../test/fixtures/launch.js';
import { install, nodeFolder, nodeRelease } from './packages.mjs';

const INSPECTOR = ['@modelcontextprotocol/inspector', '2.12.0'];
/** The Node version that this release of the Inspector needs, from its `engines`. */
const NEEDS = [22, 19];
const NODE = '22.23.3';
const SCOPE = 'demo:use';
/** Variables by which a client knows that it has a screen for a browser, or a user to ask. */
const OF_A_DESKTOP =
  /^(DISPLAY|WAYLAND_DISPLAY|XDG_.*|DESKTOP_SESSION|DBUS_.*|GNOME_.*|KDE_.*|BROWSER|MCP_.*)$/;
const OPENERS = ['browser', 'xdg-open', 'open', 'gio', 'x-www-browser', 'sensible-browser'];

export const scratchOf = (name) =>
  fileURLToPath(new URL(`../../.scratch/${name}/`, import.meta.url));

/**
 * Installs the Inspector, and a Node for it if this one is too old. Returns the command and its
 * first arguments; the Inspector's own come after them.
 */
export async function prepareInspector(say) {
  const home = scratchOf('inspector');
  const [major, minor] = process.versions.node.split('.').map(Number);
  const own = major > NEEDS[0] || (major === NEEDS[0] && minor >= NEEDS[1]);
  await install(home, own ? [INSPECTOR] : [INSPECTOR, nodeRelease(NODE)], say);
  const node = own ? process.execPath : join(nodeFolder(home), 'node');
  const launcher = join(
    home,
    'node_modules',
    INSPECTOR[0],
    'clients',
    'launcher',
    'build',
    'index.js',
  );
  say(`Inspector ${INSPECTOR[1]} on Node ${own ? process.versions.node : NODE}`);
  return { home, command: node, args: [launcher, '--cli'] };
}

/**
 * An environment in which a client stores its files in `home` and opens no browser. The commands
 * that open one are replaced by scripts that do nothing.
 */
export function headless(home) {
  const bin = join(home, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const name of OPENERS) {
    writeFileSync(join(bin, name), '#!/bin/sh\nexit 0\n');
    chmodSync(join(bin, name), 0o755);
  }
  const kept = Object.entries(cleanEnvironment()).filter(([name]) => !OF_A_DESKTOP.test(name));
  const { PATH = '' } = process.env;
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    PATH: `${bin}${delimiter}${PATH}`,
    BROWSER: join(bin, 'browser'),
    NO_COLOR: '1',
  };
}

/**
 * Starts the real parts: the demo's identity provider and MCP server in this process, and the
 * gateway as a process in front of them.
 */
export async function startParts(home, opened) {
  const { startIdp } = await import('../../compiled/commands/demo/idp.js');
  const { startDemoUpstream } = await import('../../compiled/commands/demo/upstream.js');
  const idp = await startIdp({ scopes: [SCOPE], tokenTtl: 600 });
  opened.push(() => idp.stop());
  const upstream = await startDemoUpstream();
  opened.push(() => upstream.stop());
  const logFile = join(home, 'gateway.log');
  const gateway = await startGateway({
    upstream: upstream.url,
    issuer: idp.issuer,
    scope: SCOPE,
    logFile,
  });
  opened.push(gateway.stop);
  idp.addResource(gateway.url, 'jwt');
  return {
    url: gateway.url,
    upstream,
    issuer: idp.issuer,
    token: () => idp.token({ resource: gateway.url, scope: SCOPE }),
  };
}
