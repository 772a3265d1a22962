// Says which issuers need keys: those whose JWTs the gateway verifies itself.
import type { ResolvedIssuer } from './resolved-config.js';

/** Where a facade issues tokens, only an ID token of the issuer needs its keys. */
export const usesKeys = ({ verify, facade }: ResolvedIssuer): boolean =>
  facade !== null && facade.issued !== null
    ? facade.issued.userUrl === null
    : verify !== 'introspection';
