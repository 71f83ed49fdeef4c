import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { FEBRUARY, JANUARY, loadStreamflow } from '../features/real-data.ts'
import { openTrainingRig, type TrainingRig, train } from '../training/rig.ts'

describe('generated months, through the reference project', () => {
  let rig: TrainingRig
  let dir: string

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-months-'))
    await writeMonths(dir, 2)
    rig = await openTrainingRig(await loadStreamflow())
  })
  afterAll(async () => {
    await rig.close()
    await rm(dir, { recursive: true, force: true })
  })

  it('pass every check of every source; what is worth telling is only that users and subscriptions stay', async () => {
    for (const [folder, asOf] of MONTHS) {
      const report = await rig.ingest.ingestMonth({ dir: join(dir, folder), asOf })
      expect(report.state).toBe('accepted')
      expect(report.sources.map(({ source, rows }) => [source, rows])).toEqual(
        rig.project.sources.map(({ name }) => [name, 7043]),
      )
      expect(report.sources.flatMap(({ findings }) => findings.map((f) => `${f.source} ${f.rule}`))).toEqual(
        asOf === JANUARY ? [] : ['users same_as_before', 'subscriptions same_as_before'],
      )
    }
  })

  it.each(MONTHS)('teach the baseline of the project as much as real ones do (%s)', async (_, asOf) => {
    const { fit } = await train(rig.training, { model: 'streamflow_churn', asOf })
    expect(fit).toMatchObject({ rows: 7043, trainRows: 5282, testRows: 1761 })
    expect(fit.metrics.val_auc).toBeGreaterThan(0.8)
    expect(fit.metrics.val_auc).toBeLessThan(0.84)
  })
})

const MONTHS = [
  ['month_000', JANUARY],
  ['month_001', FEBRUARY],
] as const
