// The schema of `bridge`: the authorization server of the gateway for holders of API keys.
import type { z } from 'zod';
import { keyName } from './api-key.js';
import { mapOf, protectedUrl, wholeNumber } from './fields.js';
import { signingKeyReferences } from './signing-key-references.js';

export const bridgeSchema = mapOf('{ keys: ["${file:/run/secrets/bridge.pem}"] }', {
  issuer: protectedUrl('https://mcp.example.com/bridge')
    .optional()
    .describe('Its issuer. Default: publicUrl + /bridge.'),
  keys: signingKeyReferences('bridge').describe(
    'Private keys, P-256 or Ed25519, as PEM or JWK. The first signs, and all of them verify.',
  ),
  tokenSeconds: wholeNumber(60, 3_600, 'seconds')
    .default(3_600)
    .describe('Seconds for which a token is valid.'),
  clientId: keyName('write the client id that all clients send, such as portcullis')
    .optional()
    .describe('The client id that every client sends. Default: the name of its key.'),
});

export type BridgeInput = z.output<typeof bridgeSchema>;
