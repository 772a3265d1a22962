// Advises an operator whose token endpoint gives no token for the upstream. Servers use the error
// codes differently, so the advice names the usual cause.
import type { ExplanationFix } from '../core/explanation.js';
import type { Failure } from '../core/failure.js';
import { exchangeGatewayRejected, exchangeRefused } from '../core/failures.js';
import type {
  ClientCredentialsCredential,
  ExchangeCredential,
  TokenEndpoint,
  UpstreamCredentialConfig,
} from '../core/upstream-credential.js';
import { noChange } from './explain-fix-context.js';

/** A token endpoint that rejected a request, and where its client is in the configuration. */
interface Rejecting {
  readonly credential: ExchangeCredential | ClientCredentialsCredential;
  readonly server: TokenEndpoint;
  readonly field: string;
}

const clientIdOf = ({ client }: TokenEndpoint): string =>
  'clientId' in client && client.clientId !== null ? client.clientId : 'the client of the gateway';

/** With an ID-JAG, the detail begins with the name of the server (proxy/credentials/id-jag.ts). */
function rejectingServer(
  credential: ExchangeCredential | ClientCredentialsCredential,
  detail: string,
): Rejecting {
  const idJag = credential.kind === 'exchange' ? credential.idJag : null;
  return idJag !== null && detail.startsWith(`authorization server ${idJag.issuer}: `)
    ? { credential, server: idJag, field: 'upstream.credential.idJag' }
    : { credential, server: credential, field: 'upstream.credential' };
}

/** By error code of RFC 6749 section 5.2 and RFC 8693 section 2.2.2, as servers use them. */
function refusedWords(code: string, { credential, server }: Rejecting): string {
  const client = clientIdOf(server);
  if (server !== credential)
    return (
      `the server of idJag does not accept the ID-JAG. It must trust the issuer, know the user and ` +
      `allow the grant to ${client}: look up the rejection in its log`
    );
  const target = [...credential.audience, ...credential.resource].join(', ');
  switch (code) {
    case 'access_denied':
      return (
        `the issuer does not let ${client} exchange this token: its policy may forbid it for this ` +
        `user. In Keycloak, ${client} must be in aud of the token: add an audience mapper for it ` +
        'to a scope that the token has'
      );
    case 'invalid_client':
    case 'invalid_target':
      return (
        `the issuer does not know the target ${target}. In Keycloak, audience is the client id of ` +
        'the MCP server'
      );
    case 'invalid_request':
      return (
        `the issuer rejects the token or the target ${target}. In Keycloak, switch on ` +
        `standard token exchange for ${client}, and give ${client} a scope with that audience. ` +
        'Dex needs connector_id in parameters'
      );
    case 'invalid_grant':
      return 'the issuer does not accept this token for an exchange: it has expired or was revoked';
    case 'invalid_scope':
      return `the issuer does not give ${client} the scopes ${credential.scopes.join(' ')}`;
    case 'unsupported_grant_type':
    case 'unauthorized_client':
      return (
        `let the issuer allow the grant of RFC 8693 to ${client}. Entra ID has another one: ` +
        'grant: on-behalf-of'
      );
    default:
      return `look up the rejection in the log of the issuer, at the client ${client}`;
  }
}

/** Codes of a 400 or a 403 that are not about the secret of the client (RFC 6749 section 5.2). */
const OF_REQUEST = new Set([
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
]);

function gatewayWords(status: string, code: string, { server, field }: Rejecting): string {
  const { client } = server;
  if (status !== '401' && OF_REQUEST.has(code))
    return (
      `the token endpoint knows the client ${clientIdOf(server)} and rejects its request. Allow ` +
      'the grant client_credentials to it, and compare scopes, audience, resource and parameters'
    );
  const secretOf = client.auth === 'private_key_jwt' ? 'privateKey' : 'clientSecret';
  const other = client.auth === 'basic' ? '. Or the server wants auth: post' : '';
  return (
    `the token endpoint rejects the client ${clientIdOf(server)} for every caller: compare ` +
    `clientId and ${secretOf} of ${field} with the client at the server${other}`
  );
}

/** In a detail of proxy/credentials/issued-token.ts. */
const FOREIGN = 'the token is for another audience';
const FOREIGN_WORDS =
  'compare aud of the token with audience and resource of upstream.credential. If that aud means ' +
  'this MCP server alone, correct these fields. Otherwise let the issuer write the right aud';

/** Null: no token endpoint is the reason, or nothing beyond the detail can be said. */
export function exchangeFix(
  failure: Failure,
  credential: UpstreamCredentialConfig,
): ExplanationFix | null {
  if (credential.kind !== 'exchange' && credential.kind !== 'client-credentials') return null;
  const { definition, detail = '' } = failure;
  const [, status = '', code = ''] = /\bstatus (\d+)(?: (\w+))?/.exec(detail) ?? [];
  const rejecting = rejectingServer(credential, detail);
  switch (definition) {
    case exchangeRefused.definition:
      return noChange(refusedWords(code, rejecting));
    case exchangeGatewayRejected.definition:
      return noChange(gatewayWords(status, code, rejecting));
    default:
      return detail.includes(FOREIGN) ? noChange(FOREIGN_WORDS) : null;
  }
}
