// Apache with mod_oauth2, which caches results in shared memory. The event MPM, one process.
import { join } from 'node:path';

const quoted = (text) => `"${text.replaceAll('"', '\\"')}"`;

const configuration = ({ home, folder, port, upstreamPort, jwk, issuer, audience }) => `
ServerRoot ${home}/usr/lib/apache2
PidFile ${folder}/apache.pid
Listen 127.0.0.1:${port}
ServerName 127.0.0.1
ErrorLog ${folder}/apache.log
LogLevel error
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authn_core_module modules/mod_authn_core.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule authz_user_module modules/mod_authz_user.so
LoadModule proxy_module modules/mod_proxy.so
LoadModule proxy_http_module modules/mod_proxy_http.so
LoadModule oauth2_module modules/mod_oauth2.so
StartServers 1
ServerLimit 1
ThreadLimit 1100
ThreadsPerChild 1100
MaxRequestWorkers 1100
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 300
Timeout 3600
OAuth2TokenVerify jwk ${quoted(JSON.stringify(jwk))} verify.exp=required
<Location />
  AuthType oauth2
  <RequireAll>
    Require oauth2_claim iss:${issuer}
    Require oauth2_claim aud:${audience}
  </RequireAll>
  ProxyPass http://127.0.0.1:${upstreamPort}/ keepalive=On flushpackets=on
</Location>
`;

export const apache = {
  name: 'Apache',
  packages: ['apache2-bin', 'libapache2-mod-oauth2'],
  about: 'mod_oauth2, event MPM',
  start({ home, folder, write, ...setting }) {
    const file = write('apache.conf', configuration({ home, folder, ...setting }));
    return { command: [join(home, 'usr/sbin/apache2'), '-DFOREGROUND', '-f', file] };
  },
};
