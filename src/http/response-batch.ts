// Sends complete answers in batches: those of one turn of the event loop go out together, at its
// end. A write to a client that sleeps wakes it, and a wake-up costs a third of a call (measured).
// In a batch, only the first write does that. No answer waits for another one to be made.

export interface BatchedResponse {
  /** Hands the rest of the answer to its socket. Must not throw. */
  sendBatched(): void;
}

let batch: BatchedResponse[] = [];

function sendBatch(): void {
  const responses = batch;
  batch = [];
  for (const response of responses) response.sendBatched();
}

export function addToBatch(response: BatchedResponse): void {
  if (batch.push(response) === 1) setImmediate(sendBatch);
}
