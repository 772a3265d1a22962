// The hashes of well-known example secrets. An attacker tries these words first, so no API key may
// be one of them.
import { hash } from 'node:crypto';

/** Also tried in upper case, and with a capital. */
const WORDS = [
  ...['', ' ', '0', '1', '123', '1234', '12345', '123456', '1234567', '12345678', '123456789'],
  ...['1234567890', '0123456789', '0123456789abcdef', '111111', '000000', '00000000', 'a', 'aaa'],
  ...['abc', 'abc123', 'abcd', 'abcdef', 'abcdefgh', 'abcdefghijklmnopqrstuvwxyz', 'asdf'],
  ...['qwerty', 'qwerty123', 'x', 'xx', 'xxx', 'xxxx', 'xxxxxxxx', '...', '***', '********'],
  ...['foo', 'bar', 'baz', 'foobar', 'hello', 'hello world', 'hello, world', 'hello, world!'],
  ...['hello world!', 'helloworld', 'world', 'letmein', 'let-me-in', 'welcome', 'opensesame'],
  ...['open-sesame', 'open sesame', 'admin', 'admin123', 'administrator', 'root', 'toor', 'user'],
  ...['guest', 'default', 'changeme', 'changeit', 'change-me', 'change_me', 'change-this'],
  ...['changethis', 'replaceme', 'replace-me', 'replace_me', 'todo', 'fixme', 'insecure', 'unsafe'],
  ...['demo', 'demo-key', 'demo_key', 'dummy', 'dummy-key', 'example', 'example-key', 'sample'],
  ...['example_key', 'example-secret', 'placeholder', 'fake', 'fake-key', 'fake-secret', 'local'],
  ...[
    'dev',
    'dev-key',
    'dev-secret',
    'development',
    'prod',
    'production',
    'staging',
    'temp',
    'tmp',
  ],
  ...['none', 'null', 'nil', 'undefined', 'true', 'false', 'yes', 'no', 'ok', 'string', 'value'],
  ...['test', 'test1', 'test123', 'test1234', 'tests', 'testing', 'tester', 'testtest', 'test-key'],
  ...['test_key', 'testkey', 'test key', 'test-secret', 'test_secret', 'testsecret', 'test-token'],
  ...['test_token', 'testtoken', 'test-api-key', 'test_api_key', 'testpassword', 'test-password'],
  ...['key', 'key1', 'key-1', 'key_1', 'key-a', 'keya', 'my-key', 'my_key', 'mykey', 'the-key'],
  ...[
    'apikey',
    'api-key',
    'api_key',
    'api key',
    'x-api-key',
    'my-api-key',
    'my_api_key',
    'myapikey',
  ],
  ...['your-api-key', 'your_api_key', 'yourapikey', 'your-key', 'your_key', 'your-api-key-here'],
  ...['your_api_key_here', 'your-key-here', 'your-secret', 'your_secret', 'your-secret-key'],
  ...['your_secret_key', 'your-token', 'your_token', 'your-token-here', '<your-api-key>'],
  ...['<api-key>', '<token>', '<secret>', '<key>', 'insert-key-here', 'insert_api_key_here'],
  ...[
    'password',
    'password1',
    'password123',
    'passw0rd',
    'p@ssw0rd',
    'p@ssword',
    'pass',
    'pass123',
  ],
  ...[
    'passwd',
    'passphrase',
    'pwd',
    'secret',
    'secret1',
    'secret123',
    's3cret',
    's3cr3t',
    'secrets',
  ],
  ...[
    'my-secret',
    'my_secret',
    'mysecret',
    'my-secret-key',
    'secret-key',
    'secret_key',
    'secretkey',
  ],
  ...['secret-token', 'secret_token', 'supersecret', 'super-secret', 'super_secret', 'topsecret'],
  ...['top-secret', 'top_secret', 'shared-secret', 'shared_secret', 'sharedsecret', 'hunter2'],
  ...['client', 'client-id', 'client_id', 'client-secret', 'client_secret', 'clientsecret'],
  ...['token', 'token1', 'token123', 'my-token', 'my_token', 'mytoken', 'access-token', 'sesame'],
  ...[
    'access_token',
    'accesstoken',
    'bearer',
    'bearer-token',
    'authorization',
    'portcullis',
    'mcp',
  ],
  ...['portcullis-key', 'partner', 'partner-a', 'partner-b', 'acme', 'customer', 'sk_live_', 'sk-'],
  ...['sk_live', 'sk_live_...', 'sk_live_test', 'sk_live_key', 'sk_live_abc', 'sk_live_abc123'],
  ...[
    'sk_live_123',
    'sk_live_123456',
    'sk_live_xxx',
    'sk_live_example',
    'sk_live_secret',
    'sk_test',
  ],
  ...['sk_test_', 'sk_test_...', 'sk_test_key', 'sk_test_abc', 'sk_test_abc123', 'sk_test_123'],
  ...['sk_test_123456', 'sk_test_xxx', 'sk_test_example', 'sk_test_secret', 'sk_test_test'],
  ...['deadbeef', 'cafebabe', '00000000-0000-0000-0000-000000000000'],
  ...['correcthorsebatterystaple', 'correct horse battery staple', 'correct-horse-battery-staple'],
  'the quick brown fox jumps over the lazy dog',
  'the quick brown fox jumps over the lazy dog.',
];

/** The examples of RFC 6749 and RFC 6750. Their case is theirs. */
const OF_STANDARDS = [
  's6BhdRkqt3',
  'gX1fBat3bV',
  '7Fjfp0ZBr1KtDRbnfVdmIw',
  '2YotnFZFEjr1zCsicMWpAA',
  'czZCaGRSa3F0MzpnWDFmQmF0M2JW',
  'mF_9.B5f-4.1JqM',
];

const spellings = (word: string): readonly string[] => [
  word,
  word.toUpperCase(),
  word.charAt(0).toUpperCase() + word.slice(1),
];

/** For a hash the words of its secret. */
let known: ReadonlyMap<string, string> | undefined;

function knownHashes(): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  for (const word of [...WORDS.flatMap(spellings), ...OF_STANDARDS]) {
    const words = word.trim() === '' ? 'an empty text' : `"${word}"`;
    hashes.set(hash('sha256', word, 'hex'), words);
    // `echo WORD | sha256sum` hashes a line feed too.
    hashes.set(hash('sha256', `${word}\n`, 'hex'), `${words} with a line feed`);
  }
  return hashes;
}

/** The hashes that our documentation shows. The keys of the last two are not known. */
const OF_DOCUMENTATION = new Set([
  '0'.repeat(64),
  '6dfb79f5fc5e241318bb17a4d1d71f9bd27b922f22b15822dd612556dad38760',
  '95f2521b4db7bdb4d9a406850fa88c53cf63a696922f74c5ab115a24d5bc643d',
]);
const COPIED =
  'this is the hash of an example in the documentation; make a key with portcullis hash-key, and ' +
  'write its hash';

/** The problem with the hash of a well-known example, in which it names the word. Else null. */
export function knownHashProblem(sha256: string): string | null {
  if (OF_DOCUMENTATION.has(sha256.toLowerCase())) return COPIED;
  known ??= knownHashes();
  const words = known.get(sha256.toLowerCase());
  return words === undefined
    ? null
    : `this is the SHA-256 of ${words}, which attackers try first; make a key with ` +
        'portcullis hash-key';
}

/** True for the SHA-256 (64 hex digits) of a well-known example, such as `test`. */
export const isKnownHash = (sha256: string): boolean => knownHashProblem(sha256) !== null;
