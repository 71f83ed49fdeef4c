import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Segment } from '../../src/ml/measure/segments.ts'
import { decodeModel } from '../../src/ml/model/model-file.ts'
import { JANUARY, loadStreamflow } from '../features/real-data.ts'
import { madeUpSql, openTrainingRig, type TrainingRig, train } from './rig.ts'

const MODEL = 'streamflow_churn'

let rig: TrainingRig
let trained: Awaited<ReturnType<typeof train>>

/** A forest with balanced classes, which says far more than comes true, and is calibrated. */
beforeAll(async () => {
  const project = await loadStreamflow()
  const [model] = project.models
  Object.assign(model!.learner, { trees: 30, minSamplesLeaf: 10 })
  Object.assign(model!, { calibration: 'auto', segments: ['net_service', 'monthly_fee'] })
  rig = await openTrainingRig(project)
  for (const source of project.sources) await rig.deliver(source, JANUARY, madeUpSql(source, 2_400, 'january'))
  trained = await train(rig.training, { model: MODEL, asOf: JANUARY, threads: 1 })
})
afterAll(() => rig.close())

async function artifact(path: string): Promise<string> {
  return (await rig.tracking.artifacts.read(trained.run.artifactUri, path)).toString('utf8')
}

test('a run has its curves as images beside their numbers', async () => {
  for (const name of ['roc', 'precision_recall', 'calibration', 'lift', 'feature_importance']) {
    const svg = await artifact(`${name}.svg`)
    expect(svg, name).toMatch(/^<svg [^>]*role="img">/)
    expect(svg, name).not.toMatch(/NaN|undefined|Infinity/)
    expect(JSON.parse(await artifact(`${name}.json`)), name).toBeTruthy()
  }
})

test('a run says how the model does by the values of the features that the project names, every measuring row once for each', async () => {
  const segments = JSON.parse(await artifact('segments.json')) as Segment[]
  expect([...new Set(segments.map(({ feature }) => feature))].sort()).toEqual(['monthly_fee', 'net_service'])
  const services = segments.filter(({ feature }) => feature === 'net_service')
  expect(services.map(({ value }) => value)).toEqual(['DSL', 'Fiber optic', 'No'])
  expect(services.reduce((sum, { rows }) => sum + rows, 0)).toBe(trained.fit.testRows)
  for (const { auc, aucLow, aucHigh } of services) {
    expect(aucLow!).toBeLessThan(auc!)
    expect(aucHigh!).toBeGreaterThan(auc!)
  }
})

test('a calibration that helps by cross-validation is in the model that answers, in its metrics and in what was tried', async () => {
  const { kind, losses } = JSON.parse(await artifact('calibration_tried.json')) as {
    kind: string
    losses: Record<string, number>
  }
  expect(losses[kind]).toBeLessThan(losses.none!)
  const model = decodeModel(await rig.objects.get(trained.fit.model.objectKey))
  expect(model.calibration?.kind).toBe(kind)
  // The metrics are of the calibrated answers: without, this forest says half as much again as comes true.
  expect(trained.fit.metrics.val_logloss).toBeLessThan(losses.none!)
})

describe('against the version in Production', () => {
  const compared = async (run: { artifactUri: string }) =>
    JSON.parse((await rig.tracking.artifacts.read(run.artifactUri, 'champion_comparison.json')).toString('utf8'))

  test('nothing is said where there is none', async () => {
    expect(trained.pinned.champion).toBeNull()
    await expect(compared(trained.run)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('the difference is of the same rows, with its interval, and is none for the same model', async () => {
    await rig.registry.transition({
      name: MODEL,
      version: trained.version.version,
      stage: 'Production',
      archiveExisting: false,
      actor: 'test',
    })
    const again = await train(rig.training, { model: MODEL, asOf: JANUARY, threads: 1 })
    expect(again.fit.model.digest).toBe(trained.fit.model.digest)
    const found = await compared(again.run)
    expect(found).toMatchObject({ version: trained.version.version, rows: again.fit.testRows, unseen: false })
    expect(found.differences.auc).toMatchObject({ difference: 0, interval: { low: 0, high: 0 } })
    expect(found.differences.auc.champion).toBe(trained.fit.metrics.val_auc)
    // It may have learned from these rows: what it has more there is no metric.
    expect(Object.keys(again.fit.metrics).filter((name) => name.includes('champion'))).toEqual([])
  })

  test('it is of rows that neither has seen, where both keep some from every fit', async () => {
    const [model] = rig.project.models
    const split = { ...model!.split }
    Object.assign(model!.split, { holdOut: 0.2 })
    const first = await train(rig.training, { model: MODEL, asOf: JANUARY, threads: 1 })
    expect(await compared(first.run)).toMatchObject({ rows: first.fit.holdOutRows, unseen: false })
    await rig.registry.transition({
      name: MODEL,
      version: first.version.version,
      stage: 'Production',
      archiveExisting: true,
      actor: 'test',
    })
    Object.assign(model!.learner, { seed: 7 })
    const second = await train(rig.training, { model: MODEL, asOf: JANUARY, threads: 1 })
    const found = await compared(second.run)
    expect(found).toMatchObject({ version: first.version.version, rows: second.fit.holdOutRows, unseen: true })
    expect(found.differences.auc.champion).toBeCloseTo(first.fit.metrics.holdout_auc!, 12)
    expect(found.differences.auc.candidate).toBeCloseTo(second.fit.metrics.holdout_auc!, 12)
    expect(second.fit.metrics.champion_auc).toBe(found.differences.auc.champion)
    expect(second.fit.metrics.auc_over_champion_low).toBe(found.differences.auc.interval.low)
    expect(found.differences.auc.interval.low).toBeLessThan(found.differences.auc.interval.high)
    Object.assign(model!.split, split)
  })

  test('a champion that cannot be asked is no reason to train nothing: the run says why', async () => {
    const source = `${trained.run.artifactUri}/nothing-here`
    const { version } = await rig.registry.createVersion({
      name: MODEL,
      source,
      runId: trained.run.runId,
      description: '',
      tags: {},
    })
    await rig.registry.transition({ name: MODEL, version, stage: 'Production', archiveExisting: true, actor: 'test' })
    const next = await train(rig.training, { model: MODEL, asOf: JANUARY, threads: 1 })
    expect(await compared(next.run)).toEqual({
      version,
      reason: expect.stringContaining('its model file cannot be read'),
    })
  })
})
