// The type of a finding of `check`. Also the words that its checks share: how to fix a connection
// that failed.
import { connectionFault } from '../core/connection-fault.js';

export type CheckResult = 'ok' | 'warn' | 'fail';

/** One thing that `check` looked at. */
export interface CheckFinding {
  /** Such as `issuer https://auth.example.com` or `endpoint /mcp`. */
  readonly about: string;
  /** Such as `keys`. */
  readonly name: string;
  /** `fail`: calls will fail. `warn`: it is valid and rarely meant. */
  readonly result: CheckResult;
  readonly observed: string;
  /** How to fix a problem. */
  readonly fix?: string;
}

/** A finding without its subject. */
export type Verdict = Omit<CheckFinding, 'about' | 'name'>;

export const ok = (observed: string): Verdict => ({ result: 'ok', observed });
export const warn = (observed: string, fix?: string): Verdict => ({
  result: 'warn',
  observed,
  ...(fix === undefined ? {} : { fix }),
});
export const fail = (observed: string, fix?: string): Verdict => ({
  result: 'fail',
  observed,
  ...(fix === undefined ? {} : { fix }),
});

const FIXES = {
  'unknown authority':
    'no authority that this machine trusts signed the certificate: start the gateway, and this ' +
    'command, with NODE_EXTRA_CA_CERTS=/path/ca.pem. For a self-signed one, that file is the ' +
    'certificate itself',
  'expired certificate':
    'the certificate is not valid today: renew it at the server, or correct the clock of this ' +
    'machine',
  'other name in the certificate':
    'the certificate is for another name: write the host name that it has, or give the server one ' +
    'for this name',
  tls:
    'correct the port, or write http for a server without TLS. Otherwise fix the certificate and ' +
    'its chain',
  dns:
    'correct the host name: DNS has no address for it here. A name of an inner network needs this ' +
    'command to run in that network',
  refused: 'start the server, or correct host and port: nothing listens there',
  timeout: 'check that this machine may reach the server: address, port, firewall and proxy',
} as const;

/** `text`: the code of the connection, or a detail with it. */
export function connectionFix(text: string): string {
  const fault = connectionFault(text);
  return fault === null ? 'check the address, the port and the firewall' : FIXES[fault];
}

/** A detail for the log often ends with the setting to check, after a semicolon. */
export function parted(detail: string): { readonly observed: string; readonly fix?: string } {
  const at = detail.indexOf('; ');
  return at < 0
    ? { observed: detail }
    : { observed: detail.slice(0, at), fix: detail.slice(at + 2) };
}
