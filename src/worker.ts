// Runs a worker of `serve`, which its primary starts.
import { serveWorker } from './commands/serve-worker.js';

await serveWorker();
process.exit(0);
