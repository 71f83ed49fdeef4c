import { part, queryString } from '../query-string.ts'

export const driftReports = (
  given: { of?: string | undefined; limit?: number; page_token?: string | undefined } = {},
) => `drift-reports${queryString(given)}`
export const driftReport = (id: string) => `drift-reports/${part(id)}`
export const driftReportPage = (id: string) => `drift-reports/${part(id)}/page`
