// The pages of a bridge on a real socket: the listener, the corridor, the public routes and the log
// of the gateway.
import { sendError } from '../../src/http/error-response.js';
import { createPublicRoutes } from '../../src/http/routes/public.js';
import { createListener, type Listener } from '../../src/http/server.js';
import { createLog } from '../../src/observe/log.js';
import { ownPort } from '../fixtures/ports.js';
import { type RawRequest, type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { corridor } from './corridor.js';
import {
  type BridgeScene,
  bridgeScene,
  encoded,
  FORM,
  type Form,
  files,
  KEY_A,
  notes,
  posted,
  type SceneChanges,
} from './grants.js';

export interface OAuthListener extends BridgeScene {
  readonly port: number;
  readonly listener: Listener;
  /** The lines of the log, at level debug. */
  logs(): Record<string, unknown>[];
  send(path: string, request?: Partial<RawRequest>): Promise<RawResponse>;
  /** Requests a token. */
  grant(form?: Form, request?: Partial<RawRequest>): Promise<RawResponse>;
}

export async function startOAuthListener(changes: SceneChanges = {}): Promise<OAuthListener> {
  const scene = bridgeScene(changes);
  const lines: string[] = [];
  const log = createLog('debug', { write: (block) => lines.push(block.toString()) }, scene.clock);
  const endpoints = changes.endpoints ?? [files, notes];
  const { gateway } = corridor({
    validate: (exchange) => listener.validateRequest(exchange),
    route: () => null,
    page: createPublicRoutes(endpoints, { isReady: () => true }, { mirrored: () => null, bridge: scene.bridge }),
    draining: () => listener.draining(),
    sendError,
    record: log.request,
  });
  const listener: Listener = createListener(gateway, log.unreadable, 60_000, ['127.0.0.0/8']);
  const { port } = await listener.listen('127.0.0.1', await ownPort());
  const send: OAuthListener['send'] = (path, request) => rawRequest(port, { path, ...request }, { label: path });
  return {
    ...scene,
    port,
    listener,
    send,
    grant: (form = posted('partner-a', KEY_A), request = {}) =>
      send(scene.bridge.paths.token, { method: 'POST', headers: [[...FORM]], body: encoded(form), ...request }),
    logs() {
      log.flush();
      const texts = lines.flatMap((block) => block.split('\n')).filter((line) => line !== '');
      return texts.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}
