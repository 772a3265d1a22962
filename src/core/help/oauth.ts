// Causes and actions of the failures at the OAuth endpoints of bridge and facade, by reason.
import type { Meanings } from './meaning.js';

export const oauth: Meanings = {
  'grant.refused': {
    cause: [
      'The token endpoint of the bridge rejected a request with status 400, 401 or 413. Or a client',
      'called the authorization endpoint, which serves no login. The `detail` in the log begins with',
      'the error code of RFC 6749. After `invalid_client` it says which check failed. The client gets',
      'the same answer for each of them. Or a facade rejected a login, a registration or a grant.',
    ],
    action: [
      'It depends on the error code:',
      '- `invalid_client`: compare the client id with the name of the key or with `bridge.clientId`,',
      'and the client secret with the key.',
      '- `invalid_target`: the client must request the resource of an endpoint that its key may use.',
      '- `unsupported_grant_type`: the client must use `client_credentials`.',
      '- `unsupported_response_type`: the client tried to open a login page. It cannot use the bridge.',
      '- at a facade, a redirect URI: compare the request of the client with `redirectUris`.',
      '- at a facade, `another browser` or a state that is foreign: the person begins again.',
      '- at a facade, `the person lacks`: compare the claims of the person with `requiredClaims`.',
      '- at a facade, `the ID token`: compare `clientId`, `algorithms` and the clock with the issuer.',
      '- at a facade, `the document of the client`: the author of the app has to change what follows.',
    ],
  },
  'grant.limited': {
    cause: [
      'The token endpoint answered 429. One key got more than 10 tokens within a minute. Or too many',
      'requests with a wrong client id or secret arrived. Such requests never delay a client with a',
      'good secret. A facade answers 429 to a network with too many registrations, logins or failures.',
    ],
    action: [
      'If the `detail` names a key, let its client keep each token until it expires. Otherwise',
      '`clientAddress` shows who guesses. If that is a proxy of yours, list it in `trustedProxies`.',
    ],
  },
  'grant.unavailable': {
    cause: [
      'The token endpoint answered 503, because the gateway has a bug. Or the identity provider behind',
      'a facade cannot be used, or the audit cannot record; then the `detail` says why.',
    ],
    action: [
      'With a `detail`, look at the identity provider, at the fields of `facade`, or at the destination',
      'of the audit. Otherwise please report it. The log line has the stack.',
    ],
  },
};
