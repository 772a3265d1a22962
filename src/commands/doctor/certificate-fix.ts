// Names the fix for a certificate that the doctor does not trust.

/** Codes of Node where no trusted authority signed the certificate, as with a private one. */
const UNKNOWN_AUTHORITY =
  /SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE/;

export const isUnknownAuthority = (text: string): boolean => UNKNOWN_AUTHORITY.test(text);

/** Node reads the variable only at its start. */
export const TRUST_PRIVATE_CA =
  'for a private CA, start the doctor with NODE_EXTRA_CA_CERTS=/path/ca.pem. Its clients need the ' +
  'CA too';
