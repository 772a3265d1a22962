// Decides when answers that are whole go out: together, at the end of the turn of the event loop in which they were made. A write whose reader is
// asleep wakes it, and that costs a third of a call (measured): of several in a row only the first does. Nothing waits for what is not there yet.

export interface Ending {
  /** Hands the last of the answer to its socket. Must not throw. */
  sendEnd(): void;
}

let ending: Ending[] = [];

function sendAll(): void {
  const all = ending;
  ending = [];
  for (const one of all) one.sendEnd();
}

export function endWithTurn(one: Ending): void {
  if (ending.push(one) === 1) setImmediate(sendAll);
}
