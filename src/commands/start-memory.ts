// Gives the memory of the start back to the system.

/**
 * The start makes many objects for a short time, and V8 keeps their space for later ones. A server
 * that gets few calls never returns it. The inspector has the only collection that returns the
 * space and is stable on each version of Node. It opens no port. (measured: 16 MB less on Node 20
 * and 24, after 75 ms)
 */
export async function releaseStartMemory(): Promise<void> {
  // A Node that was built without the inspector keeps the memory.
  if (!process.features.inspector) return;
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  // Never disconnect within the callback: Node waits there for ever. (measured on Node 20)
  session.post('HeapProfiler.collectGarbage', () => setImmediate(() => session.disconnect()));
}
