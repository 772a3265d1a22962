// Runs around every test file. What it took of the process is given back, because the next file runs in the same one.

// First, as in the gateway: whichever of undici and Node's own copy is used first makes the connections of both.
import 'undici';
import { afterAll } from 'vitest';
import { forgetGateways } from './fixtures/ledger.js';
import { releasePorts } from './fixtures/ports.js';
import { resetUndiciTimers } from './support/undici-timers.js';

afterAll(() => {
  releasePorts();
  forgetGateways();
  resetUndiciTimers();
});
