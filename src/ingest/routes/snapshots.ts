import type { FastifyInstance, FastifyReply } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import type { Instant } from '../../base/instant.ts'
import type { Project } from '../../config/project.ts'
import type { Lake, Recorded } from '../../lake/lake.ts'
import { snapshotJson } from '../../wire/deliveries.ts'
import { shown } from '../../wire/limits.ts'
import { pageOfQuery } from '../../wire/page.ts'
import { routeOptions } from '../../wire/route.ts'
import * as wire from '../../wire/snapshots.ts'
import type { Ingest } from '../ingest.ts'
import { snapshotOf, snapshotOfId } from './named-snapshot.ts'

type Deps = { ingest: Ingest; lake: Lake; project: Project }

/** `GET /snapshots/{source}/{as_of}/{version}`, its rows, and `GET /snapshots/difference`. */
export function snapshotRoutes(app: FastifyInstance, deps: Deps): void {
  const { lake } = deps
  const one = routeOptions({
    tag: 'data',
    summary: 'One snapshot, the other versions of its moment, and the moments before and after',
    params: wire.snapshotParams,
    answers: { 200: wire.snapshotAnswer },
    errors: [404],
  })
  app.get<{ Params: wire.SnapshotParams }>('/snapshots/:source/:as_of/:version', one, async ({ params }) =>
    detailOf(deps, await snapshotOf(lake, params)),
  )
  rowsRoute(app, deps)
  differenceRoute(app, deps)
}

async function detailOf({ ingest, lake }: Deps, snapshot: Recorded): Promise<wire.SnapshotAnswer> {
  const history = await lake.history({ source: snapshot.source })
  const versions = history.filter(({ validAt }) => validAt === snapshot.validAt)
  const counting = history.filter(({ withdrawn }) => withdrawn === null)
  const moments = [...new Set(counting.map(({ validAt }) => validAt))]
  const newestOf = (moment: Instant | undefined) => counting.findLast(({ validAt }) => validAt === moment)
  const deliveries = await ingest.deliveries({ source: snapshot.source, asOf: snapshot.validAt })
  const brought = deliveries.find(({ sources }) =>
    sources.some(({ snapshot: id, outcome }) => id === snapshot.id && outcome !== 'unchanged'),
  )
  return {
    ...snapshotJson(snapshot),
    columns: snapshot.columns.map(({ name, type }) => ({ name, type })),
    key: snapshot.uniqueKey,
    counts: newestOf(snapshot.validAt)?.id === snapshot.id,
    recorded_digest: snapshot.recordedDigest,
    versions: versions.map(snapshotJson),
    earlier: neighbourJson(newestOf(moments.findLast((moment) => moment < snapshot.validAt))),
    later: neighbourJson(newestOf(moments.find((moment) => moment > snapshot.validAt))),
    delivery: brought?.id ?? null,
  }
}

function neighbourJson(snapshot: Recorded | undefined) {
  if (!snapshot) return null
  const { id, validAt, version, rows } = snapshot
  return { id, as_of: validAt, version, rows }
}

function rowsRoute(app: FastifyInstance, { lake, project }: Deps): void {
  const options = routeOptions({
    tag: 'data',
    summary: 'The rows of a snapshot in the order of its key, a page at a time',
    params: wire.snapshotParams,
    query: wire.rowsQuery,
    answers: { 200: wire.rowsAnswer },
    errors: [404],
  })
  type Request = { Params: wire.SnapshotParams; Querystring: wire.RowsQuery }
  app.get<Request>('/snapshots/:source/:as_of/:version/rows', options, async ({ params, query }, reply) => {
    const { limit, before: from } = pageOfQuery(query)
    const snapshot = await snapshotOf(lake, params)
    const key = project.sources.find(({ name }) => name === snapshot.source)?.key ?? snapshot.uniqueKey ?? []
    const columns = chosenColumns(snapshot.columns, query.column, snapshot.id)
    const values = query.key === undefined ? undefined : [query.key].flat()
    if (values && values.length !== key.length) {
      const message = `key: one value for each column of the key (${key.join(', ') || 'there is none'}) is expected, and there are ${values.length}`
      throw new PlatformError('invalid_argument', message)
    }
    const ofKey = values && { columns: chosenColumns(snapshot.columns, [...key], snapshot.id), values }
    const { rows, next } = await lake.look.rows(snapshot, { from: from ?? 0, limit, columns, key: ofKey })
    notKept(reply)
    const named = columns.map(({ name, type }) => ({ name, type }))
    const token = next === null ? null : String(next)
    return { snapshot: snapshot.id, columns: named, key, rows, total: snapshot.rows, next_page_token: token }
  })
}

/** The columns of these names in the order of the file; all of them where none is named. */
export function chosenColumns<C extends { name: string }>(
  columns: readonly C[],
  names: string | string[] | undefined,
  of: string,
): C[] {
  if (names === undefined) return [...columns]
  const wanted = [names].flat()
  const unknown = wanted.find((name) => !columns.some((column) => column.name === name))
  if (unknown !== undefined) throw new PlatformError('not_found', `${of} has no column ${shown(unknown)}`)
  return columns.filter(({ name }) => wanted.includes(name))
}

/** What shows people's values stays in no cache on the way: nobody could take it out of there. */
export function notKept(reply: FastifyReply): void {
  reply.header('cache-control', 'no-store')
}

function differenceRoute(app: FastifyInstance, { lake }: Deps): void {
  const options = routeOptions({
    tag: 'data',
    summary: 'What differs between two snapshots of a source: columns, rows, cells',
    query: wire.differenceQuery,
    answers: { 200: wire.differenceAnswer },
    errors: [404],
  })
  app.get<{ Querystring: wire.DifferenceQuery }>('/snapshots/difference', options, async ({ query }, reply) => {
    const { limit, before } = pageOfQuery(query)
    const from = await snapshotOfId(lake, query.from)
    const to = await snapshotOfId(lake, query.to)
    if (query.column !== undefined) {
      chosenColumns([...from.columns, ...to.columns], query.column, `neither ${from.id} nor ${to.id}`)
    }
    const { kind, column } = query
    const { next, ...found } = await lake.look.difference(from, to, { from: before ?? 0, limit, kind, column })
    notKept(reply)
    const token = next === null ? null : String(next)
    return { from: snapshotJson(from), to: snapshotJson(to), ...found, next_page_token: token }
  })
}
