import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FoldScore } from '../../src/ml/learn/auto/known-folds.ts'
import { AUTO_DEFAULTS } from '../../src/ml/learn/auto/params.ts'
import type { Trial } from '../../src/ml/learn/auto/search.ts'
import { JANUARY, loadStreamflow } from '../features/real-data.ts'
import { madeUpSql, openTrainingRig, type TrainingRig, train } from './rig.ts'

describe("a training with learner 'auto'", () => {
  let rig: TrainingRig
  let trained: Awaited<ReturnType<typeof train>>

  beforeAll(async () => {
    const project = await loadStreamflow()
    project.models[0]!.learner = {
      kind: 'auto',
      ...AUTO_DEFAULTS,
      budget: 1_500,
      learners: ['spline_regression', 'logistic_regression', 'gradient_boosting'],
      maxModelBytes: 500_000,
    }
    rig = await openTrainingRig(project)
    for (const source of project.sources) await rig.deliver(source, JANUARY, madeUpSql(source, 700, 'january'))
    trained = await train(rig.training, { model: 'streamflow_churn', asOf: JANUARY, threads: 1 })
  })
  afterAll(() => rig.close())

  it('has a child run for each trial, with its parent, params and metrics', async () => {
    const { fit, run } = trained
    const { rows: runs } = await rig.tracking.runs.search({
      experimentIds: [run.experimentId],
      filter: `tags."mlflow.parentRunId" = '${run.runId}'`,
      maxResults: 100,
    })
    expect(fit.search!.trials.length).toBeGreaterThan(3)
    expect(runs.length).toBe(fit.search!.trials.length)
    const won = runs.find((child) => child.tags.some((t) => t.key === 'weir.trial_status' && t.value === 'won'))!
    expect(won.params.find(({ key }) => key === 'model_type')?.value).toBe(fit.learner.kind)
    const metrics = new Map(won.metrics.map(({ key, value }) => [key, value]))
    expect(metrics.get('cv_logloss')).toBe(fit.search!.trials.find(({ status }) => status === 'won')!.loss)
    expect([...metrics.keys()].sort()).toEqual([
      'cv_folds',
      'cv_logloss',
      'cv_row_share',
      'model_bytes',
      'predict_micros',
      'work_units',
    ])
  })

  it('says in its own params what it took, and has a leaderboard with the cost of predictions', async () => {
    const { fit, run } = trained
    const own = await rig.tracking.runs.get(run.runId)
    const params = Object.fromEntries(own.params.map(({ key, value }) => [key, value]))
    expect(params).toMatchObject({
      learner: 'auto',
      model_type: fit.learner.kind,
      search_budget: '1500',
      search_trials: String(fit.search!.trials.length),
      max_model_bytes: '500000',
    })
    const read = async (path: string) => (await rig.tracking.artifacts.read(run.artifactUri, path)).toString()
    const board = JSON.parse(await read('leaderboard.json')) as Trial[]
    expect(board[0]!.status).toBe('won')
    expect(board[0]!.predictMicros).toBeGreaterThan(0)
    const table = (await read('leaderboard.md')).split('\n')
    expect(table[0]).toContain('µs a prediction')
    expect(table[2]).toContain(`| 1 | ${fit.learner.kind} | won |`)
  })

  it('logs the same runs again when the step is repeated', async () => {
    const { pinned, dataset, fit } = trained
    expect(await rig.training.logRun(pinned, dataset, fit)).toEqual(trained.run)
  })

  it('goes on, after its process was killed, from the folds that it had noted', async () => {
    const { pinned, dataset, fit } = trained
    const key = `models/searches/${pinned.runId}.json`
    const notes = JSON.parse((await rig.objects.get(key)).toString()) as Record<string, FoldScore>
    expect(Object.keys(notes).length).toBeGreaterThan(5)
    const half = Object.fromEntries(Object.entries(notes).slice(0, 4))
    await rig.objects.put(key, Buffer.from(JSON.stringify(half)))
    const resumed = await rig.training.fit(pinned, dataset)
    expect(resumed.model.digest).toBe(fit.model.digest)
    expect(resumed.search).toEqual(fit.search)
    // That the notes are believed shows where they are changed: what had won is now the worst.
    const won = fit.search!.trials.find(({ status }) => status === 'won')!
    const changed = Object.entries(notes).map(([name, score]) => {
      return [name, name.startsWith(`${won.number} `) ? { ...score, loss: 1e6 } : score]
    })
    await rig.objects.put(key, Buffer.from(JSON.stringify(Object.fromEntries(changed))))
    expect((await rig.training.fit(pinned, dataset)).learner).not.toEqual(fit.learner)
  })
})
