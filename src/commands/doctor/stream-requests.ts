// Opens the streams that the checks watch: a subscription of 2026-07-28, and the GET stream of the
// legacy revisions.
import type { Inspection } from './inspection.js';
import { type HttpResponse, type Outcome, type SendRequest, sendRequest } from './request.js';
import { lossText, tokenLoss } from './token-loss.js';

const ALL = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };

export const NO_TOKEN = 'there is no token to send';

/** The outcome of a stream request, or the reason why the doctor sent none. */
export type StreamOutcome = Outcome | string;

export interface StreamOptions {
  readonly deadlineMs: number;
  readonly headMs?: number;
  readonly isEnough: (soFar: HttpResponse) => boolean;
  /** Replaces the function for HTTP/1.1. */
  readonly send?: SendRequest;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A subscription: a server of 2026-07-28 keeps it open, and sends its first event immediately. */
export async function subscribe(
  inspection: Inspection,
  { send = sendRequest, headers = {}, ...options }: StreamOptions,
): Promise<StreamOutcome> {
  if (!(await inspection.canConverse())) return NO_TOKEN;
  if ((await tokenLoss(inspection)) !== null) return lossText(inspection);
  const { supported, request } = await inspection.conversations.in('modern');
  if (!supported) return 'the server does not support the modern era';
  const listen = request('subscriptions/listen', { notifications: ALL });
  return inspection.postAuthorized(listen, { ...options, headers }, send);
}

/** The stream of a legacy server for its own messages. */
export async function openGetStream(
  inspection: Inspection,
  { send = sendRequest, headers = {}, ...options }: StreamOptions,
): Promise<StreamOutcome> {
  if (!(await inspection.canConverse())) return NO_TOKEN;
  if ((await tokenLoss(inspection)) !== null) return lossText(inspection);
  const { supported, request } = await inspection.conversations.in('legacy');
  if (!supported) return 'the server does not support the legacy era';
  const { 'content-type': _, ...own } = request('ping').headers;
  return inspection.authorized(
    { ...options, headers: { ...own, accept: 'text/event-stream', ...headers } },
    send,
  );
}
