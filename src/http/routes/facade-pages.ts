// Draws the pages of a facade for people: the consent page, and the page of a failed login. They
// need no scripts.
import { html, raw } from 'hono/html';
import type { FacadePage } from '../../core/facade-server.js';
import { BASE_POLICY, STYLE } from './status-style.js';

/**
 * No `form-action`: browsers apply it to the redirects behind a form too, and these lead to the
 * identity provider and to the client. Referrer `same-origin`: so that a form names its origin.
 * Opener `unsafe-none`: web apps log in with a popup, and every stricter policy cuts it off, so
 * that its last page cannot tell the app. A page of another origin that opened it cannot read it.
 */
export const PAGE_HEADERS: readonly string[] = [
  ...['content-type', 'text/html; charset=utf-8'],
  ...['content-security-policy', BASE_POLICY],
  ...['x-frame-options', 'DENY'],
  ...['x-content-type-options', 'nosniff'],
  ...['referrer-policy', 'same-origin'],
  ...['cross-origin-opener-policy', 'unsafe-none'],
];

type Content = ReturnType<typeof html>;
type Consent = Extract<FacadePage, { readonly kind: 'consent' }>;

const TITLE = 'Allow access?';
const ON_THIS_COMPUTER =
  'This is an app on this computer. Continue only if you started the login there yourself.';
const ELSEWHERE = 'Continue only if you know this place, and started the login there yourself.';
const OWN_NAME = 'The app chose this name itself.';

const fact = (term: string, text: string): Content =>
  html`<div><dt>${term}</dt><dd>${text}</dd></div>`;

const choice = (action: string, asked: string): Content =>
  html`<form method="post" action="${action}"><input type="hidden" name="asked" value="${asked}">
<button type="submit" name="answer" value="allow">Allow</button>
<button type="submit" name="answer" value="deny">Refuse</button></form>`;

function consentPage(page: Consent): Content {
  const { clientName, clientHost, place, isLocal, resource, scopes, action, asked } = page;
  // Isolated: a name in a script from right to left must not turn the words around it.
  const app =
    clientName === null ? 'An app without a name' : html`The app “<bdi>${clientName}</bdi>”`;
  const permissions = scopes.length > 0 ? scopes.join(', ') : 'those of the next page';
  const facts = [
    ...(clientHost === null ? [] : [fact('The app is described by', clientHost)]),
    fact('Access to', resource),
    fact('Permissions', permissions),
    fact('Your browser then goes to', place),
  ];
  return html`<h1>${TITLE}</h1>
<p>${app} asks for access in your name.</p>
<p class="quiet">${OWN_NAME}</p>
<dl class="card">${facts}</dl>
<p class="warn">${isLocal ? ON_THIS_COMPUTER : ELSEWHERE}</p>
${choice(action, asked)}`;
}

/** The whole page as UTF-8. All texts in it are escaped. */
export async function drawPage(page: FacadePage): Promise<Buffer> {
  const title = page.kind === 'consent' ? TITLE : page.title;
  const content =
    page.kind === 'consent' ? consentPage(page) : html`<h1>${page.title}</h1><p>${page.text}</p>`;
  const text = await html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width">
<style>${raw(STYLE)}</style></head><body><main class="ask">
${content}
</main></body></html>
`;
  return Buffer.from(String(text));
}
