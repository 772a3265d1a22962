// Sends answers in batches: what is made in one turn of the event loop goes out together, at its
// end. A write to a client that sleeps wakes it, and a wake-up costs a third of a call (measured).
// In a batch, only the first write does that. No answer waits for another one to be made.
import type { BatchedResponse } from '../core/exchange.js';

let batch: BatchedResponse[] = [];

function sendBatch(): void {
  const responses = batch;
  batch = [];
  for (const response of responses) response.sendBatched();
}

export function addToBatch(response: BatchedResponse): void {
  if (batch.push(response) === 1) setImmediate(sendBatch);
}
