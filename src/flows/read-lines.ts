import type { Sql } from '../db/sql.ts'
import { noSuchRun } from './control.ts'
import { selectRun } from './queries/history.ts'
import { type LineRow, selectLastLines, selectLines } from './queries/lines.ts'

export type LinesPage = {
  lines: LineRow[]
  /** To be asked with next: the number of the last of these. */
  after: number
  /** How many between `after` and the last of these are not kept. */
  leftOut: number
  /** Whether more are there already. */
  more: boolean
  /** Whether the run is over, so that no more will come. */
  over: boolean
}

export async function linesOf(
  sql: Sql,
  runId: string,
  { after = 0, last, limit }: { after?: number; last?: number; limit: number },
): Promise<LinesPage> {
  // Asked before the lines: of a run that is over by now, these are all.
  const run = await selectRun(sql, runId)
  if (!run) throw noSuchRun(runId)
  const lines =
    last === undefined
      ? await selectLines(sql, runId, { after, limit: limit + 1 })
      : await selectLastLines(sql, runId, last)
  const more = last === undefined && lines.length > limit
  if (more) lines.pop()
  const end = lines.at(-1)?.number ?? after
  const leftOut = last === undefined ? end - after - lines.length : 0
  return { lines, after: end, leftOut, more, over: run.finishedAt !== null }
}
