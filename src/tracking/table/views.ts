import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { instantOfMs } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import { recordChange } from '../../identity/audit.ts'
import { actorNow } from '../../identity/principal.ts'
import { limitOf, overLimit } from '../../wire/limits.ts'
import { columnsOfView, type SavedView, type ViewBody } from '../../wire/runs.ts'
import { names } from '../traces/erasure.ts'
import { readColumn } from './column.ts'

type Row = { id: number; name: string; state: SavedView['state']; savedBy: string; savedMs: number }

const COLUMNS = 'view_id as id, name, state, saved_by as "savedBy", saved_ms as "savedMs"'

/** Views of the runs of an experiment, saved by name: for everybody who may see the runs. */
export function createViews({ sql, clock }: { sql: Sql; clock: Clock }) {
  async function list(experimentId: string): Promise<SavedView[]> {
    const rows = await sql.query<Row>(
      `select ${COLUMNS} from tracking.saved_view where experiment_id = $1::bigint order by name`,
      [experimentId],
    )
    return rows.map(viewJson)
  }

  async function create(experimentId: string, { name, state }: ViewBody): Promise<SavedView> {
    checkState(state)
    return sql.tx(async (tx) => {
      const [{ views } = { views: 0 }] = await tx.query<{ views: number }>(
        'select count(*) as views from tracking.saved_view where experiment_id = $1::bigint',
        [experimentId],
      )
      const most = limitOf('savedViews')
      if (views >= most) throw overLimit('savedViews', `experiment ${experimentId} has ${views} saved views`)
      const [row] = await tx.query<Row>(
        `insert into tracking.saved_view (experiment_id, name, state, saved_by, saved_ms)
         values ($1::bigint, $2, $3::jsonb, $4, $5) on conflict (experiment_id, name) do nothing returning ${COLUMNS}`,
        [experimentId, name, JSON.stringify(state), actorNow().name, clock.nowMs()],
      )
      if (!row) throw taken(name)
      await recordChange(tx, { ...saved(row), from: null, to: { experiment: experimentId } })
      return viewJson(row)
    })
  }

  async function replace(experimentId: string, view: string, { name, state }: ViewBody): Promise<SavedView> {
    checkState(state)
    return sql.tx(async (tx) => {
      const before = await locked(tx, experimentId, view)
      const [other] = await tx.query(
        'select 1 from tracking.saved_view where experiment_id = $1::bigint and name = $2 and view_id <> $3',
        [experimentId, name, before.id],
      )
      if (other) throw taken(name)
      const [row] = await tx.query<Row>(
        `update tracking.saved_view set name = $2, state = $3::jsonb, saved_by = $4, saved_ms = $5 where view_id = $1
         returning ${COLUMNS}`,
        [before.id, name, JSON.stringify(state), actorNow().name, clock.nowMs()],
      )
      await recordChange(tx, { ...saved(row!), from: {}, to: { experiment: experimentId } })
      return viewJson(row!)
    })
  }

  async function remove(experimentId: string, view: string): Promise<void> {
    await sql.tx(async (tx) => {
      const before = await locked(tx, experimentId, view)
      await tx.query('delete from tracking.saved_view where view_id = $1', [before.id])
      await recordChange(tx, deleted(before.id, experimentId))
    })
  }

  /** Those whose name or filter names a person by all parts of a key. */
  async function naming(key: readonly string[]): Promise<{ id: number; experimentId: string }[]> {
    const rows = await sql.query<{ id: number; experimentId: string; name: string; state: unknown }>(
      'select view_id as id, experiment_id::text as "experimentId", name, state from tracking.saved_view order by view_id',
    )
    return key.length === 0 ? [] : rows.filter(({ name, state }) => key.every((part) => names([name, state], part)))
  }

  /** Such a view goes whole: what is left of a filter without its person finds other runs. */
  const erasure = {
    find: async (key: readonly string[]) => (await naming(key)).map(({ id }) => id),
    async erase(key: readonly string[]): Promise<number[]> {
      const found = await naming(key)
      for (const { id, experimentId } of found) {
        await sql.tx(async (tx) => {
          const gone = await tx.query('delete from tracking.saved_view where view_id = $1 returning 1', [id])
          if (gone.length > 0) await recordChange(tx, deleted(id, experimentId))
        })
      }
      return found.map(({ id }) => id)
    },
  }

  return { list, create, replace, remove, erasure }
}

async function locked(tx: Sql, experimentId: string, view: string): Promise<Row> {
  const [row] = /^\d{1,15}$/.test(view)
    ? await tx.query<Row>(
        `select ${COLUMNS} from tracking.saved_view where experiment_id = $1::bigint and view_id = $2 for update`,
        [experimentId, view],
      )
    : []
  if (row) return row
  throw new PlatformError('not_found', `experiment ${experimentId} has no saved view '${view.slice(0, 40)}'`)
}

/** A name may say whose runs they are: the trail has its number alone. */
function saved(row: Row) {
  return { action: 'view.saved' as const, on: { kind: 'view', name: String(row.id) } }
}

function deleted(id: number, experiment: string) {
  return { action: 'view.deleted' as const, on: { kind: 'view', name: String(id) }, from: { experiment }, to: null }
}

/** A view that no search would take is not kept. */
function checkState(state: ViewBody['state']): void {
  for (const column of columnsOfView(state)) readColumn(column)
}

function taken(name: string): PlatformError {
  return new PlatformError(
    'already_exists',
    `a view '${name.slice(0, 100)}' is saved already; save it under another name, or replace that one`,
  )
}

function viewJson({ id, name, state, savedBy, savedMs }: Row): SavedView {
  return { id, name, state, saved_by: savedBy, saved_at: instantOfMs(savedMs) }
}
