// Sorts the faults of connections by the codes of Node in a text: TLS, DNS, no listener, too late.

export type ConnectionFault =
  | 'unknown authority'
  | 'expired certificate'
  | 'other name in the certificate'
  | 'tls'
  | 'dns'
  | 'refused'
  | 'timeout';

/** The first that fits decides. Codes have capital letters, and words of a detail do not. */
const FAULTS: readonly (readonly [ConnectionFault, RegExp])[] = [
  // No trusted authority signed the certificate, as with a private one.
  [
    'unknown authority',
    /SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
  ],
  ['expired certificate', /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/],
  ['other name in the certificate', /ERR_TLS_CERT_ALTNAME_INVALID/],
  ['tls', /CERT|TLS|SSL|EPROTO|SIGNATURE|ISSUER/],
  ['dns', /\b(ENOTFOUND|EAI_)/],
  ['refused', /\bECONNREFUSED\b/],
  ['timeout', /TIMEOUT|ETIMEDOUT|no answer within/],
];

/** Null: none of these. */
export const connectionFault = (text: string): ConnectionFault | null =>
  FAULTS.find(([, codes]) => codes.test(text))?.[0] ?? null;

const TLS: readonly (ConnectionFault | null)[] = [
  'unknown authority',
  'expired certificate',
  'other name in the certificate',
  'tls',
];

export const isTlsFault = (text: string): boolean => TLS.includes(connectionFault(text));
