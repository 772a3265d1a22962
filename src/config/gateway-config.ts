// The type of a configuration as an operator writes it, for programs that embed the gateway. The
// build writes the declaration of this type with the words of the schema.
import type { z } from 'zod';
import type { rootSchema } from './schema/root.js';

type Written = z.input<typeof rootSchema>;

export interface GatewayConfig extends Omit<Written, 'issuers' | 'apiKeys'> {
  /** Not necessary where every endpoint takes API keys alone. */
  readonly issuers?: Written['issuers'] | undefined;
  readonly apiKeys?: Written['apiKeys'] | null;
}
