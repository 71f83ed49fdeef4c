import type { ScheduleAnswer } from '../../../../src/wire/schedules.ts'
import { useWords } from '../../../words/words.tsx'

/** When a schedule begins, in words. */
export function useWhen(): (schedule: ScheduleAnswer) => string {
  const w = useWords().schedules
  return ({ cron, zone, every_ms: everyMs, on }) =>
    [
      cron === null ? null : `${cron} ${zone}`,
      everyMs === null ? null : w.every(everyMs / 60_000),
      on.delivered && w.delivered(on.delivered.join(', ')),
      on.withdrawn && w.withdrawn(on.withdrawn.join(', ')),
      on.labels && w.labels(on.labels),
      on.drift && w.drift(on.drift),
    ]
      .filter((one) => one !== null)
      .join('; ')
}
