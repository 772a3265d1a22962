// Plays a person at a browser, for clients of every language: logs in, and allows what the consent
// page of a facade asks for.
import { followAuthorization } from '../../compiled/commands/demo/scripted-login.js';
import { startLoopback } from '../../test/fixtures/launch.js';

const ACTION = /<form method="post" action="([^"]+)"/;
const ASKED = /name="asked" value="([^"]+)"/;

/** Presses "Allow" on a consent page. Null for another page. */
function allow(html) {
  const [action, asked] = [ACTION, ASKED].map((part) => part.exec(html)?.[1]);
  if (action === undefined || asked === undefined) return null;
  return { action, fields: { asked, answer: 'allow' } };
}

/** Logs in, and resolves to the URL at which the client gets its code. */
export const logIn = (address) =>
  followAuthorization(address, new URL(address).searchParams.get('redirect_uri'), allow);

/**
 * A browser as a server: `GET /?login=URL` redirects to where the login ends. So the programs of
 * the SDKs need no code for consent pages. `logins`: the scopes of each login.
 */
export async function startPerson() {
  const logins = [];
  const { url, close } = await startLoopback((req, res) => {
    const address = new URL(req.url, 'http://person').searchParams.get('login');
    logins.push((new URL(address).searchParams.get('scope') ?? '').split(' '));
    logIn(address).then(
      (end) => res.writeHead(302, { location: end.href }).end(),
      (error) => res.writeHead(500).end(error.message),
    );
  });
  return { env: { PERSON: `${url}/?login=` }, logins, stop: close };
}
