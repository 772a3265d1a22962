// An MCP server that accepts only requests with its own key, and reads from their headers who
// calls. Without the key, every program that reaches it could name any user.
//
//   SERVER_KEY=KEY node server.mjs
import { timingSafeEqual } from 'node:crypto';
import { serveWhoami } from '../lib/whoami.mjs';

const own = Buffer.from(process.env.SERVER_KEY);

serveWhoami((headers) => {
  const key = Buffer.from(headers['x-api-key'] ?? '');
  if (key.length !== own.length || !timingSafeEqual(key, own)) throw new Error('wrong key');
  return `you are ${headers['x-user']} of ${headers['x-tenant-id'] ?? 'no tenant'}`;
});
