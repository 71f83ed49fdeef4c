import { part, queryString } from '../query-string.ts'

const snapshotPath = (id: string) => `snapshots/${id.split('/').map(part).join('/')}`

export const sources = () => 'sources'
export const source = (name: string) => `sources/${part(name)}`
export const sourceColumns = (
  name: string,
  given: { column?: readonly string[]; limit?: number; page_token?: string | undefined },
) => `sources/${part(name)}/columns${queryString(given)}`
export const snapshots = (given: { source?: string | undefined; limit?: number; page_token?: string | undefined }) =>
  `snapshots${queryString(given)}`
export const snapshot = (id: string) => snapshotPath(id)
export const snapshotRows = (
  id: string,
  given: { limit: number; page_token?: string | undefined; key?: readonly string[] | undefined },
) => `${snapshotPath(id)}/rows${queryString(given)}`
export const snapshotImpact = (id: string) => `${snapshotPath(id)}/impact`
export const snapshotWithdraw = (id: string) => `${snapshotPath(id)}/withdraw`
export const snapshotDifference = (given: {
  from: string
  to: string
  kind?: string | undefined
  column?: string | undefined
  limit: number
  page_token?: string | undefined
}) => `snapshots/difference${queryString(given)}`
export const deliveries = (given: {
  source?: string | undefined
  state?: string | undefined
  limit?: number
  page_token?: string | undefined
}) => `deliveries${queryString(given)}`
export const delivery = (id: string) => `deliveries/${part(id)}`
export const deliver = (given: { as_of: string; source: readonly string[]; dry_run?: 'true'; watch?: string }) =>
  `deliveries${queryString(given)}`
export const lineage = (of: string) => `lineage${queryString({ of })}`
