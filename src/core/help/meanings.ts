// The cause of each failure and the action against it, by reason: for docs/failures.md and for the
// page of the admin listener. Only they load these texts, because no request needs them.
import { authorize } from './authorize.js';
import { http } from './http.js';
import type { Meanings } from './meaning.js';
import { oauth } from './oauth.js';
import { proxy } from './proxy.js';
import { verify } from './verify.js';

export const meanings: Meanings = { ...http, ...verify, ...authorize, ...proxy, ...oauth };
