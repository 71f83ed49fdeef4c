import { beforeEach, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Project } from '../../src/config/project.ts'
import type { Database } from '../../src/db/sql.ts'
import type { Features } from '../../src/features/features.ts'
import { encodeModel, type Model } from '../../src/ml/model/model-file.ts'
import type { ModelVersion } from '../../src/registry/registry.ts'
import { createLiveModels, type LiveModelDeps } from '../../src/serving/live-models.ts'
import { smallModel } from '../ml/small-model.ts'

/** What serving asks of a project. */
const PROJECT = {
  models: [{ name: 'churn', featureService: 'all', label: 'outcome', predicts: null, positive: null }],
  labels: [{ name: 'outcome', source: 'outcomes', column: 'outcome' }],
  sources: [{ name: 'outcomes', columns: [{ name: 'outcome', type: 'Bool' }] }],
} as unknown as Project

/** Live models over a registry and files that the test holds in its hand. */
const NAME = 'churn'
let model: Model
let good: Buffer
let now: { version: number; file: () => Promise<Buffer>; stamp: string; reads: number }
let look: () => void
let models: ReturnType<typeof createLiveModels>

beforeEach(async () => {
  model = await smallModel({ trees: 3 })
  good = Buffer.from(encodeModel(model))
  now = { version: 1, file: async () => good, stamp: 'first', reads: 0 }
  const version = (): Partial<ModelVersion> => ({
    name: NAME,
    version: now.version,
    stage: 'Production',
    source: `mlflow-artifacts:/1/run${now.version}/artifacts/model`,
    location: `mlflow-artifacts:/1/run${now.version}/artifacts/model`,
    runId: 'run',
  })
  const { inputs } = model.encoder.spec
  const service = { name: 'all', keys: [], features: inputs.map(({ name, type }) => ({ name, type })) }
  const deps = {
    project: PROJECT,
    features: { service: () => service } as unknown as Features,
    registry: { inStage: async () => version() as ModelVersion, wasInProduction: async () => true },
    tracking: {
      artifacts: {
        read: () => {
          now.reads++
          return now.file()
        },
        stamp: async () => now.stamp,
      },
    },
    db: {
      listen: async (_channel: string, _told: unknown, lookAtAll: () => void) => {
        look = lookAtAll
        return async () => {}
      },
    } as unknown as Database,
    log: silentLog,
    events: { predicted() {}, stage() {}, answered() {}, live() {}, loadFailed() {} },
  } satisfies LiveModelDeps
  models = createLiveModels(deps)
})

const damaged = () => {
  const bytes = Buffer.from(good)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return bytes
}
/** Looks, and waits until the look is over: another one begins only then. */
const looked = async () => {
  const before = now.reads
  look()
  await new Promise(setImmediate)
  return now.reads - before
}

test('F8: a damaged file is told by its name, version and remedy, and read again only when it was changed', async () => {
  now.file = async () => damaged()
  await models.start()
  expect(models.current(NAME)).toBeUndefined()
  const says = models.problem(NAME)
  expect(says).toContain('version 1 of churn is in Production but cannot be loaded')
  expect(says).toContain('mlflow-artifacts:/1/run1/artifacts/model/model.weir')
  expect(says).toContain('put the file of churn version 1 back from a backup, or promote another version')
  // The same bytes are not read every few seconds.
  expect([await looked(), await looked()]).toEqual([0, 0])

  now.file = async () => good
  now.stamp = 'put right'
  look()
  await expect.poll(() => models.current(NAME)?.version).toBe('1')
  expect(models.problem(NAME)).toBeUndefined()
  await models.close()
})

test('F8: a file that is changed to another damage is told anew', async () => {
  now.file = async () => damaged()
  await models.start()
  now.file = async () => good.subarray(0, 10)
  now.stamp = 'cut'
  const before = models.problem(NAME)
  look()
  await expect.poll(() => models.problem(NAME)).not.toBe(before)
  expect(await looked()).toBe(0)
  await models.close()
})

test('X13: a load that hung and failed is tried again at the next look; the version before answers meanwhile', async () => {
  await models.start()
  expect(models.current(NAME)?.version).toBe('1')
  now.version = 2
  now.stamp = 'second'
  let fail: (error: unknown) => void = () => {}
  now.file = () => new Promise((_, reject) => (fail = reject))
  look()
  await expect.poll(() => now.reads).toBe(2)
  expect(models.current(NAME)?.version).toBe('1')
  fail(new PlatformError('unavailable', 'the object store did not answer in time'))
  await expect.poll(() => models.problem(NAME)).toContain('did not answer in time')
  now.file = async () => good
  look()
  await expect.poll(() => models.current(NAME)?.version).toBe('2')
  expect(models.problem(NAME)).toBeUndefined()
  await models.close()
})

test('X13: a load under way is told when it takes long, and does not hold the stop', async () => {
  now.file = () => new Promise(() => {})
  void models.start()
  await expect.poll(() => models.problem(NAME), { timeout: 10_000 }).toMatch(/version 1 .* has been loading for \d+ s/)
  await models.close()
})
