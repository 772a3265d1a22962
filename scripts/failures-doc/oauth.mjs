// Causes and actions of the failures of the token endpoint, by reason.

export const oauth = {
  'grant.refused': {
    cause: [
      'The bridge rejected a token request. The line has the status that the client got. The `detail`',
      'in the log has the error of RFC 6749, and the cause of `invalid_client`:',
      '- No entry of the registry has the hash of the client secret.',
      '- The client id is not the one that `bridge.clientId` or the name of the key requires.',
      '- The key is past its `sunset`, or no endpoint of the bridge accepts it.',
      '- The request has no client secret, or has it in an unusual place.',
    ],
    action: [
      'For `invalid_client`, correct the client id and the secret in the client. The secret is the',
      'API key itself, not its hash. For other errors, fix the request of the client. `invalid_target`:',
      '`resource` must be the URL of an endpoint with the bridge that accepts the key.',
    ],
  },
  'grant.limited': {
    cause: [
      'The bridge answered 429 with `Retry-After`. The `detail` in the log says why:',
      '- The line names a key: its client requested more tokens than 10 in a minute.',
      '- Otherwise it is a failed request, after too many failed requests within a minute. The bridge',
      'answers 10 failures of one client address with 401, and 100 of all.',
    ],
    action: [
      'Make the client use its token until it expires. For failures, look at `clientAddress`: a',
      'client has a wrong secret, or a caller guesses. Good clients are not affected. If all lines have',
      'the address of your proxy, write `trustedProxies`.',
    ],
  },
  'grant.unavailable': {
    cause: [
      'The bridge could not issue a token because of a fault of the gateway. The client got 503 with',
      '`Retry-After`.',
    ],
    action: ['Please report it. The log line has the stack.'],
  },
};
