// The upstream gets no credential of the gateway. A caller that the upstream itself verifies keeps
// its own header. The caller's bearer token never reaches the upstream (A-42, token passthrough).
import type { UpstreamCredential } from '../../core/endpoint-runtime.js';
import { ok } from '../../core/result.js';

const NO_HEADERS = ok<readonly string[]>([]);

export const noCredential: UpstreamCredential = {
  headers: (caller) =>
    caller.kind === 'pass-through'
      ? ok([caller.credential.header, caller.credential.value])
      : NO_HEADERS,
};
