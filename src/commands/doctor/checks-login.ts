// Says how clients log in at this server, and whether the client id of the operator can.
import { type Check, ok, skipped } from './check.js';
import { withFirstServer } from './checks-issuer.js';
import type { JsonObject } from './document.js';
import { isForProgramsAlone } from './grants.js';

const NO_CREDENTIALS = 'there is no client id and no secret to log in with';

function kindOfLogin(json: JsonObject): string {
  if (isForProgramsAlone(json))
    return 'client credentials: a client needs a client id and a secret, and no browser opens';
  const { grant_types_supported: grants } = json;
  const alsoPrograms = Array.isArray(grants) && grants.includes('client_credentials');
  return `authorization code: a person logs in with a browser${
    alsoPrograms ? ', or a program with a client id and a secret' : ''
  }`;
}

export const loginChecks: readonly Check[] = [
  {
    name: 'kind of login',
    expected: 'the metadata shows how clients log in',
    fix: 'publish the metadata of the authorization server',
    requirement: 'RFC 8414 section 2',
    async probe(inspection) {
      if (await inspection.isOpen()) return ok('the server needs no login');
      const json = await inspection.metadata();
      if (json === null) return skipped('there is no metadata');
      return json.authorization_servers === undefined
        ? ok('none: a client needs a key in a header')
        : withFirstServer(inspection, (server) => ok(kindOfLogin(server)));
    },
  },
  {
    name: 'client credentials',
    expected: 'the client id and its secret get an access token',
    fix: 'read the log of the authorization server',
    requirement: 'RFC 6749 section 4.4',
    probe: ({ target: { login } }) => login ?? skipped(NO_CREDENTIALS),
  },
];
