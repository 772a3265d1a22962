// The server that takes an ID-JAG is another one than the issuer that gives it.
import { expect, test } from 'vitest';
import { parseYaml } from '../../src/config/load.js';

const config = (issuer: string): string => `
publicUrl: https://mcp.example.com
issuers: { work: { issuer: https://login.example.com } }
endpoints:
  - path: /files/mcp
    issuers: [work]
    upstream:
      url: https://files.example.com/mcp
      credential:
        kind: exchange
        resource: https://files.example.com/mcp
        clientId: a
        clientSecret: "\${env:SECRET}"
        idJag: { issuer: "${issuer}", clientId: b, clientSecret: "\${env:SECRET}" }
`;
const load = (issuer: string) => parseYaml(config(issuer), { SECRET: 'a-secret-of-the-test' });

test('idJag.issuer is not the issuer of the endpoint', () => {
  expect(load('https://auth.files.example.com').endpoints[0]?.upstreamCredential).toMatchObject({
    issuer: 'https://login.example.com',
    audience: [],
    idJag: { issuer: 'https://auth.files.example.com', client: { clientId: 'b' }, tokenUrl: null },
  });
  expect(() => load('https://login.example.com')).toThrow(
    'endpoints[0].upstream.credential.idJag.issuer: this is the issuer of the endpoint, which accepts no ID-JAG of its own',
  );
});
