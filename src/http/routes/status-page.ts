// Writes the page of the admin listener from the state of the gateway. hono escapes every text.
import { html, raw } from 'hono/html';
import type {
  EndpointStatus,
  GatewayStatus,
  IssuerStatus,
  Refusal,
  ReloadStatus,
} from '../../core/status.js';
import { STYLE } from './status-style.js';
import {
  ago,
  attention,
  byTrouble,
  count,
  duration,
  isDown,
  isFull,
  issuerState,
} from './status-words.js';

type Html = ReturnType<typeof html>;

export interface PageOptions {
  /** Shows only rows with this text. Empty: all rows. */
  readonly filter: string;
  /** True: the browser loads the page again every few seconds. */
  readonly refreshes: boolean;
}

/** More rows would make the page slow to read. */
const ROWS = 100;
const REFRESH_SECONDS = 10;

/** The columns of the three tables. */
const COLUMNS = {
  endpoints: [
    'Endpoint',
    'Upstream',
    'Issuers',
    'Requests',
    'Refused',
    'Errors',
    'In progress',
    'Streams',
  ],
  issuers: ['Issuer', 'State', 'Keys', 'Key age', 'Introspection', 'Last error'],
  refusals: ['Last', 'Reason', 'Action', 'Call', 'Client'],
};
const NUMBERS = new Set([...COLUMNS.endpoints.slice(3), 'Keys']);

/** Text between backticks as code. */
const withCode = (text: string): Html[] =>
  text.split('`').map((part, i) => (i % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));

const time = (at: string, now: string): Html =>
  html`<time datetime="${at}" title="${at}">${ago(at, now)}</time>`;

/** A cell with the name of its column, which a phone shows beside it. */
const cell = (label: string, content: unknown, kind = ''): Html =>
  html`<td role="cell" data-label="${label}" class="${kind}">${content}</td>`;

const quiet = (content: unknown): Html => html`<div class="quiet">${content}</div>`;

/** Roles, because a phone shows rows as blocks, and some browsers then forget the table. */
function table(title: string, columns: readonly string[], rows: readonly Html[], more: number) {
  const id = title.toLowerCase().replaceAll(' ', '-');
  const heads = columns.map((name) => {
    const kind = NUMBERS.has(name) ? 'number' : '';
    return html`<th role="columnheader" scope="col" class="${kind}">${name}</th>`;
  });
  const rest = more > 0 ? html`<p class="quiet">And ${count(more)} more: use the filter.</p>` : '';
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
<div class="card"><table role="table" class="${id}" aria-labelledby="${id}">
<thead role="rowgroup"><tr role="row">${heads}</tr></thead>
<tbody role="rowgroup">${rows}</tbody></table></div>${rest}</section>`;
}

const ofLimit = (used: number, limit: number): string => `${count(used)} of ${count(limit)}`;

function endpointRow(one: EndpointStatus): Html {
  const { name, hosts, resources, limits } = one;
  const places = resources.length > 3 ? [`${count(hosts.length)} hosts`] : resources;
  return html`<tr role="row"><th role="rowheader" scope="row">${name}${places.map(quiet)}${limits.map(quiet)}</th>
${cell('Upstream', one.upstream)}
${cell(
  'Issuers',
  one.issuers.map((issuer) => html`<div>${issuer}</div>`),
)}
${cell('Requests', count(one.requests), 'number')}
${cell('Refused', count(one.refused), 'number')}
${cell('Errors', one.errors > 0 ? html`<span class="warn">${count(one.errors)}</span>` : '0', 'number')}
${cell(
  'In progress',
  isFull(one)
    ? html`<span class="bad">${ofLimit(one.inUse, one.limit)}, full</span>`
    : ofLimit(one.inUse, one.limit),
  'number',
)}
${cell('Streams', count(one.openStreams), 'number')}</tr>`;
}

function issuerRow(one: IssuerStatus, now: string): Html {
  const { usesKeys, keysAgeSeconds, introspectionUp, lastError } = one;
  const error =
    lastError === null ? 'None' : html`${lastError.detail}${quiet(time(lastError.at, now))}`;
  const kind = isDown(one) ? 'bad' : 'good';
  const asked = introspectionUp === null ? 'Not used' : introspectionUp ? 'Up' : 'Down';
  return html`<tr role="row"><th role="rowheader" scope="row">${one.issuer}</th>
${cell('State', html`<span class="${kind}">${issuerState(one)}</span>`)}
${cell('Keys', usesKeys ? count(one.keys) : 'Not used', 'number')}
${cell('Key age', keysAgeSeconds === null ? '-' : duration(keysAgeSeconds))}
${cell('Introspection', asked)}
${cell('Last error', error)}</tr>`;
}

function refusalRow(one: Refusal, now: string): Html {
  const { blame, reason, status, detail, action, method, name, requestId } = one;
  const times = one.count > 1 ? quiet(`${count(one.count)} times`) : '';
  const kind = blame === 'caller' ? '' : 'bad';
  return html`<tr role="row">${cell('Last', html`${time(one.at, now)}${times}`, 'time')}
${cell('Reason', html`<strong class="${kind}">${reason}</strong> ${status ?? ''}${detail === null ? '' : quiet(detail)}`)}
${cell('Action', withCode(action))}
${cell('Call', html`${one.endpoint ?? 'No endpoint'}${quiet([method, name].filter((part) => part !== null).join(' '))}`)}
${cell('Client', html`${one.clientAddress}${requestId === null ? '' : quiet(requestId)}`)}</tr>`;
}

function reloadText({ ok, at }: ReloadStatus, now: string): Html {
  if (at === null) return html`none since the start`;
  const result = ok ? html`<span class="good">good</span>` : html`<span class="bad">failed</span>`;
  return html`${result}, ${time(at, now)}`;
}

function facts(status: GatewayStatus): Html {
  const { config, apiKeys, now, processes } = status;
  const fact = (name: string, value: unknown): Html =>
    html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  const [ofConfig, ofKeys] = (['config', 'api_keys'] as const).map((part) =>
    config.reloads.find((one) => one.part === part),
  );
  const sunset = apiKeys?.nextSunset ?? null;
  const ofSunset = sunset === null ? 'No sunset ahead' : `Next sunset ${sunset.slice(0, 10)}`;
  const reloaded = ofKeys === undefined ? '' : quiet(html`Reload: ${reloadText(ofKeys, now)}`);
  return html`<dl class="card">
${fact('Up for', duration(status.uptimeSeconds))}
${fact('Requests in progress', count(status.requestsInFlight))}
${fact('Configuration', html`Generation ${count(config.generation)}${quiet(html`Hash <code>${config.hash}</code>`)}${ofConfig === undefined ? '' : quiet(html`Reload: ${reloadText(ofConfig, now)}`)}`)}
${apiKeys === null ? '' : fact('API keys', html`${count(apiKeys.count)}${quiet(ofSunset)}${reloaded}`)}
${processes > 1 ? fact('Processes', count(processes)) : ''}
${status.stores.map(({ name, up, detail }) => fact(name, html`<span class="${up ? 'good' : 'bad'}">${up ? 'Up' : 'Down'}</span>${detail === null ? '' : quiet(detail)}`))}
</dl>`;
}

function state(status: GatewayStatus): Html {
  const lines = attention(status);
  const items = lines.map((line) => html`<li>${line}</li>`);
  if (lines.length === 0)
    return html`<p class="card state">
<span class="good">All is well.</span> Nothing needs attention.</p>`;
  return html`<section class="card state" aria-labelledby="attention">
<strong id="attention" class="bad">Needs attention</strong><ul>${items}</ul></section>`;
}

function address(filter: string, refreshes: boolean): string {
  const query = new URLSearchParams();
  if (filter !== '') query.set('q', filter);
  if (refreshes) query.set('refresh', String(REFRESH_SECONDS));
  return query.size === 0 ? '/' : `/?${query}`;
}

/** The rows with the text, in any case, anywhere in their fields. */
function matching<T>(rows: readonly T[], filter: string): T[] {
  const wanted = filter.toLowerCase();
  return rows.filter((row) =>
    JSON.stringify(Object.values(row as object))
      .toLowerCase()
      .includes(wanted),
  );
}

/** The whole document. */
export function statusPage(status: GatewayStatus, { filter, refreshes }: PageOptions): Html {
  const { version, now, issuers } = status;
  const found = {
    endpoints: matching(byTrouble(status.endpoints, issuers), filter),
    issuers: matching(
      [...issuers].sort((a, b) => Number(isDown(b)) - Number(isDown(a))),
      filter,
    ),
    refusals: matching(status.refusals, filter),
  };
  const show = <T>(
    title: string,
    columns: readonly string[],
    all: readonly T[],
    row: (one: T) => Html,
  ): Html =>
    all.length === 0
      ? html`<h2>${title}</h2><p class="quiet">None${filter === '' ? '' : ' with this text'}.</p>`
      : html`${table(title, columns, all.slice(0, ROWS).map(row), all.length - ROWS)}`;
  const refresh = refreshes ? html`<meta http-equiv="refresh" content="${REFRESH_SECONDS}">` : '';
  const other = refreshes ? 'Stop reloading' : `Reload every ${REFRESH_SECONDS} seconds`;
  const kept = refreshes
    ? html`<input type="hidden" name="refresh" value="${REFRESH_SECONDS}">`
    : '';
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Portcullis</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">${refresh}
<style>${raw(STYLE)}</style></head>
<body><header><h1>Portcullis <small>${version}</small></h1>
<nav aria-label="Other views"><a href="${address(filter, !refreshes)}">${other}</a>
<a href="/status">JSON</a> <a href="/metrics">Metrics</a></nav></header>
<main>${state(status)}${facts(status)}
<form role="search"><label for="q">Filter</label>
<input id="q" name="q" type="search" maxlength="200" value="${filter}">${kept}
<button>Show</button></form>
${show('Endpoints', COLUMNS.endpoints, found.endpoints, endpointRow)}
${show('Issuers', COLUMNS.issuers, found.issuers, (one) => issuerRow(one, now))}
${show('Last refusals', COLUMNS.refusals, found.refusals, (one) => refusalRow(one, now))}
</main><footer><p class="quiet">State of <time datetime="${now}">${now}</time></p></footer>
</body></html>
`;
}
