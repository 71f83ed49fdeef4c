import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import { type Instant, parseInstant } from '../../base/instant.ts'
import * as entities from '../../wire/entities.ts'
import { pageOfQuery, wholeOfQuery } from '../../wire/page.ts'
import { routeOptions } from '../../wire/route.ts'
import * as wire from '../../wire/time.ts'
import type { Features } from '../features.ts'
import type { Page } from './pages.ts'
import type { TimeRequest } from './time.ts'

type Named = { kind: wire.TimeKind; name: string }

/** `GET /time/{kind}/{name}/rows`, `/differences`, `/moments`; `GET /entities/{entity}/keys`, `/history`. */
export function timeRoutes({ time }: Pick<Features, 'time'>): FastifyPluginAsync {
  return async (app) => {
    // What shows people's values stays in no cache on the way: nobody could take it out of there.
    app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))
    settingRoutes(app, time)
    entityRoutes(app, time)
  }
}

function settingRoutes(app: FastifyInstance, time: Features['time']): void {
  const rows = routeOptions({
    tag: 'data',
    summary: 'What a source, a view, an entity or a training set was like at (valid_at, known_at)',
    description: wire.PAGING,
    params: wire.timeParam,
    query: wire.rowsQuery,
    answers: { 200: wire.rowsAnswer },
    errors: [404, 409, 413],
  })
  app.get<{ Params: Named; Querystring: wire.RowsQuery }>('/time/:kind/:name/rows', rows, async ({ params, query }) =>
    time.rows(asked(params, query), paged(query, [query.valid_at, query.known_at])),
  )

  const differences = routeOptions({
    tag: 'data',
    summary: 'What differs between two settings of valid_at and known_at, row by row and cell by cell',
    description: wire.PAGING,
    params: wire.timeParam,
    query: wire.differencesQuery,
    answers: { 200: wire.differencesAnswer },
    errors: [404, 409, 413],
  })
  app.get<{ Params: Named; Querystring: wire.DifferencesQuery }>(
    '/time/:kind/:name/differences',
    differences,
    async ({ params, query }) => {
      const other = {
        validAt: instantOf(query.other_valid_at, 'other_valid_at'),
        knownAt: instantOf(query.other_known_at, 'other_known_at'),
      }
      const moments = [query.valid_at, query.known_at]
      return time.differences(asked(params, query), other, paged(query, moments))
    },
  )

  const moments = routeOptions({
    tag: 'data',
    summary: 'The moments at which what /time tells can become another: where sliders stop',
    params: wire.timeParam,
    query: wire.momentsQuery,
    answers: { 200: wire.momentsAnswer },
    errors: [404],
  })
  app.get<{ Params: Named; Querystring: wire.MomentsQuery }>('/time/:kind/:name/moments', moments, async (request) =>
    time.moments({ ...request.params, mode: request.query.mode }),
  )
}

function entityRoutes(app: FastifyInstance, time: Features['time']): void {
  const keys = routeOptions({
    tag: 'features',
    summary: 'Keys of an entity that begin with a text, as its views know them now',
    params: entities.entityParam,
    query: entities.keysQuery,
    answers: { 200: entities.keysAnswer },
    errors: [404],
  })
  app.get<{ Params: { entity: string }; Querystring: entities.KeysQuery }>(
    '/entities/:entity/keys',
    keys,
    async ({ params, query }) => {
      const limit = wholeOfQuery(query.limit, 'limit', { most: entities.KEYS_MAX }) ?? 20
      return time.keys(params.entity, query.prefix ?? '', limit)
    },
  )

  const history = routeOptions({
    tag: 'features',
    summary:
      'All that was ever recorded of the features of one entity, newest first, also what was corrected or withdrawn',
    params: entities.entityParam,
    query: entities.historyQuery,
    answers: { 200: entities.historyAnswer },
    errors: [404, 413],
  })
  app.get<{ Params: { entity: string }; Querystring: entities.HistoryQuery }>(
    '/entities/:entity/history',
    history,
    async ({ params, query }) => time.history(params.entity, query.key, pageOfQuery(query)),
  )
}

function asked({ kind, name }: Named, query: wire.RowsQuery): TimeRequest {
  return {
    kind,
    name,
    key: query.key,
    mode: query.mode,
    validAt: instantOf(query.valid_at, 'valid_at'),
    knownAt: instantOf(query.known_at, 'known_at'),
  }
}

function instantOf(text: string | undefined, what: string): Instant | undefined {
  return text === undefined ? undefined : parseInstant(text, what)
}

/** The second page of "now" would be one of another now. */
function paged(query: { limit?: string; page_token?: string }, moments: readonly (string | undefined)[]): Page {
  const { limit, before } = pageOfQuery(query)
  if (before !== null && moments.some((moment) => moment === undefined)) {
    const says =
      'page_token: send valid_at and known_at along, as the first page has them; else this would be a page of another state'
    throw new PlatformError('invalid_argument', says)
  }
  return { limit, offset: before ?? 0 }
}
