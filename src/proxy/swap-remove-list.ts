// A list with fast removal: the last entry fills the gap. It is not a Map or a Set. One that gains
// and loses an entry with each request replaces its table every few requests. Each dead table
// points at the next, so V8's young collections free none of the old entries (measured).

export interface ListEntry {
  /** The position in the list; -1: in no list. Only the list writes it. */
  index: number;
}

export class SwapRemoveList<Entry extends ListEntry> {
  readonly entries: Entry[] = [];

  add(entry: Entry): void {
    entry.index = this.entries.push(entry) - 1;
  }

  /** Does nothing where the entry is not in a list. */
  remove(entry: Entry): void {
    if (entry.index < 0) return;
    const last = this.entries.pop() as Entry;
    if (last !== entry) {
      this.entries[entry.index] = last;
      last.index = entry.index;
    }
    entry.index = -1;
  }
}
