// The schema of `bridge`: the authorization server of the gateway for holders of API keys.
import type { z } from 'zod';
import { keyName } from './api-key.js';
import { mapOf, protectedUrl, wholeNumber } from './fields.js';
import { signingKeyReferences } from './signing-key-references.js';

export const bridgeSchema = mapOf('{ keys: ["${file:/run/secrets/bridge.pem}"] }', {
  /** Default: publicUrl + /bridge. */
  issuer: protectedUrl('https://mcp.example.com/bridge').optional(),
  /** Private keys, P-256 or Ed25519, as PEM or JWK. The first signs, and all of them verify. */
  keys: signingKeyReferences('bridge'),
  /** Seconds for which a token is valid. */
  tokenSeconds: wholeNumber(60, 3_600, 'seconds').default(3_600),
  /** The client id that every client sends. Default: the name of its key. */
  clientId: keyName('write the client id that all clients send, such as portcullis').optional(),
});

export type BridgeInput = z.output<typeof bridgeSchema>;
