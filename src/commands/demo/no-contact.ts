// Says why the demo could not talk to the operator's MCP server, and how to fix that.
import { createPrintable } from '../printable.js';
import type { NoContact } from './first-contact.js';

const printable = createPrintable(null);

const NO_SERVER =
  'Start your MCP server first. It must serve Streamable HTTP, not stdio. Or correct the URL.';

/** By error code of Node.js, undici and OpenSSL. */
const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: NO_SERVER,
  TIMEOUT: NO_SERVER,
  ENOTFOUND: 'The host has no address. Correct the URL.',
  EAI_AGAIN: 'The host has no address, or the name server does not answer. Correct the URL.',
  EHOSTUNREACH: 'No route leads to the host. Correct the URL.',
  ENETUNREACH: 'No route leads to the host. Correct the URL.',
  ECONNRESET: 'The server closed the connection. Perhaps it needs https.',
  UND_ERR_SOCKET: 'The server closed the connection. Perhaps it needs https.',
  EPROTO: 'The server does not speak TLS there. Perhaps it needs http.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'The server does not speak TLS there. Perhaps it needs http.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'The server does not speak TLS there. Perhaps it needs http.',
};

const CERTIFICATE =
  'The certificate of the server is not trusted. For your own certificate authority, set ' +
  'NODE_EXTRA_CA_CERTS=/path/ca.pem';

const isCertificateCode = (code: string): boolean => /CERT|SIGNATURE|ISSUER/.test(code);

/** The same URL with the path of most MCP servers. */
const usual = (url: URL): string => new URL('/mcp', url).href;

function adviceForStatus(url: URL, answer: Extract<NoContact, { kind: 'answer' }>): string {
  const { status, location } = answer;
  if (status >= 300 && status < 400 && location !== null && URL.canParse(location, url.href))
    return `The server redirects. Try ${printable.text(new URL(location, url).href)}`;
  if (status === 401)
    return (
      'The server itself verifies credentials. The gateway sends it none for a caller with a ' +
      'token. Disable its authentication for the demo. See also passThrough in docs/credentials.md.'
    );
  if (status === 403 || status === 421)
    return (
      `The server refuses requests to ${url.host}. ` +
      'Perhaps it checks Host: allow this name there, or use another one in the URL.'
    );
  if (status === 404 || status === 405)
    return url.pathname === '/mcp'
      ? 'The server has no MCP endpoint at this path. It must serve Streamable HTTP: the older ' +
          'transport with /sse does not work.'
      : `The server has no MCP endpoint at this path. Most servers have it at ${usual(url)}`;
  if (status >= 500) return 'The server has a fault: see its log.';
  if (/html/.test(answer.type)) return `This is a web page. Most servers have MCP at ${usual(url)}`;
  return 'This is not an answer of an MCP server. Correct the URL, or see the log of the server.';
}

/** A page or a message on one line, without the tags of HTML. */
const oneLine = (text: string): string =>
  text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/** The first line for the terminal. Only some answers mean that no MCP server is there. */
export function noContactTitle(url: URL, failure: NoContact): string {
  const status = failure.kind === 'answer' ? failure.status : 0;
  if (status === 401) return `The server at ${url.href} demands a credential of its own`;
  if (status === 403 || status === 421) return `The server at ${url.href} refuses the request`;
  if (status >= 500) return `The server at ${url.href} answers with a fault`;
  return `There is no MCP server at ${url.href}`;
}

/** Lines for the terminal: the observation, then the advice. */
export function noContactLines(url: URL, failure: NoContact): string[] {
  if (failure.kind === 'no answer') {
    const { code, detail } = failure;
    const advice = isCertificateCode(code) ? CERTIFICATE : (ADVICE[code] ?? NO_SERVER);
    return [printable.text(`${oneLine(detail)} (${code})`.replace(' ()', '')), advice];
  }
  const { status, type, text } = failure;
  return [
    printable.text(`status ${status}, ${type || 'no content type'}: ${oneLine(text) || 'empty'}`),
    adviceForStatus(url, failure),
  ];
}
