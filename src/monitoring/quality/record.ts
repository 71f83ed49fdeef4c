import type { Sql } from '../../db/sql.ts'
import { type Measure, measuresOf, type RecordedMeasure, recordMeasures } from '../measures.ts'
import type { Figures } from './figures.ts'
import type { GroupQuality, MonthQuality } from './parts.ts'

/** Whether truth and estimate part: 1, or 0. */
export const PARTING = 'quality.concept_drift'
/** So many figures of one moment are looked at: of each measure of each version and arm the newest. */
const NEWEST = 2_000

/**
 * Records what is known now where it is not what was recorded last: a step that runs again records nothing twice, and a figure that labels
 * changed stands beside the one before. Gives the number of new figures.
 */
export async function recordGroups(
  sql: Sql,
  month: Omit<MonthQuality, 'recorded'>,
  minLabels: number,
): Promise<number> {
  const wanted = month.groups.flatMap((group) => measuresOfGroup(month, group, minLabels))
  if (wanted.length === 0) return 0
  return sql.tx(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`quality of ${month.model}`])
    const on = { kind: 'model', name: month.model } as const
    const known = await measuresOf(tx, { on, from: month.at, to: month.at, limit: NEWEST })
    const newest = new Map<string, RecordedMeasure>()
    for (const one of known) if (!newest.has(placeOf(one))) newest.set(placeOf(one), one)
    const fresh = wanted.filter((one) => !isSame(one, newest.get(placeOf(one))))
    await recordMeasures(tx, fresh)
    return fresh.length
  })
}

function measuresOfGroup(month: Omit<MonthQuality, 'recorded'>, group: GroupQuality, minLabels: number): Measure[] {
  const { truth, estimate, parting, source, entities, labelled, version, arm } = group
  const said = {
    source,
    entities,
    labelled,
    knownAt: month.knownAt,
    labelsRecordedAt: month.labels?.recordedAt ?? null,
  }
  const base = { on: { kind: 'model' as const, name: month.model }, version, arm, part: null }
  const window = { from: null, at: month.at }
  const of = (prefix: string, { measures, confusion, unsaid }: Figures, more: Record<string, unknown>): Measure[] =>
    Object.entries(measures).map(([name, figure]) => ({
      ...base,
      ...window,
      metric: `${prefix}.${name}`,
      ...figure,
      details: { ...said, ...more, confusion, ...whyNot(unsaid, name) },
    }))
  const decided =
    parting && labelled >= minLabels
      ? [
          {
            ...base,
            ...window,
            metric: PARTING,
            value: parting.conceptDrift ? 1 : 0,
            low: null,
            high: null,
            details: { ...said, says: parting.says, measures: parting.measures },
          },
        ]
      : []
  return [
    ...(truth ? of('quality', truth, {}) : []),
    ...(estimate
      ? of('estimate', estimate, { calibration: estimate.calibration, referenceRows: estimate.referenceRows })
      : []),
    ...decided,
  ]
}

function whyNot(unsaid: Figures['unsaid'], name: string): Record<string, unknown> {
  const found = unsaid.find(({ measure }) => measure === name)
  return found ? { why: found.why } : {}
}

function placeOf({ metric, version, arm }: Measure): string {
  return JSON.stringify([metric, version, arm])
}

/** By the figures and of how many; when they were looked at is no difference. */
function isSame(one: Measure, before: RecordedMeasure | undefined): boolean {
  if (!before) return false
  const rows = ({ details }: Measure) => [details.source, details.entities, details.labelled]
  return (
    one.value === before.value &&
    one.low === before.low &&
    one.high === before.high &&
    JSON.stringify(rows(one)) === JSON.stringify(rows(before))
  )
}
