// YAML with one mark too many or one character too few: no message shows the text of the file.
import { expect, test } from 'vitest';
import { parseYaml } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problems.js';

function messageOf(text: string): string {
  try {
    parseYaml(text, {});
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
}

/** Each is inserted, and the empty one removes a character. */
const MARKS = ['', '{', '}', '"', '&', '*', '!', '|', '%', ': ', '- ', '? ', ',', '\t', '\n', '\\', '<<: ', '\n---\n'];

test.each(MARKS)(
  '%j at any place of the text: no message shows the text (C-153, no secret shown)',
  (mark) => {
    const secret = 's3cret+v/alue==';
    const text = `publicUrl: https://mcp.example.com
sessionKeys: [${secret}]
issuers:
  acme: { issuer: https://auth.example.com, introspection: { clientId: a, clientSecret: ${secret} } }
  again:
    issuer: https://auth.example.com
    introspection:
      clientSecret: "${secret}"
endpoints: []
`;
    let invalid = 0;
    for (let at = 0; at <= text.length; at++) {
      const message = messageOf(text.slice(0, at) + mark + text.slice(at + (mark === '' ? 1 : 0)));
      expect(message, `at ${at}`).not.toMatch(/cret\+|v\/alue/);
      invalid += Number(message.includes('not valid YAML'));
    }
    expect(invalid).toBeGreaterThan(4);
    // The search for a wrong indentation parses each text many times.
  },
  60_000,
);
