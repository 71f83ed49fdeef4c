import { afterAll, beforeAll, expect, test } from 'vitest'
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
