// The type of a configuration as an operator writes it, for programs that embed the gateway. The
// build writes the declaration of this type with the words of the schema.
import type { z } from 'zod';
import type { rootSchema } from './schema/root.js';

type Written = z.input<typeof rootSchema>;

/** `issuers` is not necessary where every endpoint takes API keys alone. */
export type GatewayConfig = Omit<Written, 'issuers'> & Partial<Pick<Written, 'issuers'>>;
