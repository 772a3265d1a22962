// Prints a new Ed25519 key in PEM, as `openssl genpkey -algorithm ed25519` does.
import { generateKeyPairSync } from 'node:crypto';

const { privateKey } = generateKeyPairSync('ed25519');
console.log(privateKey.export({ type: 'pkcs8', format: 'pem' }).trimEnd());
