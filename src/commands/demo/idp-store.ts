// In-memory storage of the identity provider. A key rotation creates a new provider over the same
// storage.
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

type Row = { model: string; id: string; payload: AdapterPayload; expiresAt: number };

const nowSeconds = () => Math.floor(Date.now() / 1000);

/**
 * One store for each identity provider. Clients, grants, sessions, codes and opaque tokens survive
 * a restart and a key rotation.
 */
export function memoryStore(): AdapterFactory {
  const rows = new Map<string, Row>();

  const live = (key: string): Row | undefined => {
    const row = rows.get(key);
    if (row && row.expiresAt <= Date.now()) rows.delete(key);
    return rows.get(key);
  };
  const search = (
    model: string,
    wanted: (payload: AdapterPayload) => boolean,
  ): AdapterPayload | undefined => {
    for (const [key, row] of rows)
      if (row.model === model && wanted(row.payload)) return live(key)?.payload;
    return undefined;
  };

  return (model): Adapter => ({
    async upsert(id, payload, expiresIn) {
      const expiresAt =
        expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000;
      rows.set(`${model}:${id}`, { model, id, payload, expiresAt });
    },
    async find(id) {
      return live(`${model}:${id}`)?.payload;
    },
    async findByUid(uid) {
      return search(model, (payload) => payload.uid === uid);
    },
    async findByUserCode(userCode) {
      return search(model, (payload) => payload.userCode === userCode);
    },
    async consume(id) {
      const row = live(`${model}:${id}`);
      if (row) row.payload.consumed = nowSeconds();
    },
    async destroy(id) {
      rows.delete(`${model}:${id}`);
    },
    async revokeByGrantId(grantId) {
      for (const [key, row] of rows) if (row.payload.grantId === grantId) rows.delete(key);
    },
  });
}
