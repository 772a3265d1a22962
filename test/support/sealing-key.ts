// Keys that seal sessions, as `openssl rand -base64 32` makes them.
import { randomBytes } from 'node:crypto';
import { type Secret, secret } from '../../src/core/secret.js';

export const keyText = (): string => randomBytes(32).toString('base64');

export const sealingKey = (): Secret => secret(keyText());
