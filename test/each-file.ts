// Runs around every test file: releases what the file took from the process.
//
// The next file runs in the same process.

// First, as in the gateway: of undici and Node's own copy, the first one used opens the connections
// of both.
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
