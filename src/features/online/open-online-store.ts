import type { Log } from '../../base/log.ts'
import type { Database } from '../../db/sql.ts'
import type { OnlineStore } from './online-store.ts'
import { createPostgresStore } from './postgres-store.ts'

/** The store that the settings name. The client of Redis is loaded only where there is one. */
export async function openOnlineStore(db: Database, online: string, namespace: string, log: Log): Promise<OnlineStore> {
  if (online === 'postgres') return createPostgresStore(db, db.serving)
  const { openRedisStore } = await import('./redis-store.ts')
  return openRedisStore(online, namespace, log)
}
