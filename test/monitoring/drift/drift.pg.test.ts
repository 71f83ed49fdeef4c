import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseInstant } from '../../../src/base/instant.ts'
import { measuresOf } from '../../../src/monitoring/measures.ts'
import { realMonths } from '../../helpers/real-data.ts'
import { MODEL, openServerRig } from '../../serving/rig.ts'

/** The two months of the reference project: real ones where they are there, else made. */
let rig: Awaited<ReturnType<typeof openServerRig>>
const [january, february] = ['2024-01-31', '2024-02-29'].map((date) => parseInstant(date)) as [string, string]
const golden = JSON.parse(readFileSync(new URL('../../golden/drift/goldens.json', import.meta.url), 'utf8')) as Goldens
type Goldens = {
  months: {
    columns: Record<string, { chosen: { test: string; value: number; drifted: boolean } }>
    share: { share: number }
  }
}

beforeAll(async () => {
  rig = await openServerRig({ trees: 7 })
  for (const [month, date] of [
    ['month_000', '2024-01-31'],
    ['month_001', '2024-02-29'],
  ] as const) {
    await rig.app.ingestMonth({ dir: join(rig.months, month), asOf: date })
  }
  await rig.app.features.materialize({ asOf: january })
  await rig.train()
  await rig.promote(1)
  await rig.until((answer) => answer.status === 200)
})
afterAll(() => rig?.close())

const features = (asOf: string) => ({ kind: 'features', model: MODEL, asOf }) as const

describe('drift between two months', () => {
  it('has the values of Evidently, weighed by what the live model makes of each column', async () => {
    const { report, id } = await rig.app.reports.make({ reference: features(january), current: features(february) })
    expect(report).toMatchObject({ model: MODEL, version: 1, compared: 14, thresholds: 'fixed', drift_share: 0.3 })
    const shares = report.columns.map(({ effect }) => effect!.share)
    expect(shares).toEqual([...shares].sort((a, b) => b - a))
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
    expect(report.prediction).toMatchObject({ column: 'prediction', type: 'Float64' })
    expect(report.label).toMatchObject({ column: 'churn_label', test: expect.any(String) })
    if (realMonths() !== undefined) {
      for (const column of [...report.columns, report.label!]) {
        const { chosen } = golden.months.columns[column.column]!
        expect({ test: column.test, moved: column.moved }).toEqual({ test: chosen.test, moved: chosen.drifted })
        expect(Math.abs(column.value! - chosen.value)).toBeLessThan(1e-9)
      }
      expect(report.share).toBeCloseTo(golden.months.share.share, 12)
      const moved = report.columns.find(({ drifted }) => drifted)!
      expect(moved.says).toMatch(/^moved by 0\.205 \(threshold 0\.1\), worth [\d.]+ % of the score$/)
    }
    const measures = await measuresOf(rig.app.db, { on: { kind: 'model', name: MODEL }, limit: 1_000 })
    const metrics = new Set(measures.map(({ metric }) => metric))
    expect([...metrics].sort()).toEqual([
      'drift.column',
      'drift.label',
      'drift.nulls',
      'drift.prediction',
      'drift.share',
    ])
    expect(measures.every(({ at, details }) => at === february && details.report === id)).toBe(true)
  })
})
