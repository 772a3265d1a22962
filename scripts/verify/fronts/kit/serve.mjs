// Serves an HTTP handler on the loopback port of the command line, as a process of its own.
import { createServer } from 'node:http';

/** Prints `ready` once it listens. A request whose handler fails loses its connection. */
export function serve(handle) {
  createServer((req, res) => {
    handle(req, res).catch((error) => {
      process.stderr.write(`${error.stack}\n`);
      res.destroy();
    });
  }).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
  process.once('SIGTERM', () => process.exit(0));
}
