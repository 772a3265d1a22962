// Tells whether the operator let Node use the proxy of the environment.

/** Node tells only its global dispatcher, and the gateway has dispatchers of its own. */
export const usesProxyOfNode = (): boolean =>
  process.env.NODE_USE_ENV_PROXY === '1' ||
  [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)].includes(
    '--use-env-proxy',
  );
