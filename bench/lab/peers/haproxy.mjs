// HAProxy: verifies each token with jwt_verify, in one thread. It has no cache.
import { join } from 'node:path';

const configuration = ({ port, upstreamPort, keyFile, issuer, audience }) => `
global
  maxconn 9600
  nbthread 1
  no strict-limits
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 300s
  option http-keep-alive
  http-reuse always
frontend mcp
  bind 127.0.0.1:${port}
  http-request deny deny_status 401 unless { req.hdr(authorization) -m found }
  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
  http-request set-var(txn.iss) var(txn.token),jwt_payload_query('$.iss')
  http-request set-var(txn.aud) var(txn.token),jwt_payload_query('$.aud')
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str RS256 }
  http-request deny deny_status 401 unless { var(txn.iss) -m str "${issuer}" }
  http-request deny deny_status 401 unless { var(txn.aud) -m str "${audience}" }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 unless { var(txn.token),jwt_verify(txn.alg,"${keyFile}") -m int 1 }
  default_backend upstream
backend upstream
  http-request del-header authorization
  server one 127.0.0.1:${upstreamPort} pool-max-conn 512
`;

export const haproxy = {
  name: 'HAProxy',
  packages: ['haproxy'],
  about: 'jwt_verify, one thread',
  start({ home, write, ...setting }) {
    const file = write('haproxy.cfg', configuration(setting));
    return { command: [join(home, 'usr/sbin/haproxy'), '-db', '-f', file] };
  },
};
