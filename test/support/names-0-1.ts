// The public names of 0.1, which never change. docs/upgrade.md says what became of each.

const words = (text: string): string[] => text.trim().split(/\s+/);

export const REASONS_0_1 = words(`
  origin.refused route.unknown method.refused client.gone gateway.draining gateway.fault credential.missing
  credential.malformed credential.scheme token.malformed token.algorithm token.type token.issuer token.key_unknown
  token.signature token.claims token.early token.expired token.inactive keys.unavailable introspection.unavailable
  introspection.refused_us audience.mismatch audience.legacy body.too_large body.media_type envelope.unreadable
  envelope.invalid envelope.header_mismatch scope.insufficient tool.denied prompt.denied resource.denied session.foreign
  upstream.busy upstream.unreachable upstream.timeout upstream.broken upstream.refused_us stream.broken stream.outlived
  connection.bad_request connection.target_too_long connection.headers_too_large connection.too_slow
  connection.expectation client.stalled credential.query credential.two key.unknown key.sunset verify.fault
  envelope.version envelope.meta method.denied claim.missing rate.limited exchange.unavailable exchange.refused
  upstream.refused_caller upstream.loop
`);

/** Of rejections and of notices. */
export const EVENTS_0_1 = words(`
  forwarded page authorize.audience authorize.body_size authorize.claim authorize.envelope authorize.header_mismatch
  authorize.legacy authorize.media_type authorize.meta authorize.method authorize.prompt authorize.rate
  authorize.resource authorize.scope authorize.tool authorize.unreadable authorize.version gateway.fault http.bad_request
  http.client_gone http.client_stalled http.draining http.expectation http.headers http.method http.origin http.route
  http.slow http.target identify.malformed identify.missing identify.query identify.scheme identify.two proxy.broken
  proxy.busy proxy.exchange_down proxy.exchange_refused proxy.loop proxy.refused_caller proxy.refused_us proxy.session
  proxy.stream_broken proxy.stream_outlived proxy.timeout proxy.unreachable verify.algorithm verify.claims verify.early
  verify.expired verify.fault verify.inactive verify.introspection_down verify.introspection_refused_us verify.issuer
  verify.key verify.key_unknown verify.keys_down verify.malformed verify.signature verify.sunset verify.type
  gateway.listening gateway.stopped introspection.audience_not_required introspection.client_rejected introspection.down
  introspection.recovered keys.load_failed keys.loaded keys.recovered metadata.load_failed metadata.loaded
  session.key_drawn
`);

/** Of the line of a request. */
export const LOG_FIELDS_0_1 = words(`
  level time event reason status endpoint method era credential issuer subject clientId requestId client us rpc name path
  detail stack
`);

export const METRICS_0_1 = words('portcullis_requests_total portcullis_request_seconds');

/** Without PORTCULLIS_. */
export const VARIABLES_0_1 = words(`
  UPSTREAM PUBLIC_URL PRESET ISSUER JWKS_URI ALGORITHMS TYP CLOCK_TOLERANCE_SECONDS AUDIENCE SCOPES INTROSPECTION_URL
  INTROSPECTION_CLIENT_ID INTROSPECTION_CLIENT_SECRET LEGACY_SCHEME LEGACY_SCOPES SESSION_KEYS LISTEN ADMIN LOG_LEVEL
`);
