// Checks the credentials of the gateway as an OAuth client: each fits the authentication method.
// Introspection, and each kind of token endpoint, share this table (C-81, client authentication).
import type { ClientAuthentication } from '../core/client-authentication.js';
import { listed } from '../core/quoted.js';
import type { Path, Problem } from './problems.js';
import { CLIENT_ID_HINT } from './schema/fields.js';
import { SECRET_HINT } from './schema/secret-reference.js';

type Auth = ClientAuthentication['auth'];
type SecretField = 'clientSecret' | 'privateKey';
type Field = 'clientId' | SecretField;

/** The fields of `schema/client-authentication.ts`. Bad ones are undefined. */
export interface PartialClient extends Readonly<Partial<Record<Field, string | undefined>>> {
  readonly auth?: Auth | undefined;
}

const HINTS: Readonly<Record<Field, string>> = {
  clientId: CLIENT_ID_HINT,
  clientSecret: SECRET_HINT,
  privateKey: `auth: private_key_jwt signs with this key; ${SECRET_HINT}`,
};

const RULES: Readonly<
  Record<Auth, { readonly needs: readonly Field[]; readonly ignores: readonly SecretField[] }>
> = {
  basic: { needs: ['clientId', 'clientSecret'], ignores: ['privateKey'] },
  post: { needs: ['clientId', 'clientSecret'], ignores: ['privateKey'] },
  private_key_jwt: { needs: ['clientId', 'privateKey'], ignores: ['clientSecret'] },
  // A client id is allowed beside it. The gateway does not send it.
  bearer: { needs: ['clientSecret'], ignores: ['privateKey'] },
  none: { needs: [], ignores: ['clientSecret', 'privateKey'] },
};

/** The methods that use a field. */
const usersOf = (field: SecretField, methods: readonly Auth[]): string =>
  listed(
    methods.filter((method) => RULES[method].needs.includes(field)),
    'or',
  );

/** Missing credentials, and those that the method does not use. `methods`: those of the field. */
export function clientFieldProblems(
  { auth, ...fields }: PartialClient,
  path: Path,
  methods: readonly Auth[],
): Problem[] {
  if (auth === undefined) return [];
  const { needs, ignores } = RULES[auth];
  const missing = needs.filter((field) => fields[field] === undefined);
  const ignored = ignores.filter((field) => fields[field] !== undefined);
  return [
    ...missing.map((field) => ({ path: [...path, field], message: HINTS[field] })),
    ...ignored.map((field) => ({
      path: [...path, field],
      message: `auth: ${auth} does not use it; remove it, or write auth: ${usersOf(field, methods)}`,
    })),
  ];
}
