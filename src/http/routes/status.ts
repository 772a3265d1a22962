// Adds `/` and `/status` to the admin listener: the page, and the same facts as JSON. Both only
// read. The page loads when an operator first asks for it, so that a start does not pay for it.
import type { Hono } from 'hono';
import type { GatewayStatus } from '../../core/status.js';

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

/** Characters of a filter; more find nothing. */
const FILTER = 200;

export function addStatusRoutes(app: Hono, status: () => Promise<GatewayStatus>): void {
  app.get('/', async (c) => {
    const { statusPage } = await import('./status-page.js');
    const { CONTENT_POLICY } = await import('./status-style.js');
    const filter = (c.req.query('q') ?? '').trim().slice(0, FILTER);
    const refreshes = c.req.query('refresh') !== undefined;
    const page = await statusPage(await status(), { filter, refreshes });
    return c.html(page, 200, { ...HEADERS, 'content-security-policy': CONTENT_POLICY });
  });
  app.get('/status', async (c) =>
    c.json(await status(), 200, { ...HEADERS, 'content-security-policy': "default-src 'none'" }),
  );
  for (const path of ['/', '/status'])
    app.all(path, (c) => c.body(null, 405, { allow: 'GET, HEAD' }));
}
