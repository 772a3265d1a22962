// Runs a worker of `serve`, which its primary starts.
import { pauseOptimizers } from './commands/start-memory.js';

// Before the parts of the gateway: most of the start is their code.
pauseOptimizers();
const { serveWorker } = await import('./commands/serve-worker.js');
await serveWorker();
process.exit(0);
