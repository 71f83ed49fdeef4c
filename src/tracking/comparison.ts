import { momentOfMs } from '../base/instant.ts'
import { longSearch } from '../db/long-work.ts'
import type { Sql } from '../db/sql.ts'
import type { ComparedRow, ComparisonAnswer } from '../wire/comparison.ts'
import { jsonNumberOf } from '../wire/json-number.ts'
import { limitOf } from '../wire/limits.ts'
import { type ComparedCell, type Kind, selectCompared, selectComparedRuns } from './queries/comparison.ts'

/** What differs between runs, worked out by the database: of 12,000 metrics only those that differ are sent. */
export function createComparison({ sql }: { sql: Sql }) {
  async function compare(asked: readonly string[], { all }: { all: boolean }): Promise<ComparisonAnswer> {
    const runs = await selectComparedRuns(sql, asked)
    const runIds = runs.map(({ id }) => id)
    const places = new Map(runIds.map((id, i) => [id, i]))
    const limit = limitOf('listItems')
    const read = (kind: Kind) => longSearch(sql, (tx) => selectCompared(tx, { kind, runIds, all, limit }))
    const [params, metrics, tags] = [await read('params'), await read('metrics'), await read('tags')]
    return {
      runs: runs.map(({ startMs, endMs, ...run }) => {
        return { ...run, started_at: momentOfMs(startMs), ended_at: endMs === null ? null : momentOfMs(endMs) }
      }),
      params: rowsOf(params.cells, places),
      metrics: rowsOf(metrics.cells, places),
      tags: rowsOf(tags.cells, places),
      same: { params: params.same, metrics: metrics.same, tags: tags.same },
    }
  }
  return { compare }
}

function rowsOf(cells: readonly ComparedCell[], places: ReadonlyMap<string, number>): ComparedRow[] {
  const rows = new Map<string, ComparedRow>()
  for (const { key, same, runId, value } of cells) {
    const row = rows.get(key) ?? { key, same, values: Array.from({ length: places.size }, () => null) }
    rows.set(key, row)
    row.values[places.get(runId)!] = typeof value === 'number' ? jsonNumberOf(value) : value
  }
  return [...rows.values()]
}
