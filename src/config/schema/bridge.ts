// The schema of `bridge`: the authorization server of the gateway for holders of API keys.
import { z } from 'zod';
import { keyName } from './api-key.js';
import { mapOf, protectedUrl, wholeNumber } from './fields.js';
import { secretReference } from './secret-reference.js';

/** How an operator makes a key of the ring. */
export const MAKE_KEY = 'make one with: openssl genpkey -algorithm ed25519 -out bridge.pem';

const KEYS_EXAMPLE = '["${file:/run/secrets/bridge.pem}"]';

export const bridgeSchema = mapOf(`{ keys: ${KEYS_EXAMPLE} }`, {
  /** Default: publicUrl + /bridge. */
  issuer: protectedUrl('https://mcp.example.com/bridge').optional(),
  /** Private keys, P-256 or Ed25519, as PEM or JWK. The first signs, and all of them verify. */
  keys: z
    .array(secretReference, {
      error: `write a list of references to signing keys, such as ${KEYS_EXAMPLE}; ${MAKE_KEY}`,
    })
    .min(1, { error: `the bridge needs a key that signs its tokens; ${MAKE_KEY}` }),
  /** Seconds for which a token is valid. */
  tokenSeconds: wholeNumber(60, 3_600, 'seconds').default(3_600),
  /** The client id that every client sends. Default: the name of its key. */
  clientId: keyName('write the client id that all clients send, such as portcullis').optional(),
});

export type BridgeInput = z.output<typeof bridgeSchema>;
