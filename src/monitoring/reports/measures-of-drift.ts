import type { ColumnDrift, DriftReport } from '../../wire/drift.ts'
import type { Measure } from '../measures.ts'

/** What a timeline, an alert or a threshold reads of a report. */
export function measuresOfDrift(report: DriftReport, id: string): Measure[] {
  const { model, current, reference } = report
  const log = current.kind === 'predictions'
  const base = {
    on: model === null ? { kind: 'source' as const, name: current.name } : { kind: 'model' as const, name: model },
    version: report.version,
    arm: null,
    from: current.from,
    at: current.at,
    low: null,
    high: null,
  }
  const of = (metric: string, part: string | null, value: number | null, details: Record<string, unknown>): Measure => {
    return {
      ...base,
      metric,
      part,
      value,
      details: { report: id, reference: reference.says, current: current.says, ...details },
    }
  }
  const told = ({ test, threshold, drifted, effect, says }: ColumnDrift) => ({ test, threshold, drifted, effect, says })
  return [
    of('drift.share', null, report.share, {
      ...{ drifted: report.drifted, threshold: report.drift_share, columns: report.compared, log },
    }),
    ...report.columns.flatMap((column) => [
      of('drift.column', column.column, column.value, told(column)),
      of('drift.nulls', column.column, column.nulls.current - column.nulls.reference, { ...column.nulls }),
    ]),
    ...(report.prediction ? [of('drift.prediction', null, report.prediction.value, told(report.prediction))] : []),
    ...(report.label ? [of('drift.label', null, report.label.value, told(report.label))] : []),
  ]
}
