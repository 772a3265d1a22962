// Tells the operator where a redirect of the upstream leads, and the setting to change. The text is
// for the log only: a client that follows a redirect would leave the gateway (C-141, no redirects).

/** A longer target is cut. It only has to be recognized. */
const SHOWN_CHARACTERS = 300;

/**
 * The target as an absolute URL. It has no user, no fragment and no query: a login page gets
 * secrets there, and some MCP servers get a key in theirs. Null: unreadable.
 */
function shownTarget(location: string, upstreamUrl: string): string | null {
  if (!URL.canParse(location, upstreamUrl)) return null;
  const { protocol, origin, pathname, search } = new URL(location, upstreamUrl);
  if (protocol !== 'http:' && protocol !== 'https:') return null;
  const hasSameQuery = search !== '' && search === new URL(upstreamUrl).search;
  const shown = `${origin}${pathname}`.slice(0, SHOWN_CHARACTERS);
  return hasSameQuery ? `${shown} with the same query` : shown;
}

/** `location`: the Location header of the response. `upstreamUrl`: the configured URL. */
export function redirectDetail(
  status: number,
  location: string | string[] | undefined,
  upstreamUrl: string,
): string {
  if (location === undefined) return `redirect ${status} without a Location`;
  const target = typeof location === 'string' ? shownTarget(location, upstreamUrl) : null;
  if (target === null) return `redirect ${status} with an unreadable Location`;
  return `redirect ${status} to ${target}; if that is the MCP server, write this as upstream`;
}
