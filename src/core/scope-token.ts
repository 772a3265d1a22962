// The form of one scope (RFC 6749 section 3.3).

/** Visible ASCII without quotes and backslashes. A space inside would make two scopes of one. */
export const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
