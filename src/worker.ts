// Runs a worker of `serve`, which its primary starts.
import { keepYoungSpaceSmall } from './commands/start-memory.js';

// Before the parts of the gateway: most of the start is their code.
keepYoungSpaceSmall();
const { serveWorker } = await import('./commands/serve-worker.js');
await serveWorker();
process.exit(0);
