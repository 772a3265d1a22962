// Reads the credential of a run: a token, a key in a header, or a client id with its secret.
import { findToken, readSecretInput } from '../bearer-token.js';
import type { CommandIo } from '../command-io.js';
import { type HeaderCredential, headerCredentialOf } from '../header-credential.js';
import type { ClientSecret } from './client-credentials.js';

export interface CredentialOptions {
  readonly token?: string | undefined;
  readonly 'client-id'?: string | undefined;
  readonly 'client-secret'?: string | undefined;
}

/** One of the three at most. */
export interface Credentials {
  readonly token: string | null;
  readonly key: HeaderCredential | null;
  readonly client: ClientSecret | null;
}

const SECRET_VARIABLE = 'PORTCULLIS_DOCTOR_CLIENT_SECRET';

const ON_COMMAND_LINE =
  'Every user of this machine can see the command line: write --client-secret - and give the ' +
  `secret on standard input, or set ${SECRET_VARIABLE}.`;
const KEY_ON_COMMAND_LINE =
  'This is not a bearer token: it begins with the name of another scheme or header. Every user of ' +
  'this machine can see the command line: give a key in PORTCULLIS_TOKEN, or write --token - and ' +
  'give it on standard input.';
const NO_SECRET =
  `There is no secret: set ${SECRET_VARIABLE}, or write --client-secret - and give it on standard ` +
  'input.';

async function clientOf(
  { token, 'client-id': clientId, 'client-secret': argument }: CredentialOptions,
  io: CommandIo,
): Promise<ClientSecret | string | null> {
  if (argument !== undefined && argument !== '-') return ON_COMMAND_LINE;
  if (clientId === undefined)
    return argument === undefined ? null : 'Give the client id too: --client-id ID.';
  if (token !== undefined) return 'Give a token or a client id, not both.';
  const secret = await readSecretInput(argument, SECRET_VARIABLE, io);
  return secret === '' ? NO_SECRET : { clientId, secret };
}

/** A text for a wrong command line. */
export async function readCredentials(
  options: CredentialOptions,
  io: CommandIo,
): Promise<Credentials | string> {
  const client = await clientOf(options, io);
  if (typeof client === 'string') return client;
  if (client !== null) return { token: null, key: null, client };
  const text = await findToken(options.token, io);
  const key = text === null ? null : headerCredentialOf(text);
  if (key === null) return { token: text, key, client };
  const isArgument = options.token !== undefined && options.token !== '-';
  return isArgument ? KEY_ON_COMMAND_LINE : { token: null, key, client };
}
