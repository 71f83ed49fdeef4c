import type { ViewState } from '../../../src/wire/runs.ts'
import { flagOf, type Given, listOf, numberOf, oneOf, textOf } from '../../search.ts'

/** How somebody looks at the runs: all of it is in the address. */
export type TableSearch = {
  filter?: string
  /** In their order; `160~metrics.loss` has a width. */
  columns?: string[]
  /** `-metrics.loss` for the greatest first. */
  sort?: string[]
  stage?: 'deleted' | 'all'
  group?: string
  nested?: boolean
  /** Only columns that are not the same in all runs. */
  differences?: boolean
  /** Runs as columns. */
  transposed?: boolean
  /** The saved view that this is, or began as. */
  view?: number
  /** Chosen to be compared. */
  runs?: string[]
}

export type TableColumn = { column: string; width: number }

const WIDTH = 140
const WIDTHS: Record<string, number> = {
  'attributes.start_time': 130,
  'attributes.duration': 96,
  'attributes.status': 110,
}

export function readTableSearch(given: Given): TableSearch {
  return cleared({
    filter: textOf(given, 'filter'),
    columns: listOf(given, 'columns'),
    sort: listOf(given, 'sort'),
    stage: oneOf(given, 'stage', ['deleted', 'all'] as const),
    group: textOf(given, 'group'),
    nested: flagOf(given, 'nested'),
    differences: flagOf(given, 'differences'),
    transposed: flagOf(given, 'transposed'),
    view: numberOf(given, 'view'),
    runs: listOf(given, 'runs')?.filter((id) => /^[0-9a-f]{32}$/.test(id)),
  })
}

/** Without members that say nothing, so that an address is as short as it can be. */
export function cleared(search: { [Name in keyof TableSearch]: TableSearch[Name] | undefined }): TableSearch {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)),
  )
}

export function readColumns(columns: readonly string[]): TableColumn[] {
  const seen = new Set<string>()
  return columns.flatMap((text) => {
    const [, digits, name = text] = /^(\d{2,4})~(.+)$/s.exec(text) ?? []
    if (seen.has(name) || !/^(attributes|metrics|min|max|params|tags)\../s.test(name)) return []
    seen.add(name)
    return [{ column: name, width: digits === undefined ? usualWidth(name) : boundedWidth(Number(digits)) }]
  })
}

export function writeColumns(columns: readonly TableColumn[]): string[] {
  return columns.map(({ column, width }) => (width === usualWidth(column) ? column : `${Math.round(width)}~${column}`))
}

export function boundedWidth(width: number): number {
  return Math.round(Math.min(1_200, Math.max(48, width)))
}

function usualWidth(column: string): number {
  return WIDTHS[column] ?? WIDTH
}

/** What is shown before anybody chose: how long ago and how long, and what most of the newest runs have. */
export function usualColumns(recent: readonly { column: string; runs: number }[]): string[] {
  const of = (kind: string, most: number) =>
    recent
      .map(({ column }) => column)
      .filter((column) => column.startsWith(`${kind}.`))
      .slice(0, most)
  return ['attributes.start_time', 'attributes.duration', ...of('metrics', 6), ...of('params', 4)]
}

export function readSort(sort: readonly string[]): { column: string; descending: boolean }[] {
  return sort.map((text) =>
    text.startsWith('-') ? { column: text.slice(1), descending: true } : { column: text, descending: false },
  )
}

/** A press on a header: down, then up, then as it was. A metric begins with the greatest. */
export function nextSort(sort: readonly string[], column: string): string[] {
  if (sort[0] === `-${column}`) return [column]
  return sort[0] === column ? [] : [`-${column}`]
}

/** Those that can be sorted by. */
export function isSortable(column: string): boolean {
  return !['attributes.parent', 'attributes.children', 'attributes.lifecycle_stage'].includes(column)
}

/** To the left or right; the same where it is at the end already. */
export function moved<Value>(list: readonly Value[], from: number, to: number): Value[] {
  if (to < 0 || to >= list.length) return [...list]
  const copy = [...list]
  copy.splice(to, 0, ...copy.splice(from, 1))
  return copy
}

/** What is saved under a name. The chosen runs are not: they are those of one moment. */
export function viewStateOf(search: TableSearch, columns: readonly TableColumn[]): ViewState {
  const { filter, sort = [], stage, group, nested, differences, transposed } = search
  const state: ViewState = { columns: columns.map(({ column, width }) => ({ column, width: Math.round(width) })) }
  if (filter !== undefined) state.filter = filter
  if (sort.length > 0) state.order_by = readSort(sort)
  if (stage !== undefined) state.stage = stage
  if (group !== undefined) state.group_by = group
  if (nested) state.nested = true
  if (differences) state.differences = true
  if (transposed) state.transposed = true
  return state
}

export function searchOfView(view: number, state: ViewState): TableSearch {
  const columns = state.columns?.map(({ column, width }) => ({ column, width: width ?? usualWidth(column) }))
  return cleared({
    view,
    filter: state.filter,
    columns: columns && writeColumns(columns),
    sort: state.order_by?.map(({ column, descending }) => (descending ? `-${column}` : column)),
    stage: state.stage === 'active' ? undefined : state.stage,
    group: state.group_by,
    nested: state.nested,
    differences: state.differences,
    transposed: state.transposed,
  })
}

/** Best over the steps: for a loss or an error that is the least, for all else the greatest. */
export function bestOf(metric: string): 'min' | 'max' {
  return /(^|[^a-z])(loss|error|err|rmse|mse|mae|mape|logloss|log_loss|brier|perplexity|seconds|latency|ms|wer|cer|regret)([^a-z]|$)/i.test(
    metric,
  )
    ? 'min'
    : 'max'
}
