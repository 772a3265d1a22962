// Folders for audit files, and the records in them. Each text is written down for the scan for
// secrets.
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output } from '../fixtures/ledger.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { until } from '../fixtures/wait.js';

export type AuditLine = Record<string, unknown>;

/** A new folder, and the path of a file in it that is not there yet. */
export function auditFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'portcullis-audit-')), 'audit.jsonl');
}

/** The whole records of a text. Throws on a broken line. */
export function recordsIn(text: string): AuditLine[] {
  output('log', 'an audit', text);
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as AuditLine]));
}

export const recordsOf = (file: string): AuditLine[] => (existsSync(file) ? recordsIn(readFileSync(file, 'utf8')) : []);

/** The records of a response, once there are as many. */
export function recordsFor(file: string, response: RawResponse, count = 1): Promise<AuditLine[]> {
  const id = response.header('x-request-id');
  return until(`the audit record of request ${id}`, () => {
    const found = recordsOf(file).filter(({ requestId }) => requestId === id);
    return found.length >= count ? found : undefined;
  });
}
