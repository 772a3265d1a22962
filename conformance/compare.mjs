// Compares two runs of the suite scenario by scenario and check by check, and writes the result as
// a table.

const JUDGED = new Set(['SUCCESS', 'FAILURE', 'WARNING', 'SKIPPED']);

const judged = (checks) => checks?.filter(({ status }) => JUDGED.has(status));
const name = ({ id, name: title, status }) => `${id} (${title}): ${status}`;

/** The names of the first list that the second lacks. A name counts as often as it occurs. */
function missingFrom(first, second) {
  const rest = [...second];
  return first.filter((item) => {
    const index = rest.indexOf(item);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}

/** Checks of one scenario in words: `3 passed`, or `2 passed, 1 failed`. */
export function describe(checks) {
  if (checks === undefined) return 'not run';
  const words = { SUCCESS: 'passed', FAILURE: 'failed', WARNING: 'warned', SKIPPED: 'skipped' };
  const parts = Object.entries(words).map(([status, word]) => [
    checks.filter((check) => check.status === status).length,
    word,
  ]);
  return (
    parts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : [])).join(', ') ||
    'no checks'
  );
}

const PASSING = new Set(['SUCCESS', 'SKIPPED']);
const passes = (checks) => checks?.every(({ status }) => PASSING.has(status)) ?? false;

/** Messages for the checks that only one of the two runs has. */
function differences(direct = [], through = []) {
  const [before, after] = [direct.map(name), through.map(name)];
  const reason = (item) => through.find((check) => name(check) === item)?.errorMessage;
  const lost = missingFrom(before, after).map((item) => `only direct:  ${item}`);
  const gained = missingFrom(after, before).map(
    (item) => `only through: ${[item, reason(item)].filter(Boolean).join(' - ')}`,
  );
  return [...lost, ...gained];
}

/** Rows for all scenarios that the revision names or that a run has. */
export function compare({ scored, notScored }, direct, through) {
  const names = new Set([...scored, ...notScored, ...direct.keys(), ...through.keys()]);
  return [...names].map((scenario) => {
    const [before, after] = [judged(direct.get(scenario)), judged(through.get(scenario))];
    const differs = differences(before, after);
    const counts = scored.includes(scenario);
    const same = before !== undefined && after !== undefined && differs.length === 0;
    return {
      scenario,
      counts,
      passes: passes(before),
      same,
      differs,
      direct: before,
      through: after,
    };
  });
}

/** The table and the differences as text. A star marks scenarios without a score. */
export function formatTable(rows) {
  const cells = rows.map((row) => [
    row.counts ? row.scenario : `${row.scenario} *`,
    describe(row.direct),
    row.same ? describe(row.through) : `${describe(row.through)}  <- DIFFERENT`,
  ]);
  const table = [['scenario', 'direct', 'through'], ...cells];
  const width = (column) => Math.max(...table.map((line) => line[column].length));
  const lines = table.map(
    ([first, second, third]) => `  ${first.padEnd(width(0))}  ${second.padEnd(width(1))}  ${third}`,
  );
  const details = rows.flatMap((row) => row.differs.map((line) => `  ${row.scenario}: ${line}`));
  return [...lines, ...(details.length > 0 ? ['', 'Differences:', ...details] : [])].join('\n');
}

/** The sums of one side: `33 scenarios, 84 checks passed, 0 failed`. */
export function summarize(rows, side) {
  const checks = rows.flatMap((row) => row[side] ?? []);
  const run = rows.filter((row) => row[side] !== undefined).length;
  const count = (status) => checks.filter((check) => check.status === status).length;
  const counts = `${count('SUCCESS')} checks passed, ${count('FAILURE')} failed, ${count('WARNING')} warned, ${count('SKIPPED')} skipped`;
  return `${run} scenarios, ${counts}`;
}
