import { part, queryString } from '../query-string.ts'

export const flows = (query: {
  flow?: string | undefined
  state?: string | undefined
  page_token?: string | undefined
  limit?: number
}) => `flows${queryString(query)}`
export const flowsByDay = (days: number) => `flows/by-day${queryString({ days })}`
export const flowRun = (id: string) => `flows/${part(id)}`
export const flowLogs = (id: string, query: { after?: number; last?: number }) =>
  `flows/${part(id)}/logs${queryString(query)}`
export const cancelFlow = (id: string) => `flows/${part(id)}/cancel`
export const retryFlow = (id: string) => `flows/${part(id)}/retry`
export const resumeFlow = (id: string) => `flows/${part(id)}/resume`
