import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTracking } from '../../src/tracking/tracking.ts'
import { type Json, type MlflowRig, openMlflowRig } from './rig.ts'

/** What a search gives is what the run is, after whatever changed it, also when another server did. */
let rig: MlflowRig
let runId: string
let modelId: string
beforeAll(async () => {
  rig = await openMlflowRig()
  runId = await rig.newRun('0', { run_name: 'watched' })
  modelId = (await rig.postOk('logged-models', { experiment_id: '0', source_run_id: runId })).model.info.model_id
})
afterAll(() => rig.close())

async function searched(): Promise<Json> {
  const { runs = [] } = await rig.postOk('runs/search', {
    experiment_ids: ['0'],
    run_view_type: 'ALL',
    filter: `run_id = '${runId}'`,
  })
  return runs[0]
}

const dataset = { name: 'd', digest: '1', source_type: 's', source: '{}' }
const CHANGES: [string, Json][] = [
  ['runs/log-metric', { key: 'm', value: 1, timestamp: 1, step: 1 }],
  ['runs/log-metric', { key: 'm', value: 2, timestamp: 1, step: 2 }],
  ['runs/log-parameter', { key: 'p', value: '1' }],
  ['runs/set-tag', { key: 't', value: '1' }],
  ['runs/set-tag', { key: 't', value: '2' }],
  ['runs/delete-tag', { key: 't' }],
  [
    'runs/log-batch',
    {
      metrics: [{ key: 'n', value: 1, timestamp: 1 }],
      params: [{ key: 'q', value: '1' }],
      tags: [{ key: 'u', value: '1' }],
    },
  ],
  ['runs/log-batch', { metrics: [{ key: 'n', value: 7, timestamp: 2 }] }],
  ['runs/update', { status: 'FINISHED', end_time: 9, run_name: 'renamed' }],
  ['runs/log-inputs', { datasets: [{ dataset, tags: [{ key: 'mlflow.data.context', value: 'a' }] }] }],
  ['runs/log-model', { model_json: '{"artifact_path":"model"}' }],
  ['runs/delete', {}],
  ['runs/restore', {}],
  ['experiments/delete', { experiment_id: '0' }],
  ['experiments/restore', { experiment_id: '0' }],
]

it.each(CHANGES)('%s %j is seen by the next search', async (path, fields) => {
  const before = await searched()
  await rig.postOk(path, { run_id: runId, ...fields })
  const after = await searched()
  expect(after).toEqual((await rig.getOk('runs/get', { run_id: runId })).run)
  expect(after).not.toEqual(before)
})

it('a model that it made is seen by the next search', async () => {
  await searched()
  await rig.postOk('runs/outputs', { run_id: runId, models: [{ model_id: modelId, step: 3 }] })
  expect((await searched()).outputs.model_outputs).toEqual([{ model_id: modelId, step: 3 }])
})

it('what another server wrote is seen by the next search', async () => {
  await searched()
  const other = createTracking({ sql: rig.db, objects: rig.objects, clock: rig.clock })
  await other.logBatch(runId, { tags: [{ key: 'by', value: 'another' }] })
  expect((await searched()).data.tags).toContainEqual({ key: 'by', value: 'another' })
})

it('a run that was removed for good and made again under its id is the new one', async () => {
  const { runs, garbage } = rig.tracking
  const again = 'ab'.repeat(16)
  const make = (name: string) => runs.create({ experimentId: '0', runId: again, runName: name, startTimeMs: 1 })
  const found = async () =>
    (await rig.postOk('runs/search', { experiment_ids: ['0'], filter: `run_id = '${again}'` })).runs[0].info.run_name
  await make('first')
  expect(await found()).toBe('first')
  await rig.postOk('runs/delete', { run_id: again })
  const gone = (await garbage.find(rig.clock.nowMs())).runs.find((run) => run.runId === again)
  expect(await garbage.removeRun(gone!)).toBe(true)
  await make('second')
  expect(await found()).toBe('second')
})

it('a run that is made once more under its id stays as it is', async () => {
  const request = { experimentId: '0', runId: 'cd'.repeat(16), runName: 'first', tags: { step: 'one' } }
  const made = await rig.tracking.runs.create(request)
  await rig.postOk('runs/update', { run_id: made.runId, run_name: 'renamed' })
  const renamed = await rig.tracking.runs.get(made.runId)
  expect(await rig.tracking.runs.create({ ...request, tags: { step: 'two', more: '1' } })).toEqual(renamed)
})

it('a search is never behind what was answered before it began, with many writers', async () => {
  const ids = await Promise.all(
    Array.from({ length: 4 }, () => rig.newRun('0', { tags: [{ key: 'many', value: '1' }] })),
  )
  const logged = new Map(ids.map((id) => [id, 0]))
  const writers = ids.flatMap((id) =>
    [0, 1].map(async (writer) => {
      for (let step = 1; step <= 40; step++) {
        await rig.postOk('runs/log-metric', { run_id: id, key: `m${writer}`, value: step, timestamp: 1, step })
        logged.set(id, logged.get(id)! + 1)
      }
    }),
  )
  let writing = true
  const all = Promise.all(writers).finally(() => {
    writing = false
  })
  let searches = 0
  while (writing) {
    const least = new Map(logged)
    const { runs } = await rig.postOk('runs/search', { experiment_ids: ['0'], filter: "tags.many = '1'" })
    for (const run of runs) {
      const seen = (run.data.metrics ?? []).reduce((sum: number, metric: Json) => sum + metric.step, 0)
      expect(seen).toBeGreaterThanOrEqual(least.get(run.info.run_id)!)
    }
    searches++
  }
  await all
  expect(searches).toBeGreaterThan(3)
  const { runs } = await rig.postOk('runs/search', { experiment_ids: ['0'], filter: "tags.many = '1'" })
  expect(runs.map((run: Json) => run.data.metrics.map((metric: Json) => metric.value))).toEqual(ids.map(() => [40, 40]))
})
