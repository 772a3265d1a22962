// The faults of connections by the codes of Node, alone and within a detail for the log.
import { expect, test } from 'vitest';
import { type ConnectionFault, connectionFault, isTlsFault } from '../../src/core/connection-fault.js';

test.each<[text: string, fault: ConnectionFault | null]>([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unknown authority'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'unknown authority'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unknown authority'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unknown authority'],
  ['CERT_HAS_EXPIRED', 'expired certificate'],
  ['CERT_NOT_YET_VALID', 'expired certificate'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'other name in the certificate'],
  ['CERT_SIGNATURE_FAILURE', 'tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ['EPROTO', 'tls'],
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['ECONNREFUSED', 'refused'],
  ['ETIMEDOUT', 'timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ['no answer within 2000 ms', 'timeout'],
  ['ECONNRESET', null],
  ['EHOSTUNREACH', null],
])('%s: %s', (text, fault) => {
  expect(connectionFault(text)).toBe(fault);
  expect(connectionFault(`metadata: ${text} at https://auth.example.com/issuer/tls`)).toBe(fault);
  expect(isTlsFault(text)).toBe(fault?.includes('certificate') || fault === 'tls' || fault === 'unknown authority');
});
