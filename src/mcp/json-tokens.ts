// Finds where white space, a number or a literal ends (RFC 8259 sections 2, 3 and 6), for
// json-reader.ts.

/** Thrown at the first byte that is not JSON. The function that started the reader catches it. */
export class InvalidJsonError extends Error {}

export const TRUE = Buffer.from('true');
export const FALSE = Buffer.from('false');
export const NULL = Buffer.from('null');

/**
 * The byte at this offset. After the end: NUL, which JSON never has. One read out of bounds would
 * make every later read slow.
 */
export const byteAt = (bytes: Buffer, at: number): number =>
  at < bytes.length ? (bytes[at] as number) : 0;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
export const isHex = (byte: number): boolean =>
  isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);

/** The offset after white space. */
export function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  let byte = byteAt(bytes, at);
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)
    byte = byteAt(bytes, ++at);
  return at;
}

/** The offset after a number. */
export function skipNumber(bytes: Buffer, from: number): number {
  let at = from;
  let byte = byteAt(bytes, at);
  if (byte === 0x2d) byte = byteAt(bytes, ++at);
  if (!isDigit(byte)) throw new InvalidJsonError();
  const zero = byte === 0x30;
  byte = byteAt(bytes, ++at);
  if (!zero) while (isDigit(byte)) byte = byteAt(bytes, ++at);
  if (byte === 0x2e) {
    byte = byteAt(bytes, ++at);
    if (!isDigit(byte)) throw new InvalidJsonError();
    while (isDigit(byte)) byte = byteAt(bytes, ++at);
  }
  if (byte === 0x65 || byte === 0x45) {
    byte = byteAt(bytes, ++at);
    if (byte === 0x2b || byte === 0x2d) byte = byteAt(bytes, ++at);
    if (!isDigit(byte)) throw new InvalidJsonError();
    while (isDigit(byte)) byte = byteAt(bytes, ++at);
  }
  return at;
}

/** The offset after a literal. The caller has compared its first letter. */
export function skipLiteral(bytes: Buffer, from: number, word: Buffer): number {
  for (let i = 1; i < word.length; i++)
    if (byteAt(bytes, from + i) !== word[i]) throw new InvalidJsonError();
  return from + word.length;
}
