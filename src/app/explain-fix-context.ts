// The facts of a rejected token from which `explain` derives a fix, and how a change of the
// configuration is built from them.
import {
  type ConfigChange,
  endpointChange,
  issuerName,
  type WrittenConfig,
} from '../config/written-config.js';
import type { Endpoint } from '../core/endpoint.js';
import type { ExplanationFix, Values } from '../core/explanation.js';
import type { IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import type { Shape } from '../verify/jws.js';

export interface FixContext {
  readonly written: WrittenConfig;
  readonly endpoint: Endpoint;
  /** The issuers of the endpoint, by issuer identifier. */
  readonly issuers: ReadonlyMap<string, IssuerRuntime>;
  /** The identifiers of all issuers of the configuration. */
  readonly configured: readonly string[];
  /** The issuers of the facades. */
  readonly facades: readonly string[];
  /** The bridge, and the names of the endpoints that take its tokens. */
  readonly bridge: { readonly issuer: string; readonly names: readonly string[] } | null;
  readonly token: string;
  readonly nowSeconds: number;
  /** Whether the audience of the token would pass at an endpoint that accepts these. */
  readonly passesWith: (audience: readonly string[]) => boolean;
}

/** The failed step, and the token that failed. */
export interface Failed extends FixContext {
  readonly step: string;
  readonly observed: Values;
  readonly expected: Values;
  readonly shape: Shape;
  readonly claims: Values;
  /** The issuer of the token, or the first of the endpoint; null: the token has another one. */
  readonly issuer: IssuerRuntime | null;
  /** All steps before the failed one and itself. */
  readonly seen: Values;
}

export type FindFix = (failed: Failed) => ExplanationFix | null;

export const noChange = (words: string): ExplanationFix => ({ words, warning: null, change: null });

/** Fields of the issuer of the token, under its name in the file. */
export function ofIssuer({ written, issuer }: Failed, fields: ConfigChange): ConfigChange | null {
  const name = issuer === null ? null : issuerName(written, issuer.policy.issuer);
  return name === null ? null : { issuers: { [name]: fields } };
}

export const ofEndpoint = ({ endpoint }: Failed, fields: ConfigChange): ConfigChange =>
  endpointChange(endpoint, fields);

export const union = (some: readonly string[], more: readonly string[]): string[] => [
  ...new Set([...some, ...more]),
];

export const texts = (value: unknown): string[] =>
  [value].flat().filter((one): one is string => typeof one === 'string' && one !== '');
