// Names the fix for a certificate that the doctor does not trust.
import { connectionFault } from '../../core/connection-fault.js';

export const isUnknownAuthority = (text: string): boolean =>
  connectionFault(text) === 'unknown authority';

/** Node reads the variable only at its start. */
export const TRUST_PRIVATE_CA =
  'for a private CA, start the doctor with NODE_EXTRA_CA_CERTS=/path/ca.pem. Its clients need the ' +
  'CA too';
