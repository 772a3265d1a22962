// The upstream gets no credential. The caller's token never reaches it (A-42, token passthrough).
import type { PrincipalCredential } from '../../core/endpoint-runtime.js';
import { ok } from '../../core/result.js';

const NO_HEADERS = ok<readonly string[]>([]);

export const noCredential: PrincipalCredential = { headers: () => NO_HEADERS };
