// nginx: auth_request asks a location of the same server, where njs verifies the token. One worker.
import { join } from 'node:path';

const script = ({ publicPem, issuer, audience }) => `
const der = Buffer.from(${JSON.stringify(publicPem.replace(/-----[^-]+-----|\n/g, ''))}, 'base64');
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

async function check(authorization) {
  if (!authorization || !authorization.startsWith('Bearer ')) return false;
  const parts = authorization.slice(7).split('.');
  const claims = decode(parts[1]);
  if (parts.length !== 3 || decode(parts[0]).alg !== 'RS256') return false;
  if (claims.iss !== '${issuer}' || claims.aud !== '${audience}') return false;
  if (!(claims.exp > Date.now() / 1000)) return false;
  const key = await crypto.subtle.importKey('spki', der, algorithm, false, ['verify']);
  const signature = Buffer.from(parts[2], 'base64url');
  return crypto.subtle.verify(algorithm, key, signature, parts[0] + '.' + parts[1]);
}

async function verify(request) {
  let isGood = false;
  try {
    isGood = await check(request.headersIn.Authorization);
  } catch (error) {
    isGood = false;
  }
  request.return(isGood ? 204 : 401);
}

export default { verify };
`;

const configuration = ({ home, folder, port, upstreamPort }) => `
load_module ${home}/usr/lib/nginx/modules/ngx_http_js_module.so;
daemon off;
worker_processes 1;
worker_rlimit_nofile 19000;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log error;
events { worker_connections 9000; }
http {
  access_log off;
  js_path ${folder};
  js_import jwt from jwt.js;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 100000000;
  keepalive_timeout 300s;
  upstream mcp {
    server 127.0.0.1:${upstreamPort};
    keepalive 256;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    client_body_buffer_size 64k;
    location = /verify {
      internal;
      js_content jwt.verify;
    }
    location / {
      auth_request /verify;
      proxy_pass http://mcp;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "";
      proxy_buffering off;
      proxy_read_timeout 1h;
    }
  }
}
`;

export const nginx = {
  name: 'nginx',
  packages: ['nginx', 'libnginx-mod-http-js'],
  about: 'auth_request and njs, one worker',
  start({ home, folder, write, ...setting }) {
    write('jwt.js', script(setting));
    const file = write('nginx.conf', configuration({ home, folder, ...setting }));
    const log = join(folder, 'nginx.log');
    return { command: [join(home, 'usr/sbin/nginx'), '-c', file, '-p', folder, '-e', log] };
  },
};
