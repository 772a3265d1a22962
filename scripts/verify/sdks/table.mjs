// Compares the steps of a run through the gateway with those of the direct run, and prints the
// table of SDKs and scenarios.
import { knownDifference } from './known.mjs';

const SHOWN = 160;

/** The text without ports, session ids and times, which differ from run to run. */
const steady = (text = '') =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
    .replaceAll(/\b[0-9a-f]{8}-?[0-9a-f-]{20,}\b/g, 'ID')
    .replaceAll(/session ID: [\w-]+/g, 'session ID: ID')
    .replaceAll(/\s+/g, ' ')
    .trim();

const named = (steps) => new Map(steps.map((step) => [step.step, step]));

function seen(step) {
  if (step === undefined) return 'no such step';
  if (step.ok === null) return 'not in this SDK';
  const text = steady(step.text);
  return step.ok ? `ok ${text}`.trim() : `error ${text}`;
}

/** The end of one call: its text does not count, because a server words its refusals itself. */
function outcome(step) {
  if (step === undefined) return 'the client ends';
  if (step.ok) return 'ok';
  return step.text === 'HANGS' ? 'hangs' : 'fails';
}

/** Says in a few words how an SDK reacts to a refusal. */
export function reaction(steps) {
  const by = named(steps);
  if (outcome(by.get('first')) !== 'ok') return `first call: ${seen(by.get('first') ?? steps[0])}`;
  const [second, third] = [outcome(by.get('second')), outcome(by.get('third'))];
  if (second === 'the client ends') return second;
  const end = by.get('end') === undefined ? '' : ', does not end';
  return `call ${second}, next ${third === 'the client ends' ? 'none' : third}${end}`;
}

/** The session goes on. Some SDKs end it at the answer of a server that knows no request id. */
const GOES_ON = ['call ok, next ok', 'call fails, next ok'];

function differenceOfRefusals({ direct, through }) {
  const [a, b] = [reaction(direct), reaction(through)];
  const isBetter = GOES_ON.includes(b) && !GOES_ON.includes(a);
  return a === b || isBetter ? [] : [`direct: ${a}; through: ${b}`];
}

function differenceOfSteps({ direct, through }) {
  const [a, b] = [named(direct), named(through)];
  const names = [...new Set([...a.keys(), ...b.keys()])];
  return names
    .filter((name) => seen(a.get(name)) !== seen(b.get(name)))
    .map((name) => `${name}: direct ${seen(a.get(name))}; through ${seen(b.get(name))}`);
}

/** The steps that must end with a text, whatever the direct run did. */
function differenceFromExpected(expected, { through }) {
  const by = named(through);
  return Object.entries(expected)
    .filter(([name, text]) => by.get(name)?.ok !== true || by.get(name).text !== text)
    .map(([name]) => `${name}: through ${seen(by.get(name))}`);
}

const failures = ({ through }) =>
  through.filter(({ ok }) => ok === false).map((step) => `${step.step}: through ${seen(step)}`);

function differences(scenario, runs) {
  if (runs.error !== undefined) return [runs.error];
  const { expected = {} } = scenario;
  const wrong = differenceFromExpected(expected, runs);
  if (runs.direct === undefined) return [...new Set([...failures(runs), ...wrong])];
  if (scenario.isRefusal) return differenceOfRefusals(runs);
  const differing = differenceOfSteps(runs);
  return differing.length > 0 ? differing : wrong;
}

/** The result of one scenario of one SDK: `same`, `known` (with the reason) or `differs`. */
export function verdict(sdk, scenario, runs) {
  const how = differences(scenario, runs);
  const result = { sdk: sdk.name, version: sdk.version, scenario: scenario.name, runs };
  if (how.length === 0) return { ...result, state: 'same', how: '' };
  const text = how.map((one) => one.slice(0, SHOWN * 2)).join(' | ');
  const reason = knownDifference(sdk.name, scenario.name, text);
  if (reason !== undefined) return { ...result, state: 'known', how: text, reason };
  return { ...result, state: 'differs', how: text };
}

const cell = (results, sdk, scenario) => {
  const result = results.find((one) => one.sdk === sdk && one.scenario === scenario);
  return result === undefined ? '-' : result.state;
};

const markdown = (rows) => {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  const line = (row) => `| ${row.map((text, at) => text.padEnd(widths[at])).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
};

const unique = (values) => [...new Set(values)];

/** The table of SDKs and scenarios, the reactions to refusals, and each difference in a line. */
export function report(results) {
  const names = unique(results.map(({ sdk }) => sdk));
  const scenarios = unique(results.map(({ scenario }) => scenario));
  const version = (name) => results.find(({ sdk }) => sdk === name).version;
  const table = markdown([
    ['SDK', ...scenarios],
    ...names.map((name) => [
      `${name} ${version(name)}`,
      ...scenarios.map((scenario) => cell(results, name, scenario)),
    ]),
  ]);
  const refusals = results.filter(({ runs }) => runs.isRefusal && runs.through !== undefined);
  const kinds = unique(refusals.map(({ scenario }) => scenario));
  const withRefusals = names.filter((name) => refusals.some(({ sdk }) => sdk === name));
  const reactions = withRefusals.map((name) => [
    name,
    ...kinds.map((kind) => {
      const one = refusals.find(({ sdk, scenario }) => sdk === name && scenario === kind);
      return one === undefined ? '-' : reaction(one.runs.through);
    }),
  ]);
  const lines = results
    .filter(({ state }) => state !== 'same')
    .map(({ sdk, scenario, state, how, reason }) => {
      const why = reason === undefined ? '' : ` (known: ${reason})`;
      return `${state === 'known' ? 'known' : 'DIFFERS'}: ${sdk}, ${scenario}: ${how}${why}`;
    });
  return [
    table,
    ...(kinds.length === 0 ? [] : ['', 'The refusals, through the gateway:', '']),
    ...(kinds.length === 0 ? [] : [markdown([['SDK', ...kinds], ...reactions])]),
    '',
    ...lines,
  ].join('\n');
}
