import { readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { createPrng } from '../../src/base/prng.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { openRig, type Rig } from './rig.ts'

const PROJECT = normalizeProject(
  {
    name: 'damaged',
    sources: {
      usage: { key: 'id', columns: { id: 'String', hours: 'Float32', plan: 'String', visits: 'Int64' } },
      left: { key: 'id', columns: { id: 'String', churned: 'Int64' } },
    },
    entities: { user: { joinKeys: { id: 'String' } } },
    featureViews: {
      usage_fv: { entity: 'user', source: 'usage', features: { hours: 'Float32', plan: 'String', visits: 'Int64' } },
    },
    featureServices: { all: ['usage_fv'] },
    labels: { churned: { source: 'left', column: 'churned', entity: 'user', horizon: '0d' } },
    models: {
      churn: {
        experiment: 'x',
        features: 'all',
        label: 'churned',
        learner: { kind: 'random_forest', trees: 2, seed: 1 },
      },
    },
  },
  '/',
)
const ROWS = 3_000
const JANUARY = parseInstant('2024-01-31')
const source = (name: string) => PROJECT.sources.find((s) => s.name === name)!

let rig: Rig
beforeEach(async () => {
  rig = await openRig()
})
afterEach(() => rig.close())

const usage = `SELECT 'u' || i AS id, (i * 0.37)::FLOAT AS hours, 'plan ' || i % 7 AS plan, i * 3::BIGINT AS visits FROM range(${ROWS}) r(i)`

async function delivered() {
  const snapshot = await rig.deliver(source('usage'), '2024-01-31', usage)
  await rig.deliver(source('left'), '2024-01-31', `SELECT 'u' || i AS id, i % 2 AS churned FROM range(${ROWS}) r(i)`)
  const features = rig.features(PROJECT)
  const request = {
    model: 'churn',
    asOf: JANUARY,
    knownAt: await rig.lake.pinKnownAt(),
    mode: 'restated',
  } as const
  return { snapshot, features, request, file: join(rig.dir, snapshot.objectKey) }
}

test('F7: a flipped bit anywhere in a snapshot is never read as other values', async () => {
  const { snapshot, features, request, file } = await delivered()
  const good = await readFile(file)
  const whole = await features.trainingSet(request)
  const random = createPrng(20240131)
  for (let flip = 0; flip < 60; flip++) {
    const bad = Buffer.from(good)
    const place = random.int(bad.length)
    const bit = random.int(8)
    bad[place] = (bad[place] ?? 0) ^ (1 << bit)
    await writeFile(file, bad)
    const says = `bit ${bit} of byte ${place}`
    const refusal = { code: 'corrupt', message: expect.stringContaining('snapshot usage/2024-01-31/v1') }
    await expect(features.trainingSet(request), says).rejects.toMatchObject(refusal)
    await expect(features.materialize({ views: ['usage_fv'] }), says).rejects.toMatchObject(refusal)
    await expect(rig.lake.path(snapshot), says).rejects.toMatchObject(refusal)
    expect(await rig.lake.stateOf(snapshot)).toBe('damaged')
  }
  // The old times are put back too: what changed is seen all the same.
  const last = Buffer.from(good)
  last[4_000] = (last[4_000] ?? 0) ^ 1
  await writeFile(file, good)
  expect((await features.trainingSet(request)).digest).toBe(whole.digest)
  await writeFile(file, last)
  await utimes(file, 0, 0)
  await expect(features.trainingSet(request)).rejects.toMatchObject({ code: 'corrupt' })
  await writeFile(file, good)
  expect((await features.trainingSet(request)).digest).toBe(whole.digest)
})

test('F7: statistics, verify and rows of a caller do not read a damaged or missing snapshot either, and say what brings it back', async () => {
  const { features, file } = await delivered()
  await features.materialize()
  await writeFile(file, 'cut off')
  const refusal = {
    code: 'corrupt',
    message: expect.stringMatching(/usage\/2024-01-31\/v1.*deliver the same file again.*--as-of 2024-01-31/),
  }
  const rows = [{ id: 'u1', event_timestamp: '2024-02-01' }]
  const request = { file: rows, knownAt: await rig.lake.pinKnownAt(), mode: 'restated' } as const
  for (const damage of [() => {}, () => rm(file)]) {
    await damage()
    await expect(features.statistics('usage_fv')).rejects.toMatchObject(refusal)
    await expect(features.verify('usage_fv', 10)).rejects.toMatchObject(refusal)
    await expect(features.entityDataset(features.service('all'), request)).rejects.toMatchObject(refusal)
  }
  expect(await readFile(file).catch((error: NodeJS.ErrnoException) => error.code)).toBe('ENOENT')
})

test('F7: a damaged training set is neither read nor exported', async () => {
  const { features, request } = await delivered()
  const set = await features.trainingSet(request)
  const file = join(rig.dir, set.objectKey)
  const bytes = await readFile(file)
  bytes[99] = (bytes[99] ?? 0) ^ 2
  await writeFile(file, bytes)
  const refusal = { code: 'corrupt', message: expect.stringContaining('build it again') }
  const out = join(rig.dir, 'out.parquet')
  await expect(features.readTrainingSet(set)).rejects.toMatchObject(refusal)
  await expect(features.exportTrainingSet(set, out)).rejects.toMatchObject(refusal)
  expect(await readFile(out).catch((error: NodeJS.ErrnoException) => error.code)).toBe('ENOENT')
  expect((await features.trainingSet(request)).digest).toBe(set.digest)
  expect((await features.readTrainingSet(set)).rows).toBe(ROWS)
})
