// singleHeader returns the one value of a header, and null for a repeated header.
import { expect, test } from 'vitest';
import { singleHeader } from '../../src/core/exchange.js';
import { head, type Lines } from '../support/exchange.js';

test.each<[string, Lines, string | null | undefined]>([
  ['absent', [['Accept', 'x']], undefined],
  [
    'once',
    [
      ['Accept', 'x'],
      ['MCP-Protocol-Version', '2026-07-28'],
    ],
    '2026-07-28',
  ],
  ['once and empty', [['Mcp-Protocol-Version', '']], ''],
  [
    'twice',
    [
      ['mcp-protocol-version', '2026-07-28'],
      ['MCP-PROTOCOL-VERSION', '2025-11-25'],
    ],
    null,
  ],
  [
    'twice with the same value',
    [
      ['mcp-protocol-version', '2026-07-28'],
      ['mcp-protocol-version', '2026-07-28'],
    ],
    null,
  ],
  [
    'twice, once empty',
    [
      ['mcp-protocol-version', ''],
      ['mcp-protocol-version', '2026-07-28'],
    ],
    null,
  ],
  ['with another name', [['mcp-protocol-version-2', 'x']], undefined],
])('a header %s (B-58, B-54)', (_how, lines, value) => {
  expect(singleHeader(head({ lines }), 'mcp-protocol-version')).toBe(value);
});
