// A bearer authenticator of one endpoint with two issuers, on a clock that the test moves.
import { checkAudience } from '../../src/authorize/audience.js';
import type { AccessToken } from '../../src/core/access-token.js';
import type { Endpoint } from '../../src/core/endpoint.js';
import { ok, type Result } from '../../src/core/result.js';
import { createBearerAuthenticator } from '../../src/verify/authenticators/bearer.js';
import type { JwtPolicy } from '../../src/verify/authenticators/jwt.js';
import type { IssuerRuntime } from '../../src/verify/issuer/issuer-runtime.js';
import { type Mint, mintToken, rsaKey } from '../fixtures/mint.js';
import { testClock } from './clock.js';
import { accessToken, endpoint, ISSUER, RESOURCE } from './endpoint.js';
import { issuerRuntime } from './issuer.js';
import { testKeys } from './keys.js';
import { reasonOf } from './kinds.js';

export const OTHER = 'https://other-auth.example.com';
export const key = rsaKey({ kid: 'k' });
export const otherKey = rsaKey({ kid: 'k' });
export const mint = (changes: Partial<Mint> = {}): string => mintToken({ issuer: ISSUER, audience: RESOURCE, key, ...changes });

export const opaque = accessToken({ subject: 'opaque', method: 'introspection', claims: { client_id: 'test-client' } });

export function setting({
  introspects = true,
  at = endpoint(),
  other = {} as Partial<IssuerRuntime>,
  answer = ok(opaque) as Result<AccessToken>,
  typ = 'at+jwt' as JwtPolicy['typ'],
} = {}) {
  const clock = testClock();
  const policy = (issuer: string): JwtPolicy => ({
    issuer,
    algorithms: ['RS256'],
    typ,
    clockToleranceSeconds: 30,
    requiredClaims: { client_id: 'test-client' },
  });
  const mine = testKeys(clock, { published: [key] });
  const theirs = testKeys(clock, { published: [otherKey], issuer: OTHER });
  const introspected: string[] = [];
  const answering = async (token: string): Promise<Result<AccessToken>> => {
    introspected.push(token);
    return answer;
  };
  const introspect = introspects ? answering : null;
  const issuers = new Map<string, IssuerRuntime>([
    [ISSUER, issuerRuntime({ policy: policy(ISSUER), keys: mine.source }, clock)],
    [OTHER, issuerRuntime({ policy: policy(OTHER), keys: theirs.source, introspect, ...other }, clock)],
  ]);
  const bearer = createBearerAuthenticator(issuers, checkAudience, clock);
  const verify = (token: string, where: Endpoint = at) => bearer.authenticate({ kind: 'bearer', token }, where);
  const authenticate = async (token: string, where?: Endpoint) => verify(token, where);
  const reason = async (token: string, where?: Endpoint) => reasonOf(await authenticate(token, where));
  return { clock, mine, theirs, introspected, bearer, verify, authenticate, reason };
}
