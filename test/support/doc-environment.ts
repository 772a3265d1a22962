// The variables to which the YAML examples of the documents refer, and good hashes for their keys.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { keyText } from './sealing-key.js';

const pem = (): string => String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));

export const DOC_ENVIRONMENT = {
  INTROSPECTION_SECRET: 's3cret',
  CHECK_SECRET: 's3cret',
  PORTCULLIS_SESSION_KEYS: keyText(),
  UPSTREAM_AUTHORIZATION: 'Bearer s3cret',
  UPSTREAM_KEY: 's3cret',
  EXCHANGE_SECRET: 's3cret',
  LOGIN_SECRET: 's3cret',
  FILES_SECRET: 's3cret',
  IDENTITY_KEY: pem(),
  IDENTITY_OLD: pem(),
  IDENTITY_NEW: pem(),
  BRIDGE_KEY: pem(),
  FACADE_KEY: pem(),
  IDP_SECRET: 's3cret',
};

export const HASH = /\b[0-9a-f]{64}\b/g;

/** No machine of the tests has the key files of docs/upstream.md. */
const FILES: Readonly<Record<string, string>> = {
  '${file:/run/secrets/identity-old.pem}': '${env:IDENTITY_OLD}',
  '${file:/run/secrets/identity-new.pem}': '${env:IDENTITY_NEW}',
};

/**
 * The text as an operator completes it: no gateway starts with the hashes of an example. Variables
 * stand for the files.
 */
export const withOwnValues = (text: string): string => {
  const own = text.replaceAll(HASH, () => randomBytes(32).toString('hex'));
  return Object.entries(FILES).reduce((all, [file, variable]) => all.replaceAll(file, () => variable), own);
};
