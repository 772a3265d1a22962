// Causes and actions of the failures about tokens, keys and introspection, by reason.
import type { Meanings } from './meaning.js';

export const verify: Meanings = {
  'token.malformed': {
    cause: [
      'The gateway cannot read the token. The `detail` in the log says why:',
      '- The token is not a JWT, and no issuer of the endpoint introspects such a token.',
      '- The token is encrypted. Its client probably asked the issuer for no audience. Or the',
      'issuer encrypts its opaque tokens to itself.',
      '- The token has a `crit` or `b64` header, or a `kid` that is not a text of at most 256',
      'characters.',
      '- The payload is not a JSON object, or the JWT has other text around it.',
    ],
    action: [
      'Let the client ask for the audience of this server. An opaque token needs `introspection`',
      'at its issuer. Where `tokenPrefixes` are configured, it must begin with one of them.',
      'An encrypted opaque token needs `verify: introspection` or `tokenPrefixes` at its issuer.',
    ],
  },
  'token.algorithm': {
    cause: [
      'The token has no signature, or its algorithm is not in `algorithms` of the issuer. The',
      '`detail` in the log names the algorithm. An `HS` algorithm signs with a secret of the issuer.',
      'Such a token is not for the gateway: it may be a refresh token, such as one of Keycloak.',
    ],
    action: [
      'With an `HS` algorithm, make the client send its access token. If the issuer really signs',
      'access tokens with another algorithm, write it into `algorithms`.',
    ],
  },
  'token.type': {
    cause: [
      'The token is not an access token, or does not show that it is one:',
      '- It is an ID token, a refresh token, a logout token or another kind.',
      '- It has a `nonce`, and nothing in it shows an access token.',
      '- Its `typ` is not one that `typ` of the issuer accepts.',
      '- It lacks a claim that the preset of its issuer, or `requiredClaims`, requires. The `detail`',
      'in the log names the claim.',
    ],
    action: [
      'Make the client send the access token. If it does and the claim is `scope`, make the client',
      'request a scope. See `typ`, `preset` and `requiredClaims` of the issuer.',
    ],
  },
  'token.issuer': {
    cause: [
      'The token names an issuer that this endpoint does not accept. The `detail` in the log has',
      'its `iss`.',
    ],
    action: [
      'Compare this `iss` with `issuer` of each entry under `issuers` that the endpoint lists. A',
      'slash at the end counts. If you trust the issuer, write its `iss` exactly as `issuer`.',
    ],
  },
  'token.key_unknown': {
    cause: [
      'The issuer does not publish a key for this token. The `detail` in the log says which:',
      '- No key has the `kid` of the token. The key is retired, or the token is forged.',
      '- The key with this `kid` is for another algorithm than the `alg` of the token. The token is',
      'forged, or the issuer signs with an algorithm that its key set does not name.',
      '- The token has no `kid`, and no key is for its `alg`.',
    ],
    action: ['Log in again. If it repeats, compare the key set of the issuer with the token.'],
  },
  'token.signature': {
    cause: [
      'No published key that fits verifies the signature. The token is forged or damaged, or comes',
      'from another issuer that uses the same `kid`. The `detail` in the log says how many keys fit.',
      'The gateway tries at most 4: a token without `kid` may be good where more keys fit.',
    ],
    action: [
      'Log in again. If it repeats, look for the issuer that signed the token. Where more than 4',
      'keys fit, make the issuer write a `kid`.',
    ],
  },
  'token.claims': {
    cause: [
      'A claim is missing or has a value that the gateway cannot use. The `detail` in the log',
      'names it:',
      '- `exp` is missing, or a date is not a date.',
      '- `aud`, or a claim that `claims` of the issuer names, has the wrong type.',
      '- The subject is missing, or the tenant that `requireTenant` needs.',
      '- The token is bound to a key (`cnf`), which the gateway cannot check.',
      '- An introspection response names another issuer or another type of token.',
    ],
    action: ['Make the issuer write the claim, or change `claims` of the issuer.'],
  },
  'token.not_yet_valid': {
    cause: ['The token is not valid yet. Its `nbf` or `iat` is in the future.'],
    action: ['Correct the clocks, or raise `clockToleranceSeconds`.'],
  },
  'token.expired': {
    cause: ['The `exp` of the token is in the past.'],
    action: ['None. The client gets a new token.'],
  },
  'token.inactive': {
    cause: [
      'The issuer says that this token is not active, or the gateway knows it:',
      '- It was revoked, it expired, or the issuer never issued it.',
      '- If every good token is inactive: some endpoints answer a client only about its own tokens.',
      'Glewlwyd and better-auth do that. Others require that `aud` of the token names the client of',
      'the gateway: Keycloak since 26.7, and Canaille.',
      '- The endpoint answered 400, or 401 with `invalid_token`. The `detail` in the log says so.',
      '- For a token of the bridge: no API key has its name and fingerprint any more. The operator',
      'removed the key, or its name has another key now.',
    ],
    action: [
      'Log in again. If every good token is inactive, run `portcullis explain` with one. For a JWT',
      'it says whether the keys of the issuer prove the token genuine. Then verify JWTs by their',
      'keys (`verify: jwt`), or introspect with a client that may ask about these tokens.',
    ],
  },
  'keys.unavailable': {
    cause: [
      'The gateway could not fetch the keys of the issuer. So it cannot tell whether the token',
      'is good.',
    ],
    action: [
      'Look for the events `keys.load_failed` and `keys.empty_set` in the log: their `detail` has the',
      'cause. If the keys or the metadata are not where the gateway looks, write `jwksUri` or',
      '`metadataUrl`. Otherwise look at the issuer.',
      'Callers keep their tokens and retry.',
    ],
  },
  'keys.refetch_limited': {
    cause: [
      'The key of the token is not in the key set. Its `kid` is unknown, or it has none and no key',
      'verifies it. The token may be newer than the set. The issuer works. But the gateway has used up',
      'its refetches for unknown keys, or the token waited for a fetch that had begun before. The',
      'issuer has just rotated a key, or callers send forged tokens.',
    ],
    action: [
      'None. The gateway fetches again after `jwks.unknownKidCooldownSeconds` at the latest, and',
      'callers keep their tokens and retry. If it lasts, look for the callers in the log.',
    ],
  },
  'introspection.unavailable': {
    cause: [
      'The gateway has no introspection response for this token. The `detail` in the log says why:',
      '- The endpoint gave no usable response.',
      '- The gateway pauses for a few seconds, because five responses in a row were not usable.',
      '- Too many introspection requests are in progress.',
    ],
    action: [
      'Where the `detail` has a status such as 404, or says that the response has no boolean',
      '`active`, correct `introspection.url`. Otherwise look at the issuer. Callers keep their tokens',
      'and retry. For a slow endpoint raise',
      '`introspection.timeoutMs`, or lower `introspection.maxConcurrentRequests`.',
    ],
  },
  'introspection.gateway_rejected': {
    cause: ['The introspection endpoint rejected the credentials of the gateway.'],
    action: [
      'Fix `introspection.auth`, `clientId`, and `clientSecret` or `privateKey`. Where the client id',
      'or the secret has reserved characters, such as `:`, `%` or a space, try `auth: post`. Basic',
      'must encode them, and some servers decode them differently, such as LemonLDAP::NG.',
    ],
  },
  'key.unknown': {
    cause: [
      'The caller sent an API key where this endpoint takes them, and the key is not good here:',
      '- No entry of the registry has its hash. The key is mistyped or cut, or its entry is gone. Or',
      'the registry has the hash of another text, such as the key with a line feed.',
      '- The entry has `endpoints`, and this endpoint is not among them. The log line has the',
      '`keyFingerprint` then.',
    ],
    action: [
      '`portcullis explain` reads the key and says which entry it is, or the likely cause. After a',
      'change of the registry, [reload](operation.md#reload) the gateway.',
    ],
  },
  'key.sunset': {
    cause: [
      'The gateway rejects this API key or pass-through credential from the day of its `sunset` on.',
      'A bridge token of such a key is rejected too.',
    ],
    action: ['Move the client to OAuth, give it a new key, or change `sunset`.'],
  },
  'verify.fault': {
    cause: ['The gateway has a bug in a check of the credential. It did not let the request pass.'],
    action: ['Please report it. The log line has the stack.'],
  },
  'verify.busy': {
    cause: [
      'Too many new tokens wait for a check of their signature. Usually they are a flood of forged',
      'tokens. Callers with tokens that the gateway verified lately do not wait.',
    ],
    action: [
      'The log names the client addresses that send `token.signature`: set',
      '`limits.failedCredentials`. Behind a proxy, set `trustedProxies`, so that the clients take',
      'turns.',
    ],
  },
};
