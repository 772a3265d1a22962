// The schema of a line of `apiKeysFile`: an API key with its name.
import type { z } from 'zod';
import { apiKeyName, apiKeySchema } from './api-key.js';

export const apiKeyLineSchema = apiKeySchema.extend({ name: apiKeyName });

export type ApiKeyLine = z.output<typeof apiKeyLineSchema>;
