// An index from texts to the numbers from 0 of a list, in a fraction of the memory of a Map. It
// finds repeated names and hashes among many keys.

const FIRST_SLOTS = 1_024;

/** FNV-1a over the code units of a text. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}

export interface TextIndex {
  /** The number of a text; -1 where it has none. */
  get(text: string): number;
  /** Gives the next number to a text that has none yet. `textAt` must know it from now on. */
  add(text: string): void;
}

/** `textAt` returns the text of a number. The index keeps no text. */
export function createTextIndex(textAt: (number: number) => string): TextIndex {
  /** The number plus 1; 0 in a free slot. */
  let slots = new Int32Array(FIRST_SLOTS);
  let count = 0;

  /** The slot with the text, or the free slot for it. */
  function slotOf(text: string): number {
    const mask = slots.length - 1;
    let slot = hashOf(text) & mask;
    for (let held = slots[slot]; held; held = slots[slot]) {
      if (textAt(held - 1) === text) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  function grow(): void {
    slots = new Int32Array(slots.length * 4);
    for (let number = 0; number < count; number++) slots[slotOf(textAt(number))] = number + 1;
  }

  return {
    get: (text) => (slots[slotOf(text)] ?? 0) - 1,
    add(text) {
      if ((count + 1) * 2 > slots.length) grow();
      slots[slotOf(text)] = ++count;
    },
  };
}
