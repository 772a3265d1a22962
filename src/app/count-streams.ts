// Counts the open event streams of one endpoint, for the metrics. A reload keeps the count.
import type { StreamTicker } from '../proxy/stream-ticker.js';

export interface CountingTicker extends StreamTicker {
  open(): number;
}

export function countStreams(ticker: StreamTicker): CountingTicker {
  let open = 0;
  return {
    add(listener) {
      open++;
      ticker.add(listener);
    },
    remove(listener) {
      // The ticker ignores a listener that it does not have.
      if (listener.index >= 0) open--;
      ticker.remove(listener);
    },
    shutDown: ticker.shutDown,
    recheck: ticker.recheck,
    open: () => open,
  };
}
