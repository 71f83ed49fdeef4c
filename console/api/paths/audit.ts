import { queryString } from '../query-string.ts'

type Filter = Record<string, string | null | undefined>

export const audit = (filter: Filter) => `audit${queryString({ ...filter, limit: '100' })}`
export const auditLive = (at: string, model?: string) => `audit/live${queryString({ at, model })}`
export const auditVerify = (head?: string) => `audit/verify${queryString({ head })}`
