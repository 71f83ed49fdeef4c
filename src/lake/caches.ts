import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { sha256Hex } from '../base/hash.ts'
import type { Instant } from '../base/instant.ts'
import type { Database } from '../db/sql.ts'
import {
  type CacheRow,
  insertErasedObjects,
  notifyErased,
  selectCaches,
  selectErasedSince,
  updateCacheSwept,
  upsertCache,
} from './erasure-queries.ts'
import { SCRATCH } from './object-key.ts'
import type { ObjectStore } from './objects.ts'
import { sweepScratch } from './scratch.ts'

/**
 * Copies of objects that each host keeps where the store lies elsewhere. Every cache is on a list with the erased object up
 * to which it was swept, so an erasure can say which hosts have dropped their copies. A cache is swept when it is opened,
 * before anything reads from it, and at once while its process follows.
 */
export type Caches = {
  /** Sweeps this host's cache, where there is one, and what killed processes left; gives how many copies went. */
  sweep(): Promise<number>
  /** Sweeps whenever something was erased, until the returned function is called. */
  follow(): Promise<() => Promise<void>>
  /** Adds objects to the list and tells all who follow. */
  announce(objectKeys: readonly string[]): Promise<void>
  /** All that were ever opened; `behind` while one has not dropped everything. */
  list(): Promise<(CacheRow & { behind: boolean })[]>
}

type Deps = { sql: Database; objects: ObjectStore; now(): Instant }

export function createCaches({ sql, objects, now }: Deps): Caches {
  const folder = objects.cacheDir

  async function sweep(): Promise<number> {
    for (const dir of objects.directories) await sweepScratch(join(dir, SCRATCH))
    if (folder === undefined) return 0
    const host = hostname()
    const id = sha256Hex(`${host} ${folder}`).slice(0, 32)
    const swept = await upsertCache(sql, { id, host, folder, seenAt: now() })
    const { keys, last } = await selectErasedSince(sql, swept)
    for (const key of keys) await rm(join(folder, ...key.split('/')), { force: true })
    await updateCacheSwept(sql, id, last)
    return keys.length
  }

  return {
    sweep,
    async follow() {
      if (folder === undefined) return async () => {}
      const hear = () => void sweep().catch(() => {})
      // What was erased before we listened, or while the connection was away.
      const stop = await sql.listen('objects_erased', hear, hear)
      await sweep()
      return stop
    },
    async announce(objectKeys) {
      await insertErasedObjects(sql, objectKeys, now())
      await notifyErased(sql)
    },
    list: () => selectCaches(sql),
  }
}
