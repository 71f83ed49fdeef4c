import type { Database } from '../db/sql.ts'
import { dropPartition, listPartitions, type Month, monthOfMs, monthText, sizeOf } from './partitions.ts'
import type { Shapes } from './shapes.ts'

/** Months that are kept of a model that the project does not name any more, as by default. */
export const KEEP_MONTHS = 13

/** A month of a model's answers that went, or would go. */
export type DroppedMonth = { model: string; month: string; rows: number; bytes: number }
export type RetentionReport = {
  months: DroppedMonth[]
  /** Left to the next time, because somebody read them for too long. */
  busy: { model: string; month: string }[]
}

type Deps = { sql: Database; shapes: Shapes; keepMonthsOf(model: string): number | null }

/**
 * Drops the partitions of the months that are not kept: those before the present month and the `keepMonths` before it. Whole
 * partitions, so nothing is looked for and no deleted row stays behind.
 */
export async function dropOldMonths(
  { sql, shapes, keepMonthsOf }: Deps,
  { nowMs, dryRun }: { nowMs: number; dryRun: boolean },
): Promise<RetentionReport> {
  const report: RetentionReport = { months: [], busy: [] }
  const present = monthOfMs(nowMs)
  const names = await shapes.names()
  for (const { name, model: id, month } of await listPartitions(sql)) {
    const model = names.get(id) ?? String(id)
    if (!isOld(month, present, keepMonthsOf(model))) continue
    const size = dryRun ? await sizeOf(sql, name) : await dropPartition(sql, name)
    if (size === null) report.busy.push({ model, month: monthText(month) })
    else report.months.push({ model, month: monthText(month), ...size })
  }
  await sql.query(`delete from predictions.writer where at < now() - interval '1 day'`)
  return report
}

function isOld(month: Month, present: Month, keepMonths: number | null): boolean {
  return keepMonths !== null && month < present - keepMonths
}
