import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sha256Hex } from '../../src/base/hash.ts'
import { collectObjects, keepObjects } from '../../src/lake/collect-objects.ts'
import { openDirectoryStore } from '../../src/lake/directory-store.ts'
import { CACHE_IN_USE_MS, trimCache } from '../../src/lake/trim-cache.ts'
import { createWork, type Work } from '../../src/lake/work.ts'
import { collectStorage } from '../../src/pipelines/collect-storage.ts'
import { INGEST_MONTH } from '../../src/pipelines/ingest-month.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'
import { openServerRig } from '../serving/rig.ts'

let database: TestDatabase
let dir: string
let work: Work
beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'weir-collect-'))
  work = createWork({ url: database.url })
})
afterAll(async () => {
  await work.close()
  await database.drop()
  await rm(dir, { recursive: true, force: true })
})

const DAY_MS = 86_400_000
const age = (root: string, key: string) => utimes(join(root, key), 1, 1)

test('weir gc: models that a run has, training sets of no version and old runs go; the version goes on as before', async () => {
  const rig = await openServerRig({ trees: 5 })
  try {
    const { app } = rig
    await app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
    await app.materialize({})
    const trained = await rig.train()
    const root = join(app.settings.home, 'objects')
    const keys = async (prefix: string) => (await app.objects.list(prefix)).map(({ key }) => key)
    const [models, datasets] = [await keys('models'), await keys('datasets')]
    expect([models.length, datasets.length]).toEqual([4, 1])
    const unused = `datasets/${sha256Hex('nobody')}.parquet`
    const [inStep, handed] = [`datasets/${sha256Hex('in a step')}.parquet`, 'handed-over/a-delivery/digest']
    for (const key of [unused, inStep, handed]) await app.objects.put(key, Buffer.from('x'))
    const collect = (dryRun: boolean) => collectStorage(app, { datasetsKeptMs: 90 * DAY_MS, cacheBytesMax: 1, dryRun })
    // All that is younger than a day stays.
    expect(await collect(false)).toMatchObject({ models: { files: 0 }, datasets: { files: 0 } })
    for (const key of [...models, ...datasets, unused, inStep, handed]) await age(root, key)

    // A flow under way that has recorded a model or a training set keeps it, and one that waits the files that it was given.
    await app.db.query(
      `insert into flows.run (id, flow, key, state, input) values ('under way', 'train_baseline', 'k', 'waiting', 'null'),
         ('waits', $1, 'w', 'waiting', $2::json)`,
      [INGEST_MONTH, JSON.stringify({ handed: { id: 'a-delivery' } })],
    )
    await app.db.query(
      `insert into flows.step (run_id, number, name, output, started_at, finished_at)
       values ('under way', 0, 'fit', $1::json, now(), now())`,
      [JSON.stringify({ model: { objectKey: models[0] }, trainingSet: inStep })],
    )
    expect(await collect(true)).toMatchObject({
      models: { files: 3 },
      datasets: { files: 1, bytes: 1 },
      handedOver: { files: 0 },
    })
    // Without the registry nobody knows what a version was trained from: then no training set goes.
    const away = { ...app.mlflow.registry, listModels: () => Promise.reject(new Error('away')) }
    const blind = { ...app, mlflow: { ...app.mlflow, registry: away } }
    const once = { datasetsKeptMs: 90 * DAY_MS, cacheBytesMax: 1, dryRun: true }
    expect(await collectStorage(blind, once)).toMatchObject({ datasets: null, models: { files: 3 } })
    expect(await keys('models')).toEqual(models)
    await collect(false)
    expect(await keys('models')).toEqual([models[0]])
    expect((await keys('datasets')).sort()).toEqual([...datasets, inStep].sort())
    expect(await keys('handed-over')).toEqual([handed])
    await app.db.query(`delete from flows.run where id in ('under way', 'waits')`)
    await collect(false)
    expect(await keys('models')).toEqual([])
    expect([await keys('datasets'), await keys('handed-over')]).toEqual([datasets, []])

    await rig.promote(trained.version)
    expect((await rig.until(({ status }) => status === 200)).status).toBe(200)
    // The same training makes again what it needs.
    expect((await rig.train()).version).toBe(trained.version + 1)
  } finally {
    await rig.close()
  }
})

test('an old object that is written again while it is collected stays', async () => {
  const root = join(dir, 'race')
  const objects = await openDirectoryStore(root)
  const key = `models/${sha256Hex('m')}.weir`
  await objects.put(key, Buffer.from('m'))
  await age(root, key)
  const slow = {
    ...objects,
    async list(prefix: string) {
      const found = await objects.list(prefix)
      // A fit comes to its end after the look.
      await keepObjects(work, () => objects.put(key, Buffer.from('m')))
      return found
    },
  }
  const old = { prefix: 'models', beforeMs: 10_000, inUse: () => false, dryRun: false }
  expect(await collectObjects({ objects: slow, work }, old)).toEqual([])
  expect(await objects.stat(key)).toBeDefined()
})

test('two that collect at once, and a fit that writes meanwhile, leave what the fit wrote', async () => {
  const root = join(dir, 'two')
  const objects = await openDirectoryStore(root)
  const keys = Array.from({ length: 12 }, (_, i) => `models/${sha256Hex(`m${i}`)}.weir`)
  for (const key of keys) {
    await objects.put(key, Buffer.from('m'))
    await age(root, key)
  }
  const old = { prefix: 'models', beforeMs: 10_000, inUse: () => false, dryRun: false }
  const fit = keepObjects(work, () => Promise.all(keys.slice(0, 3).map((key) => objects.put(key, Buffer.from('m')))))
  const both = Promise.all([collectObjects({ objects, work }, old), collectObjects({ objects, work }, old)])
  await fit
  const removed = (await both).flat().map((object) => object.key)
  expect(new Set(removed).size).toBe(removed.length)
  const left = (await objects.list('models')).map(({ key }) => key)
  expect(left.sort()).toEqual(keys.slice(0, 3).sort())
})

test('a cache keeps the last used up to its size, and what may be read at this moment', async () => {
  const cache = join(dir, 'cache')
  const nowMs = 1_700_000_000_000
  await mkdir(join(cache, 'snapshots'), { recursive: true })
  await mkdir(join(cache, '.scratch'))
  const put = async (name: string, bytes: number, usedMs: number) => {
    const path = join(cache, name)
    await writeFile(path, Buffer.alloc(bytes))
    await utimes(path, usedMs / 1000, usedMs / 1000)
  }
  const before = nowMs - CACHE_IN_USE_MS
  await put('snapshots/oldest', 10, before - 3_000)
  await put('snapshots/older', 10, before - 2_000)
  await put('snapshots/old', 10, before - 1_000)
  await put('snapshots/read', 10, nowMs - 1_000)
  await put('.scratch/coming', 10, before - 9_000)
  expect(await trimCache(cache, { bytesMax: 25, nowMs, dryRun: true })).toEqual({ files: 2, bytes: 20 })
  expect(await trimCache(cache, { bytesMax: 25, nowMs })).toEqual({ files: 2, bytes: 20 })
  expect((await readdir(join(cache, 'snapshots'))).sort()).toEqual(['old', 'read'])
  expect(await trimCache(cache, { bytesMax: 1, nowMs })).toEqual({ files: 1, bytes: 10 })
  expect(await readdir(join(cache, 'snapshots'))).toEqual(['read'])
  expect(await readdir(join(cache, '.scratch'))).toEqual(['coming'])
})
