// The differences between direct and through that are known, each with its reason.

/** An entry holds for SDKs whose name matches, in one scenario, if the text matches. */
const KNOWN = [
  {
    sdk: /./,
    scenario: 'login',
    text: /^call: not in this SDK/,
    reason: 'the SDK has no login: the application brings the token',
  },
];

/** The reason of a known difference, or undefined. */
export function knownDifference(sdk, scenario, text) {
  const entry = KNOWN.find(
    (one) => one.sdk.test(sdk) && one.scenario === scenario && one.text.test(text),
  );
  return entry?.reason;
}
