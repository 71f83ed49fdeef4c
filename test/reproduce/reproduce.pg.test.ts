import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { inputDifferences } from '../../src/reproduce/differences.ts'
import { createReproduce } from '../../src/reproduce/reproduce.ts'
import type { Training } from '../../src/training/training.ts'
import { JANUARY, loadStreamflow } from '../features/real-data.ts'
import { madeUpSql, openTrainingRig, type TrainingRig, train } from '../training/rig.ts'

const MODEL = 'streamflow_churn'
let rig: TrainingRig
let first: Awaited<ReturnType<typeof train>>

beforeAll(async () => {
  const project = await loadStreamflow()
  Object.assign(project.models[0]!.learner, { trees: 10 })
  rig = await openTrainingRig(project)
  for (const source of project.sources) await rig.deliver(source, JANUARY, madeUpSql(source, 400, 'january'))
  first = await train(rig.training, { model: MODEL, asOf: JANUARY, threads: 2 })
})
afterAll(() => rig.close())

function reproduceWith(changes: Partial<Training> = {}) {
  const { training, tracking, registry } = rig
  return createReproduce({ training: { ...training, ...changes }, tracking, registry }).reproduce
}

/** As if this process were another: what is pinned now differs. */
function pinnedAs(change: (pinned: Awaited<ReturnType<Training['pin']>>) => void): Partial<Training> {
  return {
    async pin(request) {
      const pinned = await rig.training.pin(request)
      change(pinned)
      return pinned
    },
  }
}

const otherBytes: Partial<Training> = {
  async fit(pinned, dataset) {
    const fit = await rig.training.fit(pinned, dataset)
    const metrics = { ...fit.metrics, val_auc: 0.25 }
    return { ...fit, metrics, model: { ...fit.model, digest: 'f'.repeat(64) } }
  },
}

test('a version, and a run by its id, comes to the same bytes, and no run and no version is made', async () => {
  const runs = async () => (await rig.db.query('select run_id from tracking.run')).length
  const before = await runs()
  const found = await reproduceWith()(`${MODEL}/1`)
  expect(found).toMatchObject({ verdict: 'same', because: [], although: [], version: '1', runId: first.run.runId })
  expect(found.modelFile).toEqual({ recorded: first.fit.model.digest, again: first.fit.model.digest })
  expect(found.trainingSet.again).toBe(first.dataset.digest)
  expect(found.metrics.length).toBeGreaterThan(5)
  for (const { recorded, again } of found.metrics) expect(again).toBe(recorded)
  expect(await reproduceWith()(first.run.runId)).toMatchObject({ verdict: 'same', version: null })
  expect(await runs()).toBe(before)
  expect(await rig.registry.versionsOf(MODEL)).toHaveLength(1)
})

test('what differs and makes no difference to the bytes is told beside "same"', async () => {
  const found = await reproduceWith(
    pinnedAs((pinned) => {
      pinned.versions.node = '99.0.0'
      pinned.definitions.label = { ...pinned.definitions.label, horizonMs: 1 }
    }),
  )(`${MODEL}/1`)
  expect(found.verdict).toBe('same')
  expect(found.although).toEqual([
    expect.stringMatching(/^label .* is defined otherwise now$/),
    `node: ${process.versions.node} then, 99.0.0 now`,
  ])
})

test('other bytes are of the environment, of the code, or of nothing that is recorded, and the first metric that differs is named', async () => {
  const auc = `val_auc was ${first.fit.metrics.val_auc} and is 0.25 now`
  const environment = await reproduceWith({ ...otherBytes, ...pinnedAs((pinned) => (pinned.versions.duckdb = 'v0')) })(
    `${MODEL}/1`,
  )
  expect(environment).toMatchObject({ verdict: 'other_environment' })
  expect(environment.because).toEqual([expect.stringMatching(/^duckdb: .* then, v0 now$/), auc])
  const code = await reproduceWith({ ...otherBytes, ...pinnedAs((pinned) => (pinned.code = 'e'.repeat(64))) })(
    `${MODEL}/1`,
  )
  expect(code).toMatchObject({ verdict: 'other_code' })
  expect(code.because[0]).toMatch(/^the code of Weir: .* then, eeeeeeeeeeee now$/)
  const nothing = await reproduceWith(otherBytes)(`${MODEL}/1`)
  expect(nothing).toMatchObject({ verdict: 'not_reproducible' })
  expect(nothing.because).toEqual(['the same data, code and environment gave another model', auc])
})

test('"same" is said of equal bytes of both model files alone', async () => {
  const otherOnnx: Partial<Training> = {
    async fit(pinned, dataset) {
      const fit = await rig.training.fit(pinned, dataset)
      return { ...fit, onnx: { ...fit.onnx, digest: 'f'.repeat(64) } }
    },
  }
  const found = await reproduceWith(otherOnnx)(`${MODEL}/1`)
  expect(found).toMatchObject({ verdict: 'not_reproducible' })
  expect(found.because.at(-1)).toBe('the model files differ, and every metric is the same')
})

test('deliveries that are not seen any more, or were changed, are named', () => {
  const [input] = first.dataset.inputs
  const other = { ...input!, digest: 'a'.repeat(64) }
  expect(inputDifferences([input!], [])).toEqual([
    expect.stringMatching(/^the delivery of .* of 2024-01-31 .* is not seen any more/),
  ])
  expect(inputDifferences([input!], [other])).toEqual([
    expect.stringMatching(/is aaaaaaaaaaaa now: somebody was erased/),
  ])
  expect(inputDifferences([], [input!])).toEqual([expect.stringMatching(/was not seen then$/)])
  expect(inputDifferences(first.dataset.inputs, first.dataset.inputs)).toEqual([])
})

test('a training set of other deliveries, or of the same with other bytes, is no "same"', async () => {
  const built = (change: object): Partial<Training> => ({
    buildDataset: async (pinned) => ({
      ...(await rig.training.buildDataset(pinned)),
      digest: 'd'.repeat(64),
      ...change,
    }),
  })
  const withdrawn = await reproduceWith(built({ inputs: first.dataset.inputs.slice(1) }))(`${MODEL}/1`)
  expect(withdrawn).toMatchObject({ verdict: 'data_missing', modelFile: { again: null } })
  expect(withdrawn.because[0]).toMatch(/is not seen any more/)
  const bytes = await reproduceWith(built({ rows: 399 }))(`${MODEL}/1`)
  expect(bytes).toMatchObject({ verdict: 'not_reproducible' })
  expect(bytes.because).toEqual(['the training set of the same snapshots has other bytes (400 rows, now 399)'])
})

test('a run that weir train did not write, and a name that is neither, are refused', async () => {
  const { experimentId } = await rig.tracking.experiments.ensure('by hand')
  const own = await rig.tracking.runs.create({ experimentId, userId: 'ann', startTimeMs: 1, tags: {} })
  await expect(reproduceWith()(own.runId)).rejects.toThrow(/no inputs.json that weir train wrote/)
  await expect(reproduceWith()('churn')).rejects.toThrow(
    /neither MODEL\/VERSION \(such as churn\/3\) nor the id of a run/,
  )
  await expect(reproduceWith()(`${MODEL}/9`)).rejects.toBeInstanceOf(PlatformError)
})

// The last: it takes a file away.
test('a file of the lake that is gone is data that is missing, by its name', async () => {
  const source = rig.project.sources.find(({ name }) => name === first.dataset.inputs[0]!.source)!
  const [row] = await rig.db.query<{ key: string }>('select object_key as key from lake.snapshot where source = $1', [
    source.name,
  ])
  await rm(await rig.objects.local(row!.key))
  const found = await reproduceWith()(`${MODEL}/1`)
  expect(found.verdict).toBe('data_missing')
  expect(found.because[0]).toContain(source.name)
})
