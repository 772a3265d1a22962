// The schema of `origins`: the browser origins that an operator allows, of web pages and of apps.
import { z } from 'zod';
import { listed } from '../../core/quoted.js';

/** Schemes are listed, so that a misspelled https is a problem. */
const APP_SCHEMES = [
  'app',
  'capacitor',
  'chrome-extension',
  'ionic',
  'moz-extension',
  'safari-web-extension',
  'tauri',
  'vscode-file',
  'vscode-webview',
];
const APP_SCHEME = new RegExp(`^(${APP_SCHEMES.join('|')}):`);
/**
 * Origins of extensions and desktop apps. Each client writes the part after the scheme in its own
 * way, so the gateway compares letter for letter.
 */
const APP_ORIGIN = new RegExp(`^(${APP_SCHEMES.join('|')})://[A-Za-z0-9._-]+(:[0-9]{1,5})?$`);

const STAR = 'an origin matches exactly, so * is not a wildcard; write each origin in full';
const WEB =
  'write the origin as browsers send it, such as https://app.example.com: in lower case, without ' +
  'a path, a slash at the end or a default port';
const APP =
  'write the whole Origin that the app sends, such as app://NAME: without a path or a slash at ' +
  'the end';
const SCHEME =
  'write an origin with its scheme, such as https://app.example.com; apps can have the schemes ' +
  listed(APP_SCHEMES, 'and');

/** The message for a text that is not an origin; null where it is one. */
function originFlaw(value: string): string | null {
  if (value === '*' || APP_ORIGIN.test(value)) return null;
  if (value.includes('*')) return STAR;
  if (APP_SCHEME.test(value)) return APP;
  if (!/^https?:\/\//i.test(value)) return SCHEME;
  return URL.canParse(value) && new URL(value).origin === value ? null : WEB;
}

const origin = z.string({ error: SCHEME }).superRefine((value, context) => {
  const message = originFlaw(value);
  if (message !== null) context.addIssue({ code: 'custom', message });
});

export const origins = z
  .array(origin, { error: 'write a list of origins, such as [https://app.example.com]' })
  .default([]);
