import type { FastifyInstance } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import type { Lake, Recorded } from '../../lake/lake.ts'
import { limitOf, requireWithin, shown } from '../../wire/limits.ts'
import { nextOffset, pageOfQuery } from '../../wire/page.ts'
import { routeOptions } from '../../wire/route.ts'
import { type ColumnsQuery, columnsAnswer, columnsQuery, sourceParam } from '../../wire/snapshots.ts'
import { snapshotOfId } from './named-snapshot.ts'
import { chosenColumns, notKept } from './snapshots.ts'

const MOMENTS = 6

/** `GET /sources/{source}/columns`. */
export function columnRoutes(app: FastifyInstance, { lake }: { lake: Lake }): void {
  const options = routeOptions({
    tag: 'data',
    summary: 'What the columns of several snapshots of a source are like, side by side',
    params: sourceParam,
    query: columnsQuery,
    answers: { 200: columnsAnswer },
    errors: [404],
  })
  type Request = { Params: { source: string }; Querystring: ColumnsQuery }
  app.get<Request>('/sources/:source/columns', options, async ({ params, query }, reply) => {
    const { limit: asked, before } = pageOfQuery(query)
    const from = before ?? 0
    const limit = Math.min(asked, limitOf('statisticsColumns'))
    const snapshots = await chosenSnapshots(lake, params.source, query.snapshot)
    const all = chosenColumns(columnsOf(snapshots), query.column, params.source)
    const columns = await lake.look.statistics(snapshots, all.slice(from, from + limit))
    notKept(reply)
    return {
      source: params.source,
      snapshots: snapshots.map(({ id, validAt, version, rows }) => ({ id, as_of: validAt, version, rows })),
      total: all.length,
      columns,
      next_page_token: nextOffset({ limit, offset: from }, all.length),
    }
  })
}

async function chosenSnapshots(lake: Lake, source: string, given: string | string[] | undefined): Promise<Recorded[]> {
  if (given !== undefined) {
    const ids = [given].flat()
    requireWithin('statisticsSnapshots', ids.length, 'the list of snapshots')
    const chosen: Recorded[] = []
    for (const id of ids) chosen.push(await snapshotOfId(lake, id))
    const other = chosen.find((snapshot) => snapshot.source !== source)
    if (!other) return chosen
    throw new PlatformError('invalid_argument', `snapshot: ${other.id} is not of the source ${shown(source)}`)
  }
  const counting = (await lake.history({ source })).filter(({ withdrawn }) => withdrawn === null)
  if (counting.length === 0) {
    throw new PlatformError('not_found', `there is no snapshot of a source ${shown(source)}`)
  }
  // By moment and version: the last of each moment is the one that counts.
  return [...new Map(counting.map((snapshot) => [snapshot.validAt, snapshot])).values()].slice(-MOMENTS)
}

/** Of all snapshots, the newest first, so that a column has the type that it has now. */
function columnsOf(snapshots: readonly Recorded[]): { name: string; type: string }[] {
  const columns = new Map<string, { name: string; type: string }>()
  for (const { columns: own } of [...snapshots].reverse()) {
    for (const { name, type } of own) if (!columns.has(name)) columns.set(name, { name, type })
  }
  return [...columns.values()]
}
