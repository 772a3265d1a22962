// The places that may break a rule, each with its reason. One that no problem meets is a problem.
//
// `text` is a part of the line, so that an exception moves with it.

/** @type {{ path: string, rule: string, text: string, why: string }[]} */
export const exceptions = [];
