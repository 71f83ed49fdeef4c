import { part, queryString } from '../query-string.ts'

type Listed = {
  contains?: string | undefined
  stage?: string | undefined
  page_token?: string | undefined
  limit?: number
}
type Names = {
  kind?: string
  prefix?: string
  contains?: string
  recent?: boolean
  limit?: number
  page_token?: string | undefined
}

export const experiments = (query: Listed) => `experiments${queryString(query)}`
export const experiment = (id: string) => `experiments/${part(id)}`
export const experimentColumns = (id: string, query: Names) => `experiments/${part(id)}/columns${queryString(query)}`
export const experimentValues = (id: string, query: { column: string; prefix?: string }) =>
  `experiments/${part(id)}/values${queryString(query)}`
export const experimentViews = (id: string) => `experiments/${part(id)}/views`
export const experimentView = (id: string, view: number) => `experiments/${part(id)}/views/${view}`
export const runsSearch = () => 'runs/search'
export const runsGroups = () => 'runs/groups'
export const runsDifferences = () => 'runs/differences'
export const runsDelete = () => 'runs/delete'
export const runsRestore = () => 'runs/restore'
