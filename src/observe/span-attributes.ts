// Names and attributes of the spans of a call, by OpenTelemetry's semantic conventions for
// generative AI, v0.1.0.
import type { Attributes } from '@opentelemetry/api';
import type { Endpoint } from '../core/endpoint.js';
import type { Exchange } from '../core/exchange.js';
import type { Call } from '../core/message.js';
import { METHOD_FIELD, nameField, shorten } from './log-fields.js';
import { protocolAttributes } from './operations.js';

/** Names with few values. A resource is one of many, so it is an attribute alone. */
const IN_NAME: readonly string[] = ['gen_ai.tool.name', 'gen_ai.prompt.name'];

function idOf(idText: string | undefined): string | undefined {
  return idText === undefined ? undefined : String(JSON.parse(idText));
}

/** A call as spans show it. */
export interface Described {
  readonly name: string;
  readonly attributes: Attributes;
}

export function describeCall(exchange: Exchange, endpoint: Endpoint, call: Call): Described {
  const { apiKeys: carriers } = endpoint;
  const field = nameField(call);
  const method = shorten(call.method, carriers) ?? '';
  const target = shorten(call.name, carriers);
  const hasTarget = field !== null && target !== undefined;
  return {
    name: hasTarget && IN_NAME.includes(field) ? `${method} ${target}` : method,
    attributes: {
      [METHOD_FIELD]: method,
      ...(hasTarget && { [field]: target }),
      'jsonrpc.request.id': shorten(idOf(call.idText), carriers),
      ...protocolAttributes(exchange, call),
      'client.address': exchange.clientAddress,
      'portcullis.endpoint': endpoint.name,
      'portcullis.request_id': exchange.id,
    },
  };
}

/** A request whose body the gateway has not read has no method of MCP. */
export const describeRequest = (exchange: Exchange, endpoint: Endpoint): Described => ({
  name: `${exchange.method} ${endpoint.path}`,
  attributes: {
    'http.request.method': exchange.method,
    'http.route': endpoint.path,
    'client.address': exchange.clientAddress,
    'portcullis.endpoint': endpoint.name,
    'portcullis.request_id': exchange.id,
  },
});

/** A call on its way to the MCP server. */
export function describeForwarded(exchange: Exchange, endpoint: Endpoint, call: Call): Described {
  const { name, attributes } = describeCall(exchange, endpoint, call);
  const { 'client.address': _client, ...shared } = attributes;
  return { name, attributes: { ...shared, ...upstreamAttributes(endpoint) } };
}

function upstreamAttributes({ upstream }: Endpoint): Attributes {
  const { hostname, port, protocol } = new URL(upstream.origin);
  const usual = protocol === 'https:' ? 443 : 80;
  return { 'server.address': hostname, 'server.port': port === '' ? usual : Number(port) };
}
