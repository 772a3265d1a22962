// Writes the parts of a log line as ASCII JSON: texts and times.

/** True for nearly every method and name: no character needs an escape. */
const PLAIN = /^[\w./:-]*$/;

/** The same JSON in ASCII. Other characters are inside strings, where JSON allows an escape. */
export const asciiJson = (json: string): string =>
  json.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

export const quoted = (text: string): string =>
  PLAIN.test(text) ? `"${text}"` : asciiJson(JSON.stringify(text));

/** The second that was written last. To format a date is expensive, and many lines share one. */
let lastSecond = Number.NaN;
let lastPrefix = '';

/** RFC 3339 with milliseconds, as a JSON string. */
export function timestamp(atMs: number): string {
  const second = Math.floor(atMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastPrefix = `"${new Date(second * 1000).toISOString().slice(0, 20)}`;
  }
  return `${lastPrefix}${String(atMs - second * 1000).padStart(3, '0')}Z"`;
}
