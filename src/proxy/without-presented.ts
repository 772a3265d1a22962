// Masks the credential that the gateway presented, in texts that an upstream chose. Some servers
// repeat the headers of a request, and the log would show them (C-153, no secret in logs).

const MASK = '[credential]';
/** A shorter part is an ordinary word, such as a scheme. */
const SHORTEST = 12;

/** `presented`: the headers of the credential, names and values in turn. */
export function withoutPresented(text: string, presented: readonly string[]): string {
  let out = text;
  for (let i = 1; i < presented.length; i += 2) {
    // A scheme, and the parts of a JWT.
    for (const part of (presented[i] as string).split(/[ .]/)) {
      if (part.length < SHORTEST) continue;
      // A URL parser writes a host in lower case.
      const literal = part.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
      out = out.replaceAll(new RegExp(literal, 'gi'), MASK);
    }
  }
  return out;
}
