// Runs the checks of the gateway on one token, with the clock of the process.
import { createExamine } from '../app/app.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Notify } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { ExplanationWithStatus } from '../core/explanation.js';
import { systemClock } from './clock.js';

/** Null as `tool`: only the checks that every call has to pass. */
export type ExplainToken = (token: string, tool: string | null) => Promise<ExplanationWithStatus>;

export const createExplainToken = (
  config: ResolvedConfig,
  endpoint: Endpoint,
  notify: Notify,
): ExplainToken =>
  createExamine(config, endpoint, { clock: systemClock, random: Math.random }, notify);
