// Reads the memory of a process in Linux, and limits that of an idle gateway.
import { readFileSync } from 'node:fs';

/**
 * The most resident bytes of an idle gateway, by line of Node. Later lines touch more pages of
 * their own file.
 */
const MOST_RESIDENT = { 20: 80_000_000, 22: 91_000_000, 24: 92_000_000, 26: 95_000_000 };

/** Resident bytes: all, and those that are not pages of a file. */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
  return { resident: bytes('VmRSS'), own: bytes('RssAnon') };
}

/** Throws where an idle gateway uses more than its line of Node allows. */
export function checkIdle(version, { resident }) {
  const most = MOST_RESIDENT[Number.parseInt(version, 10)];
  if (!(resident <= most))
    throw new Error(`Node ${version}: ${resident} resident bytes, ${most} are allowed`);
}
