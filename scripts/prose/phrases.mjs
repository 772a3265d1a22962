// Lists the phrases that the house does not write, each with what to write instead. The list holds
// for docs, comments, messages and titles of tests; CONTRIBUTING.md has the reasons.
//
// A pattern sees a paragraph on one line, with code replaced by `X`. Case is ignored.

const ACTOR = 'name the actor: client, caller, upstream, issuer, operator, gateway';

export const phrases = [
  // "There is no key" is plain; "the key is no string" is not.
  {
    pattern:
      /(?<!\bthere (?:(?:can|could|may|might|must|should|will|would) )?(?:has |have )?)\b(?:is|are|was|were|be|been) no (?!longer\b|more\b|less\b|later\b|earlier\b|fewer\b|better\b|worse\b|different\b)[\w-]+/,
    instead: 'write "is not a ..." or "has no ..."',
  },
  {
    pattern:
      /(?<!\bthere (?:(?:can|could|may|might|must|should|will|would) )?(?:has |have )?)\b(?:is|are|was|were|be|been) none\b/,
    instead: 'write "is not one", or repeat the noun',
  },
  { pattern: /\b(?:somebody|someone|nobody|whoever|whomever)\b/, instead: ACTOR },
  {
    pattern:
      /\b(?:is|are|was|were|be|been|being|not) told\b|\btold\b(?! (?:to|otherwise)\b)(?: (?:of|as|from|apart)\b)?/,
    instead: 'write "is reported", "is logged" or "is distinguished", or name the actor',
  },
  {
    pattern:
      /\b(?:stands?|stood)\b(?!-| (?:alone|for|in for|out|still)\b)(?: (?:there|here|twice))?/,
    instead: 'write "is", "appears" or "is written"',
  },
  {
    pattern:
      /\b(?:(?:is|are|was|were|be|been) )?(?:judged|judges|judging|judge?ments?)\b|(?<!\b(?:a|the) )\bjudge\b/,
    instead: 'write "checked", "authorized" or "decided"',
  },
  { pattern: /\bverdicts?\b/, instead: 'write "result"' },
  { pattern: /\bmend(?:s|ed|ing)?\b/, instead: 'write "fix"' },
  { pattern: /\bto be had\b/, instead: 'write "available"' },
  { pattern: /\b(?:say|says|said|saying) no\b/, instead: 'write "rejects"' },
  {
    pattern: /\b(?:asks?|asked|wants?|wanted|demands?|demanded) of\b/,
    instead: 'write "requires", "expects" or "requests from"',
  },
  { pattern: /\b(?:hold|holds|held) against\b/, instead: 'write "compares with"' },
  { pattern: /\bso many\b/, instead: 'write "this many", or the number' },
  { pattern: /\bsuch as are\b/, instead: 'write "those that are"' },
  { pattern: /\bso that none\b/, instead: 'repeat the noun' },
  { pattern: /\bof one mind\b/, instead: 'write "agree"' },
  { pattern: /\bnothing of\b/, instead: 'write "no part of" or "nothing about"' },
  {
    pattern: /\b(?:comes?|came|becomes?|became) of\b/,
    instead: 'write "happens to" or "results from"',
  },
  { pattern: /\bis left of\b/, instead: 'write "remains of" or "the rest of"' },
  { pattern: /\bknown of\b/, instead: 'write "known about"' },
  { pattern: /(?<!, )\bbut for\b/, instead: 'write "except"' },
  { pattern: /\bdear(?:er|est|ly)?\b/, instead: 'write "expensive" or "costly"' },
];
