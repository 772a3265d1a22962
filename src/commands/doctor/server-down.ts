// Recognizes an answer that a proxy wrote itself, because nothing answers behind it.
import { isObject } from '../../core/json.js';
import { fail, type Observation } from './check.js';
import { describeOutcome } from './document.js';
import { frontsOf } from './fronts.js';
import { messagesOf } from './mcp-conversation.js';
import { type HttpResponse, isHtml } from './request.js';
import { shorten } from './shorten.js';

/** The statuses of a proxy whose upstream does not respond; those from 521 on are of Cloudflare. */
const UPSTREAM_DOWN = [502, 503, 504, 521, 522, 523];

const READ_CHARACTERS = 4_000;
const SHOWN_CHARACTERS = 120;

/** The JSON-RPC codes of this gateway are -31000 minus the status. */
const isOfGateway = ({ error }: { readonly error?: unknown }): boolean => {
  const { code } = isObject(error) ? error : {};
  return typeof code === 'number' && code <= -31_400 && code > -31_600;
};

/** The message of a JSON body, the text of a page, or any other text. */
function messageOf(response: HttpResponse): string {
  const [body] = messagesOf(response);
  if (body !== undefined) {
    const error = isObject(body.error) ? body.error.message : body.error;
    const message = [error, body.message, body.detail].find((one) => typeof one === 'string');
    if (typeof message === 'string') return message;
  }
  const text = response.text.slice(0, READ_CHARACTERS);
  if (!isHtml(response)) return text;
  const heading = /<h1[^<>]*>([^<]+)/i.exec(text) ?? /<title[^<>]*>([^<]+)/i.exec(text);
  return heading?.[1] ?? text.replace(/<[^<>]*>/g, ' ');
}

/** The observation of a proxy without its upstream; null for another response. */
export function serverDown(response: HttpResponse): Observation | null {
  const { status } = response;
  if (!UPSTREAM_DOWN.includes(status)) return null;
  const message = shorten(messageOf(response), SHOWN_CHARACTERS);
  const said = message === '' ? '' : ` ("${message}")`;
  const got = `POST got ${describeOutcome(response)}${said}`;
  if (messagesOf(response).some(isOfGateway))
    return fail(`${got}: the gateway itself answers so`, 'try again, or read its log');
  const [front] = frontsOf(response);
  const proxy = front === undefined ? 'a proxy' : `${front}, or another proxy,`;
  return fail(
    `${got}: ${proxy} answered ${status} itself, because nothing answers behind it`,
    'start the gateway or the MCP server behind the proxy, and compare its address with the ' +
      'configuration of the proxy. If the server itself answers so, read its log',
  );
}
