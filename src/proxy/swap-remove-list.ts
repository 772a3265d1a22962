// Decides how those that wait or are watched are kept: an array whose gaps the last one fills. Never a Map or Set: one that loses and gains an
// entry with every request replaces its table every few requests, each dead table points at the next one, and V8's young collections then
// free nothing of what passed through (measured).

export interface ListEntry {
  /** Where it stands; -1 nowhere. The keeper's to write. */
  index: number;
}

export class SwapRemoveList<One extends ListEntry> {
  readonly all: One[] = [];

  add(one: One): void {
    one.index = this.all.push(one) - 1;
  }

  /** Nothing happens to one that is not there. */
  remove(one: One): void {
    if (one.index < 0) return;
    const last = this.all.pop() as One;
    if (last !== one) {
      this.all[one.index] = last;
      last.index = one.index;
    }
    one.index = -1;
  }
}
