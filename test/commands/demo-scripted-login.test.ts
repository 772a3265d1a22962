// The scripted browser follows redirects with cookies, and sends the form of a page.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { followAuthorization } from '../../src/commands/demo/scripted-login.js';
import { startServer } from '../fixtures/ports.js';

const REDIRECT = 'http://127.0.0.1:9/callback';
const FORM = { action: '/consent', fields: { answer: 'allow' } };

let server: Awaited<ReturnType<typeof startServer>>;
const forms: Record<string, string | undefined>[] = [];
beforeAll(async () => {
  server = await startServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    if (req.url === '/authorize') return res.writeHead(200, { 'set-cookie': 'login=1; Path=/' }).end('<form>');
    const { origin, cookie } = req.headers;
    forms.push({ method: req.method, body, origin, cookie });
    return res.writeHead(303, { location: `${REDIRECT}?code=c` }).end();
  });
});
afterAll(() => server.close());

test('a page ends the login', async () => {
  await expect(followAuthorization(`${server.url}/authorize`, REDIRECT)).rejects.toThrow('/authorize with 200: <form>');
});

test('a page whose form is filled in goes on, with its origin and the cookies', async () => {
  const end = await followAuthorization(`${server.url}/authorize`, REDIRECT, (html) => (html === '<form>' ? FORM : null));
  expect(end.href).toBe(`${REDIRECT}?code=c`);
  expect(forms).toEqual([{ method: 'POST', body: 'answer=allow', origin: server.url, cookie: 'login=1' }]);
});
