// Answers /healthz and /readyz, on the public and on the admin listener. The bodies state no facts
// about the gateway, because anyone may request them.
import type { Context, Hono } from 'hono';

export interface Readiness {
  /**
   * True once the gateway listens, and has tried each issuer once or 10 s have passed. False again
   * while it drains.
   */
  isReady(): boolean;
}

export function addHealthRoutes(app: Hono, readiness: Readiness): void {
  const answer = (c: Context, ok: boolean): Response => {
    c.header('cache-control', 'no-store');
    return c.json({ status: ok ? 'ok' : 'unavailable' }, ok ? 200 : 503);
  };
  app.get('/healthz', (c) => answer(c, true));
  app.get('/readyz', (c) => {
    if (!readiness.isReady()) c.header('retry-after', '1');
    return answer(c, readiness.isReady());
  });
}
