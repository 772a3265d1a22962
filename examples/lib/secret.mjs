// Prints a new secret of 256 bits.
import { randomBytes } from 'node:crypto';

console.log(randomBytes(32).toString('base64url'));
