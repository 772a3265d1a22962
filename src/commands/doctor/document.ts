// Reads a response as a JSON document, and describes a response that is not one.
import { isObject } from '../../core/json.js';
import { type HttpResponse, header, mediaType, type Outcome } from './request.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON document, or why there is none. `problem` continues a sentence: "GET got ...". */
export type JsonDocument =
  | { readonly json: JsonObject; readonly response: HttpResponse }
  | {
      readonly json: null;
      readonly problem: string;
      readonly response: HttpResponse | null;
    };

function bodyOf(response: HttpResponse): string {
  const type = mediaType(response);
  if (type === '') return 'without a media type';
  return type === 'text/html' ? 'with an HTML page' : `with ${type}`;
}

/** Continues a sentence: "POST got 404 with an HTML page". */
export function describeOutcome(outcome: Outcome): string {
  if (outcome.kind === 'no response') return `no response (${outcome.code}: ${outcome.detail})`;
  const { status } = outcome;
  if (status >= 300 && status < 400)
    return `${status}, a redirect to ${header(outcome, 'location')}`;
  return `${status} ${bodyOf(outcome)}`;
}

export function parseDocument(outcome: Outcome): JsonDocument {
  const none = (problem: string): JsonDocument => ({
    json: null,
    problem,
    response: outcome.kind === 'response' ? outcome : null,
  });
  const isJson =
    outcome.kind === 'response' &&
    outcome.status === 200 &&
    mediaType(outcome) === 'application/json';
  if (!isJson) return none(describeOutcome(outcome));
  try {
    const json: unknown = JSON.parse(outcome.text);
    if (isObject(json)) return { json, response: outcome };
    return none('200 with JSON that is not an object');
  } catch {
    return none('200 with application/json, but the body is not JSON');
  }
}
