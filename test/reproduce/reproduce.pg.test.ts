import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { inputDifferences } from '../../src/reproduce/differences.ts'
import { createReproduce } from '../../src/reproduce/reproduce.ts'
import type { BuildRecord, Training } from '../../src/training/training.ts'
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

/** As if the code and the environment of this process were others. */
function recordedAs(change: (build: BuildRecord) => void): Partial<Training> {
  return {
    async record(pinned) {
      const build = structuredClone(await rig.training.record(pinned))
      change(build)
      return build
    },
  }
}

test('which files of Weir differ is said by name, the first ten of them', async () => {
  const oneLess = recordedAs(({ code }) => {
    const at = code.weir.files.findIndex(([path]) => path === 'training/fit.js')
    code.weir.files[at]![1] = 'e'.repeat(64)
    code.weir.files.push(['training/zzz.js', 'e'.repeat(64)])
  })
  const other = pinnedAs((pinned) => (pinned.code = 'e'.repeat(64)))
  const found = await reproduceWith({ ...otherBytes, ...other, ...oneLess })(`${MODEL}/1`)
  expect(found.verdict).toBe('other_code')
  expect(found.because[1]).toBe('files of Weir: training/fit.js (changed), training/zzz.js (new)')
  const none = recordedAs(({ code }) => void code.weir.files.splice(0))
  const all = await reproduceWith({ ...otherBytes, ...other, ...none })(`${MODEL}/1`)
  expect(all.because[1]).toMatch(/^files of Weir: (\S+\.\w+ \(gone\), ){10}and \d+ more$/)
})

test('the environment is compared whole: V8, native libraries, libc, processor, packages', async () => {
  const elsewhere = recordedAs(({ environment }) => {
    environment.node.v8 = '0.0'
    environment.os.libc = 'musl'
    environment.cpu.wasmSimd = false
    environment.cpu.kernels = 'javascript'
    environment.cpu.cores = 99
    environment.native['onnxruntime-web'] = '0.1'
    const packages = environment.weir.packages!
    packages['node_modules/zod']!.version = '0.0.1'
    packages['node_modules/pg']!.integrity = 'sha512-other'
    delete packages['node_modules/yaml']
  })
  const found = await reproduceWith({ ...otherBytes, ...elsewhere })(`${MODEL}/1`)
  expect(found.verdict).toBe('other_environment')
  expect(found.because.slice(0, -1)).toEqual([
    `v8: ${process.versions.v8} then, 0.0 now`,
    expect.stringMatching(/^onnxruntime-web: .* then, 0.1 now$/),
    expect.stringMatching(/^libc: .* then, musl now$/),
    'processor SIMD in WebAssembly: true then, false now',
    'processor loops of boosting: webassembly then, javascript now',
    expect.stringMatching(/^packages of Weir: pg .* with other content, yaml \S+ is gone, zod \S+ then, 0.0.1 now$/),
  ])
  expect((await reproduceWith(elsewhere)(`${MODEL}/1`)).verdict).toBe('same')
})

test('a model that the project no longer has is other code, and a run of before code was recorded is trained again all the same', async () => {
  const gone: Partial<Training> = { pin: () => Promise.reject(new PlatformError('not_found', 'there is no model x')) }
  expect(await reproduceWith(gone)(`${MODEL}/1`)).toMatchObject({
    verdict: 'other_code',
    because: ['there is no model x'],
  })
  const { tracking, training, registry } = rig
  const artifacts = {
    ...tracking.artifacts,
    read(uri: string, path: string) {
      if (path === 'inputs.json') return tracking.artifacts.read(uri, path)
      return Promise.reject(new PlatformError('not_found', path))
    },
  }
  const older = createReproduce({ training, registry, tracking: { ...tracking, artifacts } })
  expect(await older.reproduce(`${MODEL}/1`)).toMatchObject({ verdict: 'same', files: [] })
})

test('the files of the project count where an on-demand function decides; else only beside a definition that differs', async () => {
  const edited = recordedAs(({ code }) => {
    code.project.files[0]!.digest = 'e'.repeat(64)
    code.project.files[0]!.text += '// a comment\n'
  })
  const found = await reproduceWith({ ...otherBytes, ...edited })(`${MODEL}/1`)
  expect(found).toMatchObject({ verdict: 'not_reproducible' })
  expect(found.files).toEqual([
    { path: 'weir.config.ts', what: 'changed', diff: expect.stringContaining('+// a comment') },
  ])
  const defined = pinnedAs((pinned) => (pinned.definitions.label = { ...pinned.definitions.label, horizonMs: 1 }))
  const both = await reproduceWith({ ...otherBytes, ...edited, ...defined })(`${MODEL}/1`)
  expect(both.verdict).toBe('other_code')
  expect(both.because[1]).toBe('files of the project: weir.config.ts (changed)')
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
