// Compares two samples of times: medians, the Mann-Whitney U test, and how often one is the longer.

const sorted = (values) => Float64Array.from(values).sort();

export function quantile(values, share) {
  const all = sorted(values);
  const at = (all.length - 1) * share;
  const low = all[Math.floor(at)];
  return low + (all[Math.ceil(at)] - low) * (at % 1);
}

export const median = (values) => quantile(values, 0.5);

/** The complementary error function (Abramowitz and Stegun 7.1.26), to seven digits. */
function erfc(x) {
  const t = 1 / (1 + 0.3275911 * x);
  const poly =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return poly * Math.exp(-x * x);
}

/** The probability of a result at least `z` standard deviations from the mean, on both sides. */
export const twoSided = (z) => erfc(Math.abs(z) / Math.SQRT2);

/**
 * The Mann-Whitney U test: two-sided, by the normal approximation with a correction for ties. It
 * needs no shape of the distribution, and outliers count only by their rank.
 *
 * `p`: the probability of so large a difference where there is none. `longer`: the share of all
 * pairs in which `some` is the longer one, 0.5 without a difference.
 */
export function mannWhitney(some, other) {
  const [n, m] = [some.length, other.length];
  const all = [
    ...Array.from(some, (value) => ({ value, isSome: true })),
    ...Array.from(other, (value) => ({ value, isSome: false })),
  ].sort((a, b) => a.value - b.value);
  let [rankSum, ties] = [0, 0];
  for (let start = 0; start < all.length; ) {
    let end = start;
    while (end < all.length && all[end].value === all[start].value) end += 1;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) if (all[i].isSome) rankSum += rank;
    const count = end - start;
    ties += count ** 3 - count;
    start = end;
  }
  const u = rankSum - (n * (n + 1)) / 2;
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  const z = (u - (n * m) / 2) / Math.sqrt(variance);
  return { u, z, p: twoSided(z), longer: u / (n * m) };
}
