// Keeps the events of one session's streams in memory, so that a client can resume with
// Last-Event-ID. Bounded by count.

const LIMIT = 1000;

/** An event store for one session of the 1.x SDK. Events are replayed on their own stream only. */
export function createEventStore() {
  const events = new Map();
  let last = 0;
  return {
    async storeEvent(streamId, message) {
      last += 1;
      const id = `${streamId}.${last}`;
      events.set(id, { streamId, message });
      if (events.size > LIMIT) events.delete(events.keys().next().value);
      return id;
    },
    async getStreamIdForEventId(id) {
      return events.get(id)?.streamId;
    },
    async replayEventsAfter(id, { send }) {
      const { streamId } = events.get(id);
      let seen = false;
      for (const [key, event] of [...events]) {
        // The first event of a stream is an empty mark: a place to resume from, without content.
        if (seen && event.streamId === streamId && 'jsonrpc' in event.message)
          await send(key, event.message);
        seen ||= key === id;
      }
      return streamId;
    },
  };
}
