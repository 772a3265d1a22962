// Compares the numbers of the events that a client got with those that the server sent.

/** The problem of the numbers that a client got. Null: it has each number once, in order. */
export function problemOf(numbers, sent) {
  const missing = [];
  for (let number = 1; number <= sent; number += 1)
    if (!numbers.includes(number)) missing.push(number);
  const doubled = numbers.length - new Set(numbers).size;
  if (missing.length > 0) return `${missing.length} of ${sent} missing, from ${missing[0]}`;
  if (doubled > 0) return `${doubled} twice`;
  return numbers.every((number, at) => number === at + 1) ? null : 'not in order';
}
