// Writes the explanation of a token as text or as JSON.

import type { Endpoint } from '../core/endpoint.js';
import type { ExplanationStep, ExplanationWithStatus, Values } from '../core/explanation.js';
import type { Failure } from '../core/failure.js';
import type { Notice } from '../core/notice.js';
import type { FixText } from './fix-report.js';
import type { Printable } from './printable.js';

const STATES = { pass: 'pass       ', fail: 'FAIL       ', 'not reached': 'not reached' } as const;
const INDENT = ' '.repeat(15);

function valuesText(values: Values, printable: Printable): string {
  return Object.entries(values)
    .map(([name, value]) => `${printable.text(name)} ${printable.line(value)}`)
    .join(', ');
}

function failureText({ definition: { reason }, detail }: Failure, printable: Printable): string {
  return detail === undefined ? reason : `${reason}: ${printable.text(detail)}`;
}

/** The result of a step, in words; empty if its state alone is the result. */
function resultText({ state, failure, wouldPass }: ExplanationStep, printable: Printable): string {
  if (state === 'fail') return failure === null ? '' : `: ${failureText(failure, printable)}`;
  if (failure !== null) return `  (unverified) ${failureText(failure, printable)}`;
  return wouldPass ? '  (unverified) it would pass' : '';
}

function stepLines(step: ExplanationStep, printable: Printable): string[] {
  const lines = [`${STATES[step.state]}  ${step.name}${resultText(step, printable)}`];
  const observed = valuesText(step.observed, printable);
  const expected = valuesText(step.expected, printable);
  if (observed !== '') lines.push(`${INDENT}observed: ${observed}`);
  if (expected !== '') lines.push(`${INDENT}expected: ${expected}`);
  return lines;
}

function fixLines({ words, place, write, warning }: FixText): string[] {
  const snippet = write?.map((line) => `    ${line}`) ?? [];
  return [
    `Fix: ${words}.`,
    ...(write === undefined ? [] : [`${place}:`, '', ...snippet, '']),
    ...(write === undefined || warning === undefined ? [] : [`Warning: ${warning}.`]),
    '',
  ];
}

function conclusion({ failure, status }: ExplanationWithStatus): string {
  if (failure === null) return 'The gateway would accept the request.';
  const { reason, code, event } = failure.definition;
  // With denialResponse: jsonrpc the status is 200, and the JSON-RPC code says more.
  const response = status === 200 ? `HTTP 200 with the JSON-RPC error ${code}` : `HTTP ${status}`;
  return `The gateway would reject the request: ${reason}, ${response}, log event ${event}.`;
}

export function explanationText(
  endpoint: Endpoint,
  explanation: ExplanationWithStatus,
  notices: readonly Notice[],
  printable: Printable,
  fix: FixText | null = null,
): string {
  const noticeLines = notices.map(
    ({ event, detail }) =>
      `note: ${event}${detail === undefined ? '' : `: ${printable.text(String(detail))}`}`,
  );
  return [
    `Checks of ${explanation.isKey ? 'an API key' : 'a bearer token'} at ${endpoint.name} (${endpoint.resource})`,
    '',
    ...explanation.steps.flatMap((step) => stepLines(step, printable)),
    ...noticeLines,
    '',
    ...(fix === null ? [] : fixLines(fix)),
    conclusion(explanation),
  ].join('\n');
}

function stepJson({ name, state, failure, wouldPass, observed, expected }: ExplanationStep) {
  const ifReached = failure !== null ? 'fail' : wouldPass ? 'pass' : 'unknown';
  return {
    name,
    state,
    ...(failure === null ? {} : { reason: failure.definition.reason, detail: failure.detail }),
    ...(state === 'not reached' ? { unverified: ifReached } : {}),
    observed,
    expected,
  };
}

export function explanationJson(
  { name, resource }: Endpoint,
  { steps, failure, status, isKey }: ExplanationWithStatus,
  notices: readonly Notice[],
  printable: Printable,
  fix: FixText | null = null,
): string {
  return printable.json({
    endpoint: name,
    resource,
    credential: isKey ? 'API key' : 'bearer token',
    wouldPass: failure === null,
    reason: failure?.definition.reason ?? 'ok',
    status,
    steps: steps.map(stepJson),
    ...(fix === null ? {} : { fix }),
    notes: notices.map(({ event, detail }) => ({ event, detail })),
  });
}
