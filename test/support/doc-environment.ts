// The variables to which the YAML examples of the documents refer.
import { generateKeyPairSync } from 'node:crypto';
import { keyText } from './sealing-key.js';

export const DOC_ENVIRONMENT = {
  INTROSPECTION_SECRET: 's3cret',
  CHECK_SECRET: 's3cret',
  PORTCULLIS_SESSION_KEYS: keyText(),
  UPSTREAM_AUTHORIZATION: 'Bearer s3cret',
  BRIDGE_KEY: String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })),
};
