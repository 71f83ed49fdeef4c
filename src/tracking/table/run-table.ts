/**
 * The runs of experiments as a table: by columns, and only those that are asked for. Owns `tracking.saved_view`.
 *
 * - A column that is not asked for is not read.
 * - Under a run come all of its children, whether or not the filter finds them.
 */
import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { longSearch } from '../../db/long-work.ts'
import type { Sql } from '../../db/sql.ts'
import { recordChange } from '../../identity/audit.ts'
import { pageOf, pageStart } from '../../mlflow/search/page.ts'
import type {
  Choice,
  ColumnsAnswer,
  DifferencesAnswer,
  ExperimentJson,
  GroupsAnswer,
  Look,
  RunsAnswer,
  ValuesAnswer,
} from '../../wire/runs.ts'
import { findRuns } from '../queries/find-runs.ts'
import { readCells } from './cells.ts'
import { chosenRuns, countRuns } from './chosen-runs.ts'
import { invalid, readColumn } from './column.ts'
import { selectExperimentList } from './experiment-list.ts'
import { readGroups, readSame } from './groups.ts'
import { type NamesRequest, readNames, readRecentNames, readValues } from './names.ts'
import { changeStages, selectStages } from './stages.ts'
import { createViews } from './views.ts'

const LIMIT = 100

type Deps = { sql: Sql; clock: Clock; onChange: (change: { runId: string }) => void }

export type RunTable = ReturnType<typeof createRunTable>

export function createRunTable({ sql, clock, onChange }: Deps) {
  async function search(request: Look): Promise<RunsAnswer> {
    const { pageToken: token, skip, limit = LIMIT, textChars } = request
    if (token !== undefined && skip !== undefined) throw invalid('skip: send it or page_token, not both')
    const columns = request.columns.map(readColumn)
    const chosen = chosenRuns(request, 4)
    const start = token === undefined ? { offset: skip ?? 0 } : pageStart(token)
    const [rows, total] = await Promise.all([
      longSearch(sql, (tx) => findRuns(tx, { ...chosen, ...start, limit: limit + 1 })),
      // Behind the first page nobody asks again how many there are.
      token === undefined ? longSearch(sql, (tx) => countRuns(tx, chosenRuns({ ...request, orderBy: [] }, 3))) : null,
    ])
    const page = pageOf(rows, limit, start.offset)
    const ids = page.rows.map((run) => run.runId)
    const cells = await readCells(sql, ids, columns, textChars)
    return {
      run_ids: ids,
      columns: columns.map(({ name }, at) => ({ column: name, values: cells[at]! })),
      total,
      next_page_token: page.nextPageToken ?? null,
    }
  }

  const groups = (choice: Choice, by: string, columns: string[]): Promise<GroupsAnswer> => {
    const [group, read] = [readColumn(by), columns.map(readColumn)]
    return longSearch(sql, (tx) => readGroups(tx, chosenRuns(choice, 3), group, read))
  }

  const differences = (choice: Choice, columns: string[]): Promise<DifferencesAnswer> => {
    const read = columns.map(readColumn)
    return longSearch(sql, (tx) => readSame(tx, chosenRuns(choice, 3), read))
  }

  /** All or none: a run that is not there stops it. */
  async function setStage(runIds: readonly string[], stage: 'active' | 'deleted'): Promise<string[]> {
    const ids = [...new Set(runIds)].sort()
    const changed = await sql.tx(async (tx) => {
      const known = new Set(await selectStages(tx, ids))
      const missing = ids.find((id) => !known.has(id))
      if (missing) throw new PlatformError('not_found', `Run with id=${missing} not found; no run was changed`)
      const done = await changeStages(tx, ids, stage === 'deleted' ? clock.nowMs() : null)
      const action = stage === 'deleted' ? 'run.deleted' : 'run.restored'
      const other = stage === 'deleted' ? 'active' : 'deleted'
      for (const name of done) {
        await recordChange(tx, { action, on: { kind: 'run', name }, from: { stage: other }, to: { stage } })
      }
      return done
    })
    for (const runId of changed) onChange({ runId })
    return changed
  }

  async function experiment(id: string): Promise<ExperimentJson> {
    const all = { contains: '', stages: ['active', 'deleted'], before: null, limit: 1 }
    const [found] = /^\d{1,18}$/.test(id) ? await selectExperimentList(sql, { ...all, id }) : []
    if (found) return found
    throw new PlatformError('not_found', `No Experiment with id=${id.slice(0, 40)} exists`)
  }

  return {
    search,
    groups,
    differences,
    setStage,
    experiment,
    experiments: (request: Parameters<typeof selectExperimentList>[1]) => selectExperimentList(sql, request),
    names: (request: NamesRequest): Promise<ColumnsAnswer> => longSearch(sql, (tx) => readNames(tx, request)),
    recentNames: (experimentId: string, limit: number): Promise<ColumnsAnswer> =>
      readRecentNames(sql, experimentId, limit),
    values: (experimentId: string, column: string, prefix: string): Promise<ValuesAnswer> =>
      longSearch(sql, (tx) => readValues(tx, experimentId, readColumn(column), prefix)),
    views: createViews({ sql, clock }),
  }
}
