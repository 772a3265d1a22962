// The scene of the tests of cross-app access: two real authorization servers, and the gateway's
// requests to both.
import type { Notice } from '../../src/core/notice.js';
import { secret } from '../../src/core/secret.js';
import type { TokenEndpoint } from '../../src/core/upstream-credential.js';
import { createMetadataSource } from '../../src/idp/metadata.js';
import { createIdJagExchange, type IdJagExchange } from '../../src/proxy/credentials/id-jag.js';
import { fetchJson } from '../fixtures/fetch-json.js';
import type { AuthorizationServer } from '../fixtures/grant-server.js';
import { FILES_CLIENT, IDP_CLIENT, type Idp, startFilesServer, startIdJagIdp } from '../fixtures/id-jag-servers.js';
import { withDeadline } from '../fixtures/wait.js';
import { type TestClock, testClock } from './clock.js';

export const RESOURCE = 'https://files.example.com/mcp';
/** The gateway's own endpoint: the audience of the tokens of its callers. */
export const OWN = 'https://mcp.example.com/files';

export type Servers = { idp: Idp; files: AuthorizationServer; stop(): Promise<void> };

export async function startServers(): Promise<Servers> {
  let idpIssuer = '';
  const files = await startFilesServer(() => idpIssuer);
  const idp = await startIdJagIdp({ [files.issuer]: FILES_CLIENT.id });
  idpIssuer = idp.issuer;
  return { idp, files, stop: async () => void (await Promise.all([idp.stop(), files.stop()])) };
}

/** Forgets lies and recorded requests. */
export function honest({ idp, files }: Servers): void {
  for (const server of [idp, files]) Object.assign(server, { lies: {}, ttl: 300, requests: [], hits: { token: 0, metadata: 0 } });
}

const endpoint = ({ id, secret: value }: { id: string; secret: string }): TokenEndpoint => ({
  tokenUrl: null,
  client: { auth: 'basic', clientId: id, clientSecret: secret(value) },
  timeoutMs: 5_000,
  maxConcurrentRequests: 8,
});

export type Asking = {
  clock: TestClock;
  notices: Notice[];
  ask(token: string, isKnown?: boolean): ReturnType<ReturnType<typeof createIdJagExchange>>;
};

/** The requests of one endpoint. `idJag` and the rest: changes of its configuration. */
export function asking(
  { idp, files }: Servers,
  { idJag, ...changes }: Partial<Omit<IdJagExchange, 'idJag'>> & { idJag?: Partial<IdJagExchange['idJag']> } = {},
): Asking {
  const clock = testClock();
  const notices: Notice[] = [];
  const notify = (notice: Notice): void => void notices.push(notice);
  const metadata = (issuer: string) =>
    createMetadataSource({ issuer, timeoutMs: 5_000, fetchJson, clock, schedule: () => () => {}, notify, random: () => 1 });
  const config: IdJagExchange = {
    kind: 'exchange',
    issuer: idp.issuer,
    grant: 'token-exchange',
    ...endpoint(IDP_CLIENT),
    audience: [],
    resource: [RESOURCE],
    scopes: ['files:read'],
    parameters: {},
    ...changes,
    idJag: { issuer: files.issuer, ...endpoint(FILES_CLIENT), ...idJag },
  };
  const exchange = createIdJagExchange(config, {
    fetchJson,
    clock,
    notify,
    issuerMetadata: metadata(idp.issuer),
    serverMetadata: metadata(files.issuer),
    endpoint: '/files',
  });
  return {
    clock,
    notices,
    ask: (token, isKnown = false) => withDeadline('a token of the other server', exchange(token, isKnown), 15_000),
  };
}
