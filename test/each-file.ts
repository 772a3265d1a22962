// Runs around every test file: what its fixtures took of the process is given back, because the next file runs in the same one.
import { afterAll } from 'vitest';
import { forgetGateways } from './fixtures/ledger.js';
import { releasePorts } from './fixtures/ports.js';
import { forgetPairs } from './fixtures/rsa-pairs.js';

afterAll(() => {
  releasePorts();
  forgetGateways();
  forgetPairs();
});
