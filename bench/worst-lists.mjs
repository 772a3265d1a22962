// Measures the worst cost of a list filter: answers of the largest size, each slow in its own way,
// with ten rules.
//
// Usage: `npm run build`, then `node bench/worst-lists.mjs`, or with another size in bytes.
import { createRequirements } from '../compiled/authorize/requirements.js';
import { EventFilter } from '../compiled/proxy/event-filter.js';
import { filterLists } from '../compiled/proxy/list-filter.js';
import { MAX_LIST_BYTES } from '../compiled/proxy/list-relay.js';

const BYTES = Number(process.argv[2] ?? MAX_LIST_BYTES);
const RUNS = 3;

const KEYS = { tools: 'name', resources: 'uri' };
const rules = (pattern) =>
  Array.from({ length: 10 }, (_, i) => ({
    pattern: pattern(i),
    scopes: [`s${i}`],
    claim: null,
    deny: i === 0,
  }));
const kinds = {
  tools: ['tool', (i) => `admin_${i}_*`],
  resources: ['resource', (i) => `file:///secret/${i}/*`],
};

/** A new view for each run: its rules cache names. */
const listingOf = (member) => {
  const [kind, pattern] = kinds[member];
  const requirementsOf = createRequirements(
    kind,
    { default: 'allow', rules: rules(pattern), filterLists: true },
    ['base'],
  );
  return {
    members: [member],
    mayUse: (_member, name) => requirementsOf(name).denialDetail === null,
  };
};

const answer = (member, entries) => `{"jsonrpc":"2.0","id":1,"result":{"${member}":[${entries}]}}`;
const filled = (entry) => {
  const parts = [];
  for (let i = 0, bytes = 100; bytes < BYTES - 40_000; i++) {
    const part = JSON.stringify(entry(i));
    bytes += Buffer.byteLength(part) + 1;
    parts.push(part);
  }
  return parts.join();
};
const names = {
  'short names': (i) => `a:${i}`,
  'short names beyond ASCII': (i) => `\u00e9:${i}`,
  names: (i) => `file:///documents/of/somebody/or/other/${i}.txt`,
  'long names': (i) => `file:///${'a/b'.repeat(2_700)}${i}`,
  'long names beyond ASCII': (i) => `file:///${'\u00e9/\ufb01'.repeat(2_000)}${i}`,
  'long names that grow': (i) => `a:${'\ufdfa'.repeat(400)}${i}`,
  'long names of marks': (i) => `a:${`a${'\u0300\u0323'.repeat(15)}`.repeat(250)}${i}`,
  'long names of escapes': (i) => `a:${'%C3%A9'.repeat(1_300)}${i}`,
  'long hosts': (i) => `http://${'\u00e9'.repeat(240)}${i}/`,
  'long hosts in ASCII': (i) => `http://${`xn--${'a9a'.repeat(18)}.`.repeat(8)}${i}/`,
};
const members = {
  'a hundred members in each': (i) => ({
    ...Object.fromEntries(Array.from({ length: 98 }, (_, k) => [`k${k}`, 0])),
    name: `a${i}`,
  }),
  'long members beyond ASCII': (i) => ({
    ...Object.fromEntries(Array.from({ length: 98 }, (_, k) => [`${'\u0130'.repeat(120)}${k}`, 0])),
    name: `a${i}`,
  }),
  'nothing in each': () => ({}),
};

const lists = {
  'as servers write it': [
    'tools',
    (i) => ({
      name: `tool_${i}`,
      description: 'x'.repeat(400),
      inputSchema: { type: 'object', properties: {} },
    }),
  ],
};
for (const member of Object.keys(KEYS))
  for (const [what, name] of Object.entries(names))
    lists[`${member}, ${what}`] = [member, (i) => ({ [KEYS[member]]: name(i) })];
for (const [what, entry] of Object.entries(members)) lists[`tools, ${what}`] = ['tools', entry];

function spentOn(run) {
  const times = [];
  for (let i = 0; i < RUNS; i++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[RUNS >> 1];
}

let worst = 0;
for (const [name, [member, entry]] of Object.entries(lists)) {
  const bytes = Buffer.from(answer(member, filled(entry)));
  const event = Buffer.from(`data: ${bytes}\n\n`);
  const result = filterLists(bytes, listingOf(member), 'modern');
  const spent = [
    spentOn(() => filterLists(bytes, listingOf(member), 'modern')),
    spentOn(() => new EventFilter(listingOf(member), 'modern', 2 * MAX_LIST_BYTES).push(event)),
  ];
  worst = Math.max(worst, ...spent);
  const outcome = result.ok ? 'accepted' : result.detail;
  const shown = spent.map((ms) => ms.toFixed(1).padStart(7)).join('');
  console.log(`${shown} ms  ${(bytes.length / 1_048_576).toFixed(1)} MiB  ${name}: ${outcome}`);
}
console.log(`at most ${worst.toFixed(1)} ms of CPU for one list (as JSON, as an event)`);
