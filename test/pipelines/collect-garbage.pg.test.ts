import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proxyPathOf } from '../../src/mlflow/artifact-uri.ts'
import { collectGarbage } from '../../src/pipelines/collect-garbage.ts'
import { openRegistryRig } from '../registry/rig.ts'

let rig: Awaited<ReturnType<typeof openRegistryRig>>

beforeAll(async () => {
  rig = await openRegistryRig()
})
afterAll(() => rig.close())

const DAY_MS = 86_400_000
const collect = (request: Partial<Parameters<typeof collectGarbage>[1]> = {}) =>
  collectGarbage(rig, { olderThanMs: 30 * DAY_MS, ...request })

/** A run with a file, a metric and a param. */
async function loggedRun(experimentId: string): Promise<string> {
  const { runId } = await rig.tracking.runs.create({ experimentId })
  await rig.tracking.artifacts.putOfRun(runId, 'a/b.txt', Buffer.from('x'))
  await rig.tracking.logBatch(runId, {
    metrics: [{ key: 'm', value: 1, timestampMs: 1, step: 0 }],
    params: [{ key: 'p', value: '1' }],
  })
  return runId
}
const filesOf = async (experimentId: string, runId: string) =>
  (await rig.tracking.artifacts.list(`${experimentId}/${runId}/artifacts`)).length
const rowsOf = async (table: string, runId: string) =>
  (await rig.db.query(`select 1 from tracking.${table} where run_id = $1`, [runId])).length

test('a run that was deleted long ago goes for good with all it logged; others stay', async () => {
  const { experimentId } = await rig.tracking.experiments.create({ name: 'runs' })
  const [old, young, active] = [
    await loggedRun(experimentId),
    await loggedRun(experimentId),
    await loggedRun(experimentId),
  ]
  await rig.tracking.runs.remove(old)
  rig.clock.advance(31 * DAY_MS)
  await rig.tracking.runs.remove(young)

  const dry = await collect({ dryRun: true })
  expect(dry.runs.map((run) => run.runId)).toEqual([old])
  expect(await filesOf(experimentId, old)).toBe(1)

  expect((await collect()).runs.map((run) => run.runId)).toEqual([old])
  expect(await filesOf(experimentId, old)).toBe(0)
  for (const table of ['run', 'metric', 'latest_metric', 'param', 'tag']) expect(await rowsOf(table, old)).toBe(0)
  for (const run of [young, active]) {
    expect(await filesOf(experimentId, run)).toBe(1)
    expect(await rowsOf('metric', run)).toBe(1)
  }
  expect((await collect()).runs).toEqual([])
})

test('a restored run is not collected, and a run of a registered version is kept and says for what', async () => {
  const { experimentId } = await rig.tracking.experiments.create({ name: 'used' })
  const [restored, registered] = [await loggedRun(experimentId), await loggedRun(experimentId)]
  await rig.registry.createModel({ name: 'user' })
  await rig.registry.createVersion({ name: 'user', source: `runs:/${registered}/a` })
  for (const run of [restored, registered]) await rig.tracking.runs.remove(run)
  rig.clock.advance(40 * DAY_MS)
  await rig.tracking.runs.restore(restored)
  const report = await collect({ experiments: ['used'] })
  expect(report).toMatchObject({ runs: [], kept: [{ runId: registered, usedBy: 'user/1' }] })
  expect(await filesOf(experimentId, registered)).toBe(1)
})

test('a deleted experiment goes with its runs; it stays while one of them is kept; its name is free afterwards', async () => {
  const { experimentId } = await rig.tracking.experiments.create({ name: 'whole' })
  const run = await loggedRun(experimentId)
  await rig.tracking.experiments.remove(experimentId)
  await rig.tracking.experiments.remove((await rig.tracking.experiments.getByName('used')).experimentId)
  rig.clock.advance(40 * DAY_MS)
  const report = await collect()
  expect(report.experiments.map((experiment) => experiment.name)).toEqual(['whole'])
  expect(report.kept).toMatchObject([{ usedBy: 'user/1' }])
  expect(await filesOf(experimentId, run)).toBe(0)
  await rig.tracking.experiments.create({ name: 'whole' })
})

test('B10: a version of a logged model without a run keeps its files, whatever was deleted around it', async () => {
  const { experimentId } = await rig.tracking.experiments.create({ name: 'logged' })
  const run = await loggedRun(experimentId)
  const model = async (sourceRunId?: string) => {
    const made = await rig.tracking.loggedModels.create({
      experimentId,
      params: [],
      tags: [],
      ...(sourceRunId ? { sourceRunId } : {}),
    })
    await rig.tracking.artifacts.put(`${proxyPathOf(made.artifactUri)}/model.onnx`, Readable.from([Buffer.from('x')]))
    return made
  }
  const [of, alone] = [await model(run), await model()]
  await rig.registry.createModel({ name: 'logged' })
  await rig.registry.createVersion({ name: 'logged', source: `models:/${of.modelId}` })
  await rig.registry.createVersion({ name: 'logged', source: alone.artifactUri })
  await rig.registry.createModel({ name: 'whole run' })
  const other = await loggedRun(experimentId)
  const root = (await rig.tracking.runs.get(other)).artifactUri
  await rig.registry.createVersion({ name: 'whole run', source: root })
  for (const id of [run, other]) await rig.tracking.runs.remove(id)
  await rig.tracking.experiments.remove(experimentId)
  rig.clock.advance(40 * DAY_MS)
  const there = async (uri: string) => (await rig.tracking.artifacts.list(proxyPathOf(uri))).length
  const report = await collect({ experiments: ['logged'] })
  // The version of a logged model has the run that made it, so that run stays too.
  expect(report.runs).toEqual([])
  expect(report.kept.map(({ runId, usedBy }) => [runId, usedBy]).sort()).toEqual(
    [
      [run, 'logged/1'],
      [other, 'whole run/1'],
    ].sort(),
  )
  expect(report.experiments).toEqual([])
  expect(report.keptExperiments).toMatchObject([{ name: 'logged', usedBy: expect.stringMatching(/^logged\/[12]$/) }])
  expect([await there(of.artifactUri), await there(alone.artifactUri), await there(root)]).toEqual([1, 1, 1])
  // Without the versions all of it goes.
  await rig.registry.deleteModel('logged', 'a')
  await rig.registry.deleteModel('whole run', 'a')
  expect((await collect({ experiments: ['logged'] })).experiments.map((e) => e.name)).toEqual(['logged'])
  expect([await there(of.artifactUri), await there(alone.artifactUri), await there(root)]).toEqual([0, 0, 0])
})

test('an experiment that nobody knows is refused', async () => {
  await expect(collect({ experiments: ['nobody'] })).rejects.toMatchObject({ code: 'not_found' })
})
