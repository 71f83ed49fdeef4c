import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { decisionsOf } from '../../src/monitoring/decisions.ts'
import { promoteCandidate } from '../../src/pipelines/promote-candidate.ts'
import { MODEL, openServerRig } from '../serving/rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>
beforeAll(async () => {
  rig = await openServerRig({ trees: 5 })
  await writeMonths(join(rig.app.settings.home, 'made'), 2, { customers: 2_500 })
  for (const [month, asOf] of [
    ['month_000', '2024-01-31'],
    ['month_001', '2024-02-29'],
  ] as const)
    await rig.app.ingestMonth({ dir: join(rig.app.settings.home, 'made', month), asOf })
  // As a team has it that never heard of a hold-out.
  await rig.train()
  await rig.promote(1)
})
afterAll(() => rig.close())

const versions = async () => (await rig.app.registry.versionsOf(MODEL)).map(({ version, stage }) => [version, stage])
const decisions = () => decisionsOf(rig.app.db, { model: MODEL, kind: 'compare', limit: 10 })

test('a candidate is measured beside the champion on entities that neither has learned from, and the champion that had seen them is learned again without them', async () => {
  const before = await versions()
  const report = await rig.app.trainAndCompare({ model: MODEL, asOf: '2024-01-31' })
  // The same month and the same learner: there is nothing to win.
  expect(report).toMatchObject({ decision: 'skipped', champion: 1, how: 'again', delta: 0.01 })
  expect(report.rows).toBeGreaterThan(400)
  expect(report.lines[0]).toMatch(
    /^\[COMPARE\] candidate_auc=0\.\d{4} vs prod_auc=0\.\d{4} \(delta=0\.0100\) diff=[+-]0\.\d{4} \[[+-]0\.\d{4}, [+-]0\.\d{4}\]$/,
  )
  expect(report.lines[1]).toMatch(/^\[DECISION\] skipped: better by -?0\.\d{4}, which is not more than 0\.01$/)
  expect(report.lines[2]).toMatch(
    /^\[SUMMARY\] as_of=2024-01-31 cand_v=none cand_auc=0\.\d{4} prod_v=1 prod_auc=0\.\d{4} -> skipped$/,
  )
  // A forest says nearly 1 of rows that it has learned from: this one has not.
  expect(report.main!.champion).toBeLessThan(0.9)
  expect(await versions(), 'a comparison that is not won leaves no version').toEqual(before)
  const run = await rig.app.mlflow.tracking.runs.get(report.candidate.runId!)
  expect([run.name, run.status]).toEqual(['candidate_2024-01-31', 'FINISHED'])
  expect(run.params.find(({ key }) => key === 'hold_out')?.value).toBe('0.2')
  expect(await decisions()).toMatchObject([{ verdict: 'skipped', says: report.says }])
})

test('until the cool-down is over nothing is compared again, which is said and leaves no run', async () => {
  const report = await rig.app.trainAndCompare({ model: MODEL, asOf: '2024-02-29' })
  expect(report).toMatchObject({ decision: 'skipped', candidate: { version: null, runId: null }, main: null })
  expect(report.says).toMatch(
    /^the last comparison was on .*, and the cool-down lasts until .* \(monitoring\.cooldown\); --now compares all the same$/,
  )
  expect((await decisions()).length).toBe(2)
})

test('a candidate that is better takes its place as one version, and a promotion that was killed half-way is ended by the next attempt', async () => {
  const report = await rig.app.trainAndCompare({ model: MODEL, asOf: '2024-02-29', now: true })
  expect(report.decision).toBe('promoted')
  expect(report.main!.difference).toBeGreaterThan(0.01)
  expect(await versions()).toEqual([
    [1, 'Archived'],
    [2, 'Production'],
  ])
  const [change] = await rig.app.registry.history(MODEL, 2)
  expect(JSON.stringify(change)).toContain('train_and_compare: better by')
  // As after a kill behind the registration, and behind the promotion.
  const { training, mlflow, registry } = rig.app
  const logged = { runId: report.candidate.runId! } as Parameters<typeof promoteCandidate>[1]['logged']
  const again = () =>
    promoteCandidate(
      { training, mlflow, registry },
      { pinned: { model: MODEL, champion: { version: 1 } } as never, logged, comment: 'again', actor: 'test' },
    )
  expect(await again()).toMatchObject({ state: 'promoted', version: 2 })
  await rig.promote(1)
  await registry.transition({ name: MODEL, version: 2, stage: 'None', archiveExisting: false, actor: 'test' })
  expect(await again()).toMatchObject({ state: 'promoted', version: 2 })
  expect((await versions()).length, 'no second version of one run').toBe(2)
})

test('what the gate refuses, and what was compared with a champion of before, becomes no version', async () => {
  const { training, mlflow, registry } = rig.app
  const logged = { runId: 'f'.repeat(32) } as Parameters<typeof promoteCandidate>[1]['logged']
  const candidate = { logged, comment: 'test', actor: 'test' }
  const closed = {
    ...registry,
    verdictOfRun: async () => ({
      passed: false,
      rules: [
        { metric: 'val_auc', passed: false, value: 0.5, champion: null, says: 'val_auc is 0.5, and 0.7 is the least' },
      ],
      champion: null,
      metrics: [],
    }),
  }
  const pinned = { model: MODEL, champion: { version: 2 } } as never
  expect(await promoteCandidate({ training, mlflow, registry: closed }, { ...candidate, pinned })).toEqual({
    state: 'refused',
    version: null,
    says: `the gate of ${MODEL} refuses it: val_auc is 0.5, and 0.7 is the least`,
  })
  const late = { model: MODEL, champion: { version: 1 } } as never
  expect(await promoteCandidate({ training, mlflow, registry }, { ...candidate, pinned: late })).toMatchObject({
    state: 'refused',
    says: 'version 2 came to Production since, and it was compared with 1',
  })
  expect((await versions()).length).toBe(2)
})
