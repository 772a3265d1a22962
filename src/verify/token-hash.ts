// Decides what a token is known by inside the process: its SHA-256, so that no map and no heap dump holds one (C-87).
import { hash } from 'node:crypto';

export const tokenHash = (token: string): string => hash('sha256', token, 'base64');
