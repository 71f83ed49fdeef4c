import { invalid } from '../names.ts'

export function pageSize(asked: number | undefined, size: { default: number; max: number }): number {
  const maxResults = asked ?? size.default
  if (maxResults >= 1 && maxResults <= size.max) return maxResults
  throw invalid(`Invalid value ${maxResults} for parameter 'max_results' supplied. It must be from 1 to ${size.max}.`)
}
