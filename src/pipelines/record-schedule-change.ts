import type { Sql } from '../db/sql.ts'
import type { ScheduleChange } from '../flows/schedules/deps.ts'
import { recordChange } from '../identity/audit.ts'

/** What a person does to a schedule is in the trail by its own transaction. */
export function recordScheduleChange(sql: Sql, { action, schedule, ...change }: ScheduleChange): Promise<void> {
  return recordChange(sql, { action: `schedule.${action}`, on: { kind: 'schedule', name: schedule }, ...change })
}
