// Names the proxy in front of a server where a response shows it, and gives the setting of each
// proxy that fixes a problem.
import { type HttpResponse, header, isHtml, type Outcome } from './request.js';

export type Front =
  | 'nginx'
  | 'Apache'
  | 'HAProxy'
  | 'Varnish'
  | 'lighttpd'
  | 'Squid'
  | 'Caddy'
  | 'h2o'
  | 'Traffic Server'
  | 'Envoy'
  | 'Cloudflare'
  | 'AWS'
  | 'Node';

/** A fix that depends on the proxy in front of the server. */
export interface ProxyFix {
  readonly fix: string;
  readonly settings: readonly string[];
}

/** The marks in `Server` and `Via`. */
const NAMES: readonly (readonly [Front, RegExp])[] = [
  ['nginx', /\b(nginx|openresty|tengine)\b/i],
  ['Apache', /\bapache\b/i],
  ['Varnish', /\bvarnish\b/i],
  ['lighttpd', /\blighttpd\b/i],
  ['Squid', /\bsquid\b/i],
  ['Caddy', /\bcaddy\b/i],
  ['h2o', /\bh2o\b/i],
  ['Traffic Server', /\b(ATS|ApacheTrafficServer)\b/i],
  ['Envoy', /\b(envoy|istio-envoy)\b/i],
  ['HAProxy', /\bhaproxy\b/i],
  ['Cloudflare', /\bcloudflare\b/i],
  ['AWS', /\b(awselb|cloudfront)\b/i],
];

/** Other header lines that only this proxy adds. */
const LINES: readonly (readonly [Front, string])[] = [
  ['Varnish', 'x-varnish'],
  ['Squid', 'x-squid-error'],
  ['Cloudflare', 'cf-ray'],
  ['Envoy', 'x-envoy-upstream-service-time'],
  ['AWS', 'x-amzn-requestid'],
];

/** HAProxy adds no header. Its pages have this form. */
const HAPROXY_PAGE = /^<html><body><h1>\d{3} /;

function frontsOfResponse(response: HttpResponse): Front[] {
  const words = `${header(response, 'server')} ${header(response, 'via')}`;
  return [
    ...NAMES.filter(([, mark]) => mark.test(words)).map(([front]) => front),
    ...LINES.filter(([, name]) => header(response, name) !== '').map(([front]) => front),
    ...(isHtml(response) && HAPROXY_PAGE.test(response.text) ? ['HAProxy' as const] : []),
  ];
}

/** The proxies that these responses show, without repetition, the first response first. */
export const frontsOf = (...outcomes: readonly Outcome[]): Front[] => [
  ...new Set(
    outcomes.flatMap((outcome) => (outcome.kind === 'response' ? frontsOfResponse(outcome) : [])),
  ),
];

type Settings = Partial<Record<Front, string>>;

/** A request header is too long for the proxy. */
const LONG_HEADERS: Settings = {
  nginx: '`large_client_header_buffers 4 64k`',
  Apache: '`LimitRequestFieldSize 65536`, before the first VirtualHost',
  HAProxy: '`tune.bufsize 131072`',
  Varnish: '`-p http_req_hdr_len=64k -p http_req_size=128k -p workspace_client=256k`',
  lighttpd: '`server.max-request-field-size = 65535`',
  Squid: '`request_header_max_size 64 KB`',
  Node: '`--max-http-header-size=65536`',
};

/** The proxy removes Authorization. */
const AUTHORIZATION: Settings = {
  Squid: '`login=PASSTHRU` in cache_peer',
  nginx: 'no `proxy_set_header Authorization ""`',
  Apache: 'no `RequestHeader unset Authorization`; `CGIPassAuth On` before a CGI program',
  HAProxy: 'no `http-request del-header Authorization`',
};

/** The proxy holds back the events of a stream until it ends. */
const BUFFERING: Settings = {
  nginx: '`proxy_buffering off` and `gzip off`',
  lighttpd: '`server.stream-response-body = 2`',
  Apache: '`flushpackets=on` in ProxyPass, and `SetEnv no-gzip 1`',
  Varnish: '`set beresp.do_stream = true` and `set beresp.do_gzip = false`',
  HAProxy: 'no `compression` for text/event-stream',
  Caddy: 'no `encode` for this path',
  Envoy: 'no buffer filter and no compressor for this route',
};

/** The proxy compresses the events of a stream. */
const COMPRESSION: Settings = {
  nginx: '`gzip off`',
  Apache: '`SetEnv no-gzip 1`',
  Varnish: '`set beresp.do_gzip = false`',
  HAProxy: 'no `compression` for text/event-stream',
  lighttpd: 'no text/event-stream in `deflate.mimetypes`',
  Caddy: 'no `encode` for this path',
};

/** Each event waits for the next one, or about 200 ms. */
const SMALL_EVENTS: Settings = {
  HAProxy: '`option http-no-delay`',
};

/** The proxy ends a stream, or gives up before the answer of a slow tool. */
const TIMEOUTS: Settings = {
  nginx: '`proxy_read_timeout 1h`',
  HAProxy: '`timeout server 1h` and `timeout client 1h`',
  Apache: '`ProxyTimeout 3600`',
  Varnish:
    '`-p send_timeout=2592000` (its default ends every HTTP/1 stream after 600 s), and ' +
    '`.first_byte_timeout` and `.between_bytes_timeout` of the backend',
  lighttpd: '`server.max-write-idle = 3600`',
  Squid: '`read_timeout 1 hour`',
  Caddy: '`read_timeout 1h` in transport http',
  h2o: '`proxy.timeout.io: 3600000`',
  'Traffic Server':
    '`CONFIG proxy.config.http.transaction_active_timeout_in INT 0` and ' +
    '`CONFIG proxy.config.http.transaction_no_activity_timeout_out INT 3600`',
  Envoy: '`timeout: 0s` and `idle_timeout: 3600s` of the route',
  AWS: 'the idle timeout of the load balancer',
};

/** The proxy refuses a large body, with a page of its own. */
const LARGE_BODIES: Settings = {
  nginx: '`client_max_body_size 10m`',
  Apache: '`LimitRequestBody 10485760`',
  Squid: '`request_body_max_size 10 MB`',
  lighttpd: '`server.max-request-size = 10240`, in KiB',
  Caddy: '`request_body { max_size 10MB }`',
};

/** The proxy drops headers with `_` or `.` in the name. */
const UNDERSCORES: Settings = {
  nginx: '`ignore_invalid_headers off`, in the server block',
};

/** nginx obeys X-Accel-Buffering and removes it. */
const BUFFERING_HEADER: Settings = {
  nginx: '`proxy_pass_header X-Accel-Buffering`',
};

/** The proxy replaces the 401 of the server, or removes its challenge. */
const CHALLENGES: Settings = {
  nginx: 'no `proxy_intercept_errors on` and no `proxy_hide_header WWW-Authenticate`',
  Apache: 'no `ProxyErrorOverride On` and no `Header unset WWW-Authenticate`',
  HAProxy: 'no `http-response del-header WWW-Authenticate`',
  Squid: '`login=PASSTHRU` in cache_peer',
  AWS: 'API Gateway renames it to x-amzn-remapped-www-authenticate; map it back',
};

/** The proxy asks for a login of its own. */
const OWN_LOGIN: Settings = {
  nginx: '`auth_basic off` and `auth_request off` for this path',
  Apache: '`Require all granted` for this path',
  HAProxy: 'no `http-request auth` for this path',
  Caddy: 'no `basic_auth` and no `forward_auth` for this path',
  Cloudflare: 'an Access policy with the action Bypass for this path',
};

const TOPICS = {
  longHeaders: LONG_HEADERS,
  authorization: AUTHORIZATION,
  buffering: BUFFERING,
  bufferingHeader: BUFFERING_HEADER,
  compression: COMPRESSION,
  smallEvents: SMALL_EVENTS,
  timeouts: TIMEOUTS,
  largeBodies: LARGE_BODIES,
  underscores: UNDERSCORES,
  challenges: CHALLENGES,
  ownLogin: OWN_LOGIN,
} as const;

export type Topic = keyof typeof TOPICS;

/**
 * The settings of this topic, one line each: those of the proxies that the responses show, or else
 * all.
 */
export function settingsOf(topic: Topic, fronts: readonly Front[]): string[] {
  const settings: Settings = TOPICS[topic];
  const shown = fronts.filter((front) => settings[front] !== undefined);
  if (shown.length > 0)
    return shown.map((front) => `${front}, which is in front: ${settings[front]}`);
  return Object.entries(settings).map(([front, setting]) => `${front}: ${setting}`);
}
