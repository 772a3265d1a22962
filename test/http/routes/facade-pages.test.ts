// The pages of a facade for people: every text of a stranger is escaped, and the headers fit OAuth.
import { expect, test } from 'vitest';
import type { FacadePage } from '../../../src/core/facade-server.js';
import { drawPage, PAGE_HEADERS } from '../../../src/http/routes/facade-pages.js';
import { pairs } from '../../support/exchange.js';

const consent: Extract<FacadePage, { kind: 'consent' }> = {
  kind: 'consent',
  clientName: 'An app',
  clientHost: null,
  place: '127.0.0.1:3000',
  isLocal: true,
  resource: 'https://mcp.example.com/mcp',
  scopes: ['files:read'],
  action: 'https://mcp.example.com/oauth/main/consent',
  asked: 'sealed',
};
const drawn = async (page: FacadePage) => String(await drawPage(page));

test('a popup keeps its opener, and no site frames the page', () => {
  expect(pairs(PAGE_HEADERS)).toMatchObject({
    'cross-origin-opener-policy': 'unsafe-none',
    'x-frame-options': 'DENY',
    'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
  });
});

test('the name of a client is isolated, so that it cannot turn the words around it', async () => {
  expect(await drawn(consent)).toContain('The app “<bdi>An app</bdi>” asks for access in your name.');
  const hostile = await drawn({ ...consent, clientName: 'אפליקציה <b>' });
  expect(hostile).toContain('“<bdi>אפליקציה &lt;b&gt;</bdi>” asks');
  expect(await drawn({ ...consent, clientName: null })).toContain('<p>An app without a name asks for access in your name.</p>');
});

test('the host of a document is on the page of its client alone', async () => {
  const described = await drawn({ ...consent, clientHost: 'app.example.com' });
  expect(described).toContain('<dt>The app is described by</dt><dd>app.example.com</dd>');
  expect(await drawn(consent)).not.toContain('described by');
});

test('the page of a failed login', async () => {
  expect(await drawn({ kind: 'error', title: 'A <title>', text: 'A & text' })).toContain(
    '<h1>A &lt;title&gt;</h1><p>A &amp; text</p>',
  );
});
