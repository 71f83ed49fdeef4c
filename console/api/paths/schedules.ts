import { part, queryString } from '../query-string.ts'

export const schedules = () => 'schedules'
export const schedule = (name: string) => `schedules/${part(name)}`
export const scheduleTicks = (name: string, query: { limit?: number; page_token?: string | undefined }) =>
  `schedules/${part(name)}/ticks${queryString(query)}`
export const scheduleBackfills = (name: string) => `schedules/${part(name)}/backfills`
export const changeSchedule = (name: string, what: 'pause' | 'resume' | 'run') => `schedules/${part(name)}/${what}`
