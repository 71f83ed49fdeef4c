import type { OnlineStore } from '../../src/features/online/online-store.ts'
import { createPostgresStore } from '../../src/features/online/postgres-store.ts'
import { openRedisStore } from '../../src/features/online/redis-store.ts'
import { haveRedis, startRedis } from '../helpers/redis.ts'
import type { Rig } from './rig.ts'

/** How to open each online store for a rig; those of one rig are of one place, as those of two processes are. */
export type StoreOf = (rig: Pick<Rig, 'db' | 'url'>) => Promise<OnlineStore>

/** PostgreSQL, and a real Redis where there is one. `stop` ends it. */
export async function onlineStores(): Promise<{ stores: [string, StoreOf][]; stop(): Promise<void> }> {
  const redis = haveRedis() ? await startRedis() : undefined
  const inRedis: StoreOf = (rig) => openRedisStore(redis?.url ?? '', `t${rig.url.split('/').at(-1)}`)
  const stores: [string, StoreOf][] = [['postgres', async (rig) => createPostgresStore(rig.db)]]
  if (redis) stores.push(['redis', inRedis])
  return { stores, stop: async () => redis?.stop() }
}
