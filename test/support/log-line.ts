// The single line that the log writes for a request.
import { type Line, logging } from './logging.js';
import { outcome } from './outcome.js';

export function lineOf(changes: Parameters<typeof outcome>[0] = {}): Line {
  const { log, lines } = logging();
  log.request(outcome(changes));
  const [line, ...more] = lines();
  if (line === undefined || more.length > 0) throw new Error(`${more.length + 1} lines`);
  return line;
}
