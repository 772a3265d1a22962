// Causes and actions of the failures about audience, messages, scopes and rules, by reason.
import type { Meanings } from './meaning.js';

export const authorize: Meanings = {
  'audience.mismatch': {
    cause: [
      'The token is valid, but not for this server. Its audience is another one or missing, or',
      'nothing shows that it is an access token and not an ID token.',
    ],
    action: [
      'Make the client ask for this resource (RFC 8707). Or take `aud` of the token from the log or',
      'from `portcullis explain`. If tokens with it are for this server alone, list it in `audience`',
      'of the endpoint or the issuer. If nothing shows an access token, see',
      '[kinds of token](idps.md#algorithms-and-kinds-of-token). For introspection responses that',
      'name no audience, list the client in `introspection.audienceClients`.',
    ],
  },
  'audience.legacy': {
    cause: [
      'The caller sent a JWT as a pass-through credential. The gateway would not check its',
      'audience there.',
    ],
    action: ['Send the token as `Bearer`.'],
  },
  'body.too_large': {
    cause: ['The body is larger than `limits.maxBodyBytes` of the endpoint.'],
    action: ['If the tool needs it, raise the limit.'],
  },
  'body.media_type': {
    cause: [
      'The body is not `application/json`, or is compressed, or has another charset than UTF-8.',
    ],
    action: ['Fix the client.'],
  },
  'envelope.unreadable': {
    cause: ['The body is not JSON, is not UTF-8, or is nested deeper than 128 levels.'],
    action: ['Fix the client.'],
  },
  'envelope.invalid': {
    cause: [
      'The body is JSON, but not one JSON-RPC message. The `detail` in the log says why:',
      '- A name occurs twice, also in another spelling.',
      '- An object has more than 100 names beside those of MCP, or a name above 256 bytes.',
      '- The `id` is neither a string nor an integer.',
      '- It is not one of request, notification and response. A null `params` or `error` counts as',
      'absent. So does a null `result` in a request or beside an error.',
      '- The revision does not have batches, or the batch is empty or has more than 32 messages.',
      '- The call does not name the tool, prompt or resource that the rules are about.',
    ],
    action: ['Fix the client.'],
  },
  'envelope.header_mismatch': {
    cause: [
      'A header does not say what the body says. The `detail` in the log names the header:',
      '- `MCP-Protocol-Version`, `Mcp-Method` or `Mcp-Name` is missing or differs from the body.',
      '- One of these, or `Mcp-Session-Id`, occurs twice.',
    ],
    action: ['Fix the client, or the proxy that changed or dropped the header.'],
  },
  'rate.limited': {
    cause: [
      'The caller sent more calls than a limit of the operator allows. Or its address sent more',
      'failed credentials than `limits.failedCredentials` allows. The `detail` in the log names the',
      'kind of limit, its calls and its window. For a limit of tools it names the pattern too.',
    ],
    action: [
      'The client waits for the seconds of `Retry-After`. If good callers reach the limit, raise it:',
      '`limits` of the endpoint, or `limits.failedCredentials` ([limits.md](limits.md)).',
    ],
  },
  'limits.unavailable': {
    cause: [
      'The store of `limits.store` is away, and `limits.onStoreDown` is `reject`. So the gateway',
      'cannot count the call.',
    ],
    action: [
      'Repair the store: the log has `limits.store_down` with the error. With `onStoreDown: local`',
      'calls pass meanwhile, and each process counts on its own.',
    ],
  },
  'scope.insufficient': {
    cause: [
      'The token lacks a scope that the call needs. The challenge names all scopes that the call',
      'needs, and those of the endpoint that the token has.',
    ],
    action: [
      'The client asks the user for consent. If the identity provider then answers',
      '`invalid_scope`, or the client does not ask, see `challengeScopes` of the endpoint.',
    ],
  },
  'tool.denied': {
    cause: [
      'A rule of the endpoint does not let this caller use this tool. More scopes would not help.',
    ],
    action: ['None, or change `tools` of the endpoint.'],
  },
  'prompt.denied': {
    cause: [
      'A rule of the endpoint does not let this caller use this prompt. More scopes would not',
      'help.',
    ],
    action: ['None, or change `prompts` of the endpoint.'],
  },
  'resource.denied': {
    cause: [
      'A rule of the endpoint does not let this caller use this resource. Or servers could read',
      'its URI in different ways, because segments go up or it is escaped twice. More scopes',
      'would not help.',
    ],
    action: ['Write the URI in its plain form, or change `resources` of the endpoint.'],
  },
  'envelope.version': {
    cause: ['The client asks for a revision of MCP that the gateway does not serve.'],
    action: ['Use a revision that `data.supported` of the response lists.'],
  },
  'envelope.meta': {
    cause: [
      'A request of revision 2026-07-28 lacks `protocolVersion` or `clientCapabilities` in its',
      '`_meta`.',
    ],
    action: ['Fix the client.'],
  },
  'claim.missing': {
    cause: [
      'The upstream needs a fact about the caller, and the token or API key does not have it. Or the',
      'fact is not one line of visible ASCII, or does not fit an identity JWT. Examples are an `act`',
      'that is not an object, and claims that are too long for a header. The `detail` in the log names',
      'the fact. The gateway forwarded nothing.',
    ],
    action: [
      'Let the issuer write the claim into its tokens. If the MCP server accepts callers without it,',
      'write `?` after its name in `upstream.headers`, such as `{tenant?}`. If the value is wrong or too',
      'long, correct it at the issuer. For an identity JWT, let the issuer write a good `act`, or fewer',
      'scopes.',
    ],
  },
  'method.denied': {
    cause: [
      'The endpoint has rules. The message has a method that the protocol does not have. Or it is a',
      'response of the client, and the endpoint has `methods.clientResponses: deny`.',
    ],
    action: [
      'If the method should pass, add it to `methods.allow`. If responses of clients should pass,',
      'remove `clientResponses: deny`.',
    ],
  },
};
