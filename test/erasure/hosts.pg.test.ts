import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, RESP_TYPES } from 'redis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createErasure } from '../../src/erasure/erasure.ts'
import { openRedisStore } from '../../src/features/online/redis-store.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import { createDuck } from '../../src/lake/duck.ts'
import { createLake } from '../../src/lake/lake.ts'
import { openS3Store } from '../../src/lake/s3-store.ts'
import { createPredictions } from '../../src/predictions/predictions.ts'
import { createTracking } from '../../src/tracking/tracking.ts'
import { haveRedis, startRedis } from '../helpers/redis.ts'
import { hasS3, startS3 } from '../helpers/s3.ts'
import { bytesWith, counted, erase, openRig, PROJECT, projectOf, type Rig } from './rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await openRig()
})
afterEach(() => rig.close())

const KEY = 'PERSON-7f3a9c'
const JANUARY = '2024-01-31'
const rowsOf = (...ids: string[]) => ids.map((id, n) => ({ id, n, note: `note of ${id}` }))

describe.skipIf(!hasS3)('with objects in S3', () => {
  test('X3: every host drops its copies: one that runs at once, one that sleeps when it starts, and the report says which', async () => {
    const s3 = await startS3()
    const env = { ...process.env }
    Object.assign(process.env, s3.env)
    const url = `s3://${await s3.newBucket()}/weir`
    const closing: (() => unknown)[] = []
    /** A host: its own cache, and what it needs to work on the shared store. */
    const hostOf = async (name: string) => {
      const objects = await openS3Store({ url, cacheDir: join(rig.dir, name) })
      const duck = await createDuck({ directories: objects.directories })
      const lake = createLake({ sql: rig.db, objects, duck, clock: rig.clock })
      closing.push(duck.close, lake.close)
      return { objects, duck, lake }
    }
    try {
      const [one, two, three] = [await hostOf('one'), await hostOf('two'), await hostOf('three')]
      const ingest = createIngest({ sql: rig.db, ...one, project: PROJECT, clock: rig.clock, log: silentLog })
      await rig.deliver({ ingest }, 'state', JANUARY, rowsOf(KEY, 'b'))
      const [snapshot] = await one.lake.list()
      for (const { lake } of [two, three]) {
        await lake.caches.sweep()
        if (snapshot) await lake.path(snapshot)
      }
      const copy = (host: string) => join(rig.dir, host, snapshot?.objectKey ?? '')
      expect(['one', 'two', 'three'].map((host) => existsSync(copy(host)))).toEqual([true, true, true])
      closing.push(await two.lake.caches.follow())

      const features = rig.features(PROJECT)
      const tracking = createTracking({ sql: rig.db, objects: one.objects, clock: rig.clock })
      const { flows, clock } = rig
      const deps = {
        project: PROJECT,
        lake: one.lake,
        features,
        ingest,
        flows,
        tracking,
        predictions: createPredictions({
          sql: rig.db,
          lake: one.lake,
          features,
          project: PROJECT,
          clock,
          log: silentLog,
        }),
        objects: one.objects,
        clock,
        home: join(rig.dir, 'one'),
      }
      const erasure = createErasure({ sql: rig.db, ...deps, embedded: false })
      const report = await erase(erasure, 'user', KEY)

      expect(['one', 'two', 'three'].map((host) => existsSync(copy(host)))).toEqual([false, false, true])
      const confirmed = report.hosts.map(({ folder, confirmed }) => [folder.split('/').at(-1), confirmed])
      expect(confirmed).toEqual([
        ['one', true],
        ['three', false],
        ['two', true],
      ])
      await (await hostOf('three')).lake.caches.sweep()
      expect(existsSync(copy('three'))).toBe(false)
      expect((await one.lake.caches.list()).some((cache) => cache.behind)).toBe(false)
      expect((await readdir(join(rig.dir, 'one', '.scratch'))).filter((name) => !name.startsWith('duckdb'))).toEqual([])
      const left = await one.objects.list('snapshots/')
      expect(left.length).toBe(1)
      expect(await bytesWith(rig, [KEY])).toEqual([])
    } finally {
      for (const close of closing.reverse()) await close()
      process.env = env
      await s3.stop()
    }
  })
})

describe.skipIf(!haveRedis())('with live values in Redis', () => {
  test('they go from every table of the home, those of earlier definitions and layouts too', async () => {
    const redis = await startRedis()
    const online = await openRedisStore(redis.url, 'ns')
    const client = await createClient({ url: redis.url }).connect()
    try {
      const old = rig.roomsOf(
        projectOf({
          views: { state: { entity: 'user', source: 'state', features: { n: 'Float64', note: 'String' } } },
        }),
        online,
      )
      await rig.deliver(old, 'state', JANUARY, rowsOf(KEY, 'b'))
      await old.features.materialize({ views: ['state'] })
      const rooms = rig.roomsOf(PROJECT, online)
      await rooms.features.materialize({ views: ['state'] })
      await client.set(`weir:ns:state_0123:${JSON.stringify([KEY])}`, '["2024-01-31","2024-01-31",false,1]')
      await client.set(`weir:ns:state_0123:${JSON.stringify([`${KEY}1`])}`, '["2024-01-31","2024-01-31",false,1]')
      expect(counted(await rooms.erasure.find('user', KEY))['live values']).toBe(3)
      await erase(rooms.erasure, 'user', KEY)
      expect(counted(await rooms.erasure.find('user', KEY))).toEqual({})
      expect((await rooms.features.readOnline('all', [KEY, 'b'])).map((r) => r.found)).toEqual([false, true])
      const names = await client.keys('*')
      expect(names.filter((name) => name.includes(KEY))).toEqual([`weir:ns:state_0123:["${KEY}1"]`])
      const [catalogue] = await rig.db.query(`select sum(rows)::int as rows from features.online_table`)
      expect(catalogue).toEqual({ rows: 2 })
    } finally {
      await client.close()
      await online.close()
      await redis.stop()
    }
  })

  test('a copy of Redis from before the erasure is not believed when it comes back', async () => {
    const redis = await startRedis()
    const online = await openRedisStore(redis.url, 'ns')
    const client = await createClient({ url: redis.url }).connect()
    try {
      const rooms = rig.roomsOf(PROJECT, online)
      await rig.deliver(rooms, 'state', JANUARY, rowsOf(KEY, 'b'))
      await rooms.features.materialize({ views: ['state'] })
      const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
      const copy = await Promise.all(
        (await client.keys('*')).map(async (key) => [key, (await binary.dump(key)) as unknown as Buffer] as const),
      )
      await erase(rooms.erasure, 'user', KEY)
      await client.flushAll()
      for (const [key, bytes] of copy) await client.restore(key, 0, bytes)
      const rows = await rooms.features.readOnline('all', [KEY, 'b'])
      expect(rows.map((row) => row.lostViews)).toEqual([['state'], ['state']])
      expect(rows.map((row) => rooms.features.refusal('all', KEY, row)?.code)).toEqual(['unavailable', 'unavailable'])
      await rooms.features.materialize({ views: ['state'] })
      expect((await rooms.features.readOnline('all', [KEY, 'b'])).map((r) => r.found)).toEqual([false, true])
    } finally {
      await client.close()
      await online.close()
      await redis.stop()
    }
  })
})
