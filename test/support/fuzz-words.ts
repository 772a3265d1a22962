// The words, numbers and bytes of fuzzed bodies: valid ones, and ones that some readers confuse
// with others.

export type Pair = [name: string, value: string];

const PREFIX = 'io.modelcontextprotocol/';
export const TOP = ['jsonrpc', 'id', 'method', 'params', 'result', 'error', '_meta', 'x', '__proto__', 'constructor', ''];
export const PARAMS = ['name', 'uri', 'taskId', '_meta', 'arguments', 'cursor', 'method', 'x', '__proto__', 'toString', ''];
export const META = [
  `${PREFIX}protocolVersion`,
  `${PREFIX}clientCapabilities`,
  `${PREFIX}clientInfo`,
  'progressToken',
  '_meta',
  'k',
  '__proto__',
];
export const METHODS = [
  'tools/call',
  'tools/list',
  'prompts/get',
  'resources/read',
  'tasks/get',
  'tasks/cancel',
  'initialize',
  'notifications/x',
  '',
];
export const TEXTS = [
  'echo',
  'delete',
  '',
  ' a',
  'é',
  '\u{1f600}',
  '=?base64?ZGU=?=',
  '=?BASE64?ZGU=?=',
  'a\u2028b',
  'id',
  '"',
  '\\',
  '\n',
  '\x7f',
  '/',
];
export const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '7',
  '1.0',
  '1.5',
  '1e3',
  '1E+05',
  '0.1e-7',
  '1e999',
  '9007199254740993',
  '18446744073709551615',
];
export const LONG_NUMBERS = [
  '12345678901234567890',
  '123456789012345678901',
  '-12345678901234567890',
  '1'.repeat(400),
  `0.${'3'.repeat(400)}`,
];
export const NO_NUMBERS = ['01', '-01', '+1', '.5', '1.', '1e', '1.e5', '-', '0x10', '1_0', 'NaN', 'Infinity', '--1', '١'];
export const NO_VALUES = [
  "'a'",
  'undefined',
  'True',
  'nul',
  'nulll',
  '"\\x41"',
  '"\\u12g4"',
  '"\\',
  '"\n"',
  '"\u0000"',
  '"\u001f"',
  '[1,]',
  '{"a":1,}',
  '{,}',
  '',
];
export const SPACE = ['', '', '', '', ' ', '\n', '\t', '\r\n', '  \n\t '];
export const NO_SPACE = ['\u00a0', '\v', '\f', '\u2028', '\ufeff', '/**/', '//\n', '\u0000', '\u0085'];
/** Letters that some readers confuse with others. */
export const LOOKS: readonly Pair[] = [
  ['k', '\u212a'],
  ['s', '\u017f'],
  ['i', '\u0131'],
  ['i', '\u0130'],
  ['I', '\u0130'],
  ['a', '\u0430'],
  ['o', '\u03bf'],
  ['e', '\u0435'],
  ['a', '\u00aa'],
  ['i', 'i\u0307'],
  ['m', '\uff4d'],
];
export const LETTERS = [
  '\u00df',
  '\u1e9e',
  'ss',
  '\u03c3',
  '\u03c2',
  '\u03a3',
  '\u2126',
  '\u03c9',
  'x',
  'X',
  '\u01c4',
  '\u01c5',
  '\u01c6',
  '\ufb01',
  'fi',
];
export const BROKEN = ['\\u0000', '\\ud800', '\\udc00', '\\uDC00\\uD800', '\\ud83d\\ude00', '\\ufffd', '\\ufeff', '\\u200b'];
export const PIECES = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '0',
  '-',
  '.',
  'e',
  'u',
  ' ',
  '\n',
  '\\u006d',
  '"method":"x",',
  '"id":2,',
  '"Name":"b",',
  '/*',
  '\ufeff',
  'null',
  '\u0000',
  '{}',
  '"a"',
];
export const NO_UTF8 = [
  [0xff],
  [0xc3],
  [0xc0, 0xa2],
  [0xed, 0xa0, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0x80],
  [0xe2, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xef, 0xbb, 0xbf],
];
