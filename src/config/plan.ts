// Decides the shape of a configuration that is known to be good: what compose.ts builds the gateway from. Frozen, defaults filled in.
import type { Endpoint } from '../core/endpoint.js';
import type { ClaimRules } from '../core/principal.js';
import type { Secret } from '../core/secret.js';

export interface IntrospectionPlan {
  readonly url: string | null;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly auth: 'basic' | 'post';
  readonly cacheForSeconds: number;
  readonly inactiveForSeconds: number;
}

export interface IssuerPlan extends ClaimRules {
  readonly issuer: string;
  readonly jwksUri: string | null;
  readonly algorithms: readonly string[];
  readonly typ: 'lenient' | 'at+jwt';
  /** Claims that mark an access token, with the only value that each may have. */
  readonly marks: Readonly<Record<string, string>>;
  readonly clockToleranceSeconds: number;
  readonly introspection: IntrospectionPlan | null;
}

export interface Plan {
  readonly publicUrl: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly admin: { readonly host: string; readonly port: number; readonly hosts: readonly string[] };
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** By the issuer identifier, not by its name in the file. */
  readonly issuers: readonly IssuerPlan[];
  readonly endpoints: readonly Endpoint[];
}
