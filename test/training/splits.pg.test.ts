import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import type { Project } from '../../src/config/project.ts'
import type { TrainingData } from '../../src/features/offline/read-training-set.ts'
import { heldOut } from '../../src/ml/learn/hold-out.ts'
import { createTraining } from '../../src/training/training.ts'
import { FEBRUARY, JANUARY, loadStreamflow } from '../features/real-data.ts'
import { madeUpSql, openTrainingRig, type TrainingRig, train } from './rig.ts'

const HELD = 0.2
const MODEL = 'streamflow_churn'

let project: Project
let rig: TrainingRig

/** The same customers in two months, whose labels persist. */
beforeAll(async () => {
  project = await loadStreamflow()
  const [model] = project.models
  Object.assign(model!.learner, { trees: 20 })
  Object.assign(model!.split, { holdOut: HELD })
  model!.threshold = { rule: 'f1' }
  rig = await openTrainingRig(project)
  for (const month of [JANUARY, FEBRUARY]) {
    for (const source of project.sources) await rig.deliver(source, month, madeUpSql(source, 600, 'same'))
  }
})
afterAll(() => rig.close())

test('with several periods a customer is on one side, and the run says by how much random rows would have flattered', async () => {
  const { fit, run } = await train(rig.training, { model: MODEL, asOf: FEBRUARY, from: JANUARY, threads: 1 })
  expect(fit.splitBy).toBe('entity')
  expect(fit.trainRows + fit.testRows + fit.holdOutRows).toBe(1_200)
  expect(fit.metrics.val_auc_random_rows).toBeGreaterThan(fit.metrics.val_auc! + 0.05)
  const logged = await rig.tracking.runs.get(run.runId)
  const params = Object.fromEntries(logged.params.map(({ key, value }) => [key, value]))
  expect(params).toMatchObject({ split_by: 'entity', hold_out: '0.2', holdout_rows: String(fit.holdOutRows) })
  expect(params).toMatchObject({
    threshold: String(fit.outcome.kind === 'binary' && fit.outcome.threshold),
    threshold_rule: '{"rule":"f1"}',
  })
  expect(logged.metrics.map(({ key }) => key)).toEqual(
    expect.arrayContaining(['holdout_auc', 'holdout_logloss', 'val_auc_low', 'val_auc_high', 'val_auc_random_rows']),
  )
})

test('no fit sees the rows of the hold-out: whatever stands in them, the model has the same bytes', async () => {
  const pinned = await rig.training.pin({ model: MODEL, asOf: FEBRUARY, from: JANUARY, threads: 1 })
  const dataset = await rig.training.buildDataset(pinned)
  const features = rig.features(project)
  const fitOf = async (change: (data: TrainingData, heldRow: (row: number) => boolean) => void) => {
    const { lake, objects, tracking, registry, clock, duck } = rig
    const changed = {
      ...features,
      async readTrainingSet(ref: Parameters<typeof features.readTrainingSet>[0]) {
        const data = await features.readTrainingSet(ref)
        const keys = Array.from(data.columns.get('user_id')!.values, String)
        const held = heldOut(keys, HELD)
        change(data, (row) => held[row] === 1)
        return data
      },
    }
    const versions = async () => ({ weir: '0.0.0-test', duckdb: duck.version })
    const deps = { project, lake, features: changed, objects, tracking, registry, clock, log: silentLog, versions }
    return (await createTraining(deps).fit(pinned, dataset)).model.digest
  }
  const flip = (data: TrainingData, rows: (row: number) => boolean) => {
    const labels = data.columns.get(dataset.label)!.values as Float64Array
    const services = data.columns.get('net_service')!.values as string[]
    for (let row = 0; row < data.rows; row++) {
      if (!rows(row)) continue
      labels[row] = 1 - labels[row]!
      services[row] = 'never seen'
    }
  }
  const as = await fitOf(() => {})
  expect(await fitOf((data, heldRow) => flip(data, heldRow))).toBe(as)
  expect(await fitOf((data, heldRow) => flip(data, (row) => !heldRow(row) && row % 7 === 0))).not.toBe(as)
})
