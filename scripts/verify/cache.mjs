// Finds the cache folder of a step in the environment.
/** Commands of a step see no variable of the gateway, so the cache is an argument. */
export function cacheOf(variable) {
  const cache = process.env[variable];
  return cache === undefined ? [] : ['--cache', cache];
}
