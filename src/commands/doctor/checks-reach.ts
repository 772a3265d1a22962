// Decides whether there is anything to examine: an address that answers, itself, as an MCP server does. Where one of these fails, the other
// checks would only tell the same.
import { type Check, fail, ok, type Seen, skipped } from './check.js';
import { type Look, whyNot } from './look.js';
import { type Answer, type Asked, header, isStream, mediaType } from './request.js';
import { messagesOf } from './talk.js';

const TLS = /CERT|TLS|SSL|EPROTO|SIGNATURE|ISSUER/;
const NAME = /^(ENOTFOUND|EAI_)/;
/** What proxies say where what stands behind them does not answer. */
const NOBODY_BEHIND = [502, 503, 504];
const METHOD_NOT_FOUND = -32601;

function unreachable({ code, detail }: Extract<Asked, { kind: 'trouble' }>): Seen {
  const saw = `${code}: ${detail}`;
  if (TLS.test(code))
    return fail(
      saw,
      'mend the certificate or its chain: a name that fits, intermediates sent along, not expired',
    );
  if (NAME.test(code))
    return fail(
      saw,
      'look at the name in the URL: DNS has no address for it here; a typing error, a record that is missing, or a name of another network',
    );
  return fail(saw);
}

/** A server of 2026-07-28 alone says 404 to a method that it does not know; whoever says so speaks the protocol. */
const isMissing = (asked: Answer): boolean =>
  [404, 410].includes(asked.status) &&
  !messagesOf(asked).some(
    ({ error }) => (error as { code?: unknown } | undefined)?.code === METHOD_NOT_FOUND,
  );

/** A server that refuses in no way that clients know, and yet serves whoever brings a token. */
const serves = async ({ mayAuthorize, talk }: Look): Promise<boolean> =>
  mayAuthorize && ((await talk.in('modern')).served || (await talk.in('legacy')).served);

async function nothingHere({ target: { url }, path, metadata }: Look, saw: string): Promise<Seen> {
  const { resource } = (await metadata()) ?? {};
  const hints = [
    'is this the URL, letter by letter and with its path, such as https://mcp.example.com/files/mcp?',
    path.endsWith('/') ? 'It ends in a slash: try it without.' : '',
    typeof resource === 'string' && resource !== url ? `The metadata names ${resource}.` : '',
    'If a server should stand here, let it answer 401 with a challenge',
  ];
  return fail(
    `${saw}: no MCP server answers at this URL`,
    hints.filter((hint) => hint !== '').join(' '),
  );
}

export const serverCheck: Check = {
  name: 'an MCP server',
  wants: 'POST is answered as MCP servers do: 401, JSON or an event stream',
  mend: 'look at the URL, its port too: a web server or a proxy answers here; where its login page stands before the MCP server, let it answer 401 with a challenge instead',
  requirement: 'A-20, B-01',
  async look(look) {
    const asked = await look.bare('POST');
    if (asked.kind !== 'answer') return skipped('no answer');
    const saw = whyNot(asked);
    const speaks =
      asked.status === 401 || mediaType(asked) === 'application/json' || isStream(asked);
    if ((speaks && !isMissing(asked)) || (await serves(look))) return ok(saw);
    if (isMissing(asked)) return nothingHere(look, saw);
    if ((await look.metadata()) !== null) return ok(`${saw}, and resource metadata`);
    return NOBODY_BEHIND.includes(asked.status)
      ? fail(
          `${saw}: no MCP server answers`,
          'look whether the MCP server runs: a proxy answers, and what stands behind it does not',
        )
      : fail(`${saw}, and no resource metadata: this is no MCP server`);
  },
};

export const reachChecks: readonly Check[] = [
  {
    name: 'reachable',
    wants: 'an answer over HTTP, and a certificate that clients believe',
    mend: 'look at the address, the port, the firewall',
    requirement: 'B-01, C-22',
    async look(look) {
      const asked = await look.bare('POST');
      return asked.kind === 'answer' ? ok(`${asked.status}`) : unreachable(asked);
    },
  },
  {
    name: 'no redirect',
    wants: 'the URL itself answers',
    mend: 'give clients the URL at the end of the redirect, and answer there: a redirected POST loses its body or its token',
    requirement: 'D-31',
    async look(look) {
      const asked = await look.bare('POST');
      if (asked.kind !== 'answer') return skipped('no answer');
      return asked.status >= 300 && asked.status < 400
        ? fail(`${asked.status} to ${header(asked, 'location')}`)
        : ok('none');
    },
  },
  serverCheck,
];
