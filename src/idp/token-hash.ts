// The key of a token in every map: its SHA-256. So no map, and no heap dump, holds a token (C-87,
// hashed cache keys).
import { hash } from 'node:crypto';

export const tokenHash = (token: string): string => hash('sha256', token, 'base64');
