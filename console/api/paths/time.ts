import { part, queryString } from '../query-string.ts'

export type TimeOf = { kind: string; name: string }
export type AtSetting = {
  key?: string | undefined
  valid_at?: string | undefined
  known_at?: string | undefined
  mode?: string | undefined
}
export type OtherAt = { other_valid_at?: string | undefined; other_known_at?: string | undefined }
type Paged = { limit?: number; page_token?: string | undefined }

const subject = ({ kind, name }: TimeOf) => `time/${part(kind)}/${part(name)}`

export const timeRows = (of: TimeOf, query: AtSetting & Paged) => `${subject(of)}/rows${queryString(query)}`
export const timeDifferences = (of: TimeOf, query: AtSetting & OtherAt & Paged) =>
  `${subject(of)}/differences${queryString(query)}`
export const timeMoments = (of: TimeOf, query: { mode?: string | undefined }) =>
  `${subject(of)}/moments${queryString(query)}`
export const entityKeys = (entity: string, prefix: string) =>
  `entities/${part(entity)}/keys${queryString({ prefix: prefix || undefined })}`
export const entityHistory = (entity: string, query: { key: string } & Paged) =>
  `entities/${part(entity)}/history${queryString(query)}`
export const featureViews = () => 'feature-views'
export const featureView = (name: string) => `feature-views/${part(name)}`
export const featureViewMoments = (name: string) => `feature-views/${part(name)}/moments`
export const entityAnswers = (entity: string, query: { key: string } & Paged) =>
  `entities/${part(entity)}/predictions${queryString(query)}`
