// Runs the checks of one verification, prints each with its outcome, and ends the process.

/**
 * `name`: begins the last line. A check passes unless `work` throws. `work` may return a `note` for
 * its line.
 * @param {string} name
 */
export function createChecks(name) {
  let count = 0;
  let passed = 0;

  async function check(label, work) {
    count += 1;
    try {
      const result = await work();
      passed += 1;
      console.log(`  ok      ${label}${result?.note === undefined ? '' : `: ${result.note}`}`);
    } catch (error) {
      const output = `${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`;
      console.log(`  NOT OK  ${label}: ${output.trim()}`);
    }
  }

  /** Ends the process: with 0 where all checks passed, otherwise with 1. */
  function finish() {
    console.log(`${name}: ${passed} of ${count} checks passed`);
    process.exit(passed === count ? 0 : 1);
  }
  return { check, finish };
}
