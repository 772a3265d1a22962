// The differences between direct and through that are known, each with its reason.

/** An entry holds for SDKs whose name matches, in one scenario, if the text matches. */
const KNOWN = [
  ...['login', 'step-up', 'facade'].map((scenario) => ({
    sdk: /./,
    scenario,
    text: /^call: through not in this SDK/,
    reason: 'the SDK has no login: the application brings the token',
  })),
  ...['step-up', 'facade'].map((scenario) => ({
    sdk: /^TypeScript 1\.x$/,
    scenario,
    text: /^write: .*403 after trying upscoping/,
    reason: 'a client with a refresh token refreshes instead of a login: the scopes stay the same',
  })),
  ...['login', 'step-up', 'facade'].map((scenario) => ({
    sdk: /^mcp-go modern$/,
    scenario,
    text: /write: .*lacks a scope/,
    reason: 'mcp-go has no step-up: a program must name every scope at its login',
  })),
  ...['basic at TypeScript 1.x', 'basic by TypeScript 1.x'].map((scenario) => ({
    sdk: /^Java SDK 2\.x modern$/,
    scenario,
    text: /^call: through no such step$/,
    reason: 'directly too: this package of the SDK speaks revision 2026-07-28 only',
  })),
];

/** The reason of a known difference, or undefined. */
export function knownDifference(sdk, scenario, text) {
  const entry = KNOWN.find(
    (one) => one.sdk.test(sdk) && one.scenario === scenario && one.text.test(text),
  );
  return entry?.reason;
}
