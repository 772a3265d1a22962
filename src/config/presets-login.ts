// The presets of identity providers whose access tokens prove nothing to another server: a facade
// verifies their logins, and issues tokens. docs/idps.md says how certain each value is.
import { generic, type Preset } from './preset.js';

const issued = { mode: 'issued', sendResource: false } as const;
const GITHUB = '/login/oauth';
const login = { authorization: '$&/authorize', token: '$&/access_token' };

/** By the value of `preset`. */
export const loginPresets = {
  google: {
    ...generic,
    forms: [
      {
        issuer: /^https:\/\/accounts\.google\.com$/,
        keys: 'https://www.googleapis.com/oauth2/v3/certs',
      },
    ],
    write: 'write https://accounts.google.com',
    // Only these two parameters together bring a refresh token at each login.
    facade: {
      ...issued,
      scopes: ['openid', 'email'],
      parameters: { access_type: 'offline', prompt: 'consent' },
    },
  },
  github: {
    ...generic,
    forms: [
      {
        issuer: new RegExp(`^https://github\\.com${GITHUB}$`),
        login: { ...login, user: 'https://api.github.com/user' },
      },
      {
        issuer: new RegExp(`^https://([a-z0-9-]+)\\.ghe\\.com${GITHUB}$`),
        login: { ...login, user: 'https://api.$1.ghe.com/user' },
      },
      {
        issuer: new RegExp(`^(https?://[^/]+)${GITHUB}$`),
        login: { ...login, user: '$1/api/v3/user' },
      },
    ],
    write:
      'write https://github.com/login/oauth, or the same path at the host of your GitHub ' +
      'Enterprise Server',
    facade: { ...issued, auth: 'post' },
  },
  gitlab: {
    ...generic,
    forms: [{ issuer: /^https?:\/\/[^/]+(?:\/[^/]+)*$/, keys: '$&/oauth/discovery/keys' }],
    write: 'write the URL of the instance without a trailing slash, such as https://gitlab.com',
    facade: { ...issued, scopes: ['openid', 'email'] },
  },
  slack: {
    ...generic,
    forms: [{ issuer: /^https:\/\/slack\.com$/, keys: 'https://slack.com/openid/connect/keys' }],
    write: 'write https://slack.com',
    facade: { ...issued, auth: 'post', scopes: ['openid', 'email', 'profile'] },
  },
} satisfies Record<string, Preset>;
