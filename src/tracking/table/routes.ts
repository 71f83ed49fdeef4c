import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { limitOf } from '../../wire/limits.ts'
import { nextPageToken, pageOfQuery } from '../../wire/page.ts'
import { routeOptions } from '../../wire/route.ts'
import * as wire from '../../wire/runs.ts'
import { readColumn } from './column.ts'
import type { RunTable } from './run-table.ts'

const tag = 'experiments'

/** The runs as a table, for the console and for people's own scripts. */
export function runTableRoutes(table: RunTable): FastifyPluginAsync {
  return async (app) => {
    searchRoutes(app, table)
    experimentRoutes(app, table)
    viewRoutes(app, table)
  }
}

function searchRoutes(app: FastifyInstance, table: RunTable): void {
  const search = routeOptions({
    tag,
    summary: 'Runs by columns: only the columns that are asked for, a page at a time',
    body: wire.runsSearch,
    answers: { 200: wire.runsAnswer },
  })
  app.post<{ Body: wire.RunsSearch }>('/runs/search', search, ({ body }) => table.search(wire.lookOf(body)))

  const groups = routeOptions({
    tag,
    summary: 'Runs in groups, by a param, tag, status or user',
    body: wire.groupsSearch,
    answers: { 200: wire.groupsAnswer },
  })
  app.post<{ Body: wire.GroupsSearch }>('/runs/groups', groups, ({ body }) => {
    const { choice, by, columns } = wire.groupedOf(body)
    return table.groups(choice, by, columns)
  })

  const differences = routeOptions({
    tag,
    summary: 'Which columns are the same in all runs that are found',
    body: wire.differencesSearch,
    answers: { 200: wire.differencesAnswer },
  })
  app.post<{ Body: wire.DifferencesSearch }>('/runs/differences', differences, ({ body }) =>
    table.differences(wire.choiceOf(body), body.columns),
  )

  for (const [path, stage, done] of [
    ['/runs/delete', 'deleted', 'Deletes runs; they can be restored until weir gc removes them'],
    ['/runs/restore', 'active', 'Restores deleted runs'],
  ] as const) {
    const options = routeOptions({
      tag,
      summary: `${done}; all of them or none`,
      body: wire.stageChange,
      answers: { 200: wire.stageChanged },
      errors: [404],
    })
    app.post<{ Body: wire.StageChange }>(path, options, async ({ body }) => ({
      changed: await table.setStage(body.run_ids, stage),
    }))
  }
}

type OfExperiment = { Params: { experiment: string } }

function experimentRoutes(app: FastifyInstance, table: RunTable): void {
  const list = routeOptions({
    tag,
    summary: 'Experiments with the number of their runs, newest first',
    query: wire.experimentsQuery,
    answers: { 200: wire.experimentsAnswer },
  })
  app.get<{ Querystring: wire.ExperimentsQuery }>('/experiments', list, async ({ query }) => {
    const { limit, before } = pageOfQuery(query)
    const { contains = '', stage = 'active' } = query
    const stages = stage === 'all' ? ['active', 'deleted'] : [stage]
    const experiments = await table.experiments({ contains, stages, before, limit: limit + 1 })
    const token = nextPageToken(experiments, limit, (e) => Number(e.id))
    return { experiments, next_page_token: token }
  })

  const one = routeOptions({
    tag,
    summary: 'One experiment',
    params: wire.experimentParam,
    answers: { 200: wire.experimentAnswer },
    errors: [404],
  })
  app.get<OfExperiment>('/experiments/:experiment', one, ({ params }) => table.experiment(params.experiment))

  const columns = routeOptions({
    tag,
    summary: 'The names of metrics, params and tags of the runs of an experiment, deleted ones among them',
    params: wire.experimentParam,
    query: wire.columnsQuery,
    answers: { 200: wire.columnsAnswer },
    errors: [404],
  })
  app.get<OfExperiment & { Querystring: wire.ColumnsQuery }>(
    '/experiments/:experiment/columns',
    columns,
    async ({ params, query }) => {
      const { id } = await table.experiment(params.experiment)
      const { kind, prefix = '', contains = '', page_token: token } = query
      const { limit } = pageOfQuery({ limit: query.limit })
      if (query.recent === 'true') return table.recentNames(id, limit)
      const kinds = kind === undefined ? (['metrics', 'params', 'tags'] as const) : [kind]
      return table.names({ experimentId: id, kinds, prefix, contains, limit, after: afterOf(token) })
    },
  )

  const values = routeOptions({
    tag,
    summary: 'The most frequent values of a param, a tag or a text of the runs of an experiment',
    params: wire.experimentParam,
    query: wire.valuesQuery,
    answers: { 200: wire.valuesAnswer },
    errors: [404],
  })
  app.get<OfExperiment & { Querystring: wire.ValuesQuery }>(
    '/experiments/:experiment/values',
    values,
    async ({ params, query }) => {
      const { id } = await table.experiment(params.experiment)
      return table.values(id, query.column, query.prefix ?? '')
    },
  )
}

/** The token is the column that the page before ended with. */
function afterOf(token: string | undefined): { kind: string; name: string } | undefined {
  if (token === undefined) return undefined
  const { kind, key } = readColumn(token.slice(0, limitOf('pageToken')))
  return { kind, name: key }
}

function viewRoutes(app: FastifyInstance, { views, experiment }: RunTable): void {
  const path = '/experiments/:experiment/views'
  const params = wire.experimentParam
  const list = routeOptions({
    tag,
    summary: 'The saved views of an experiment, by name',
    params,
    answers: { 200: wire.viewsAnswer },
    errors: [404],
  })
  app.get<OfExperiment>(path, list, async ({ params }) => {
    const { id } = await experiment(params.experiment)
    return { views: await views.list(id) }
  })

  const create = routeOptions({
    tag,
    summary: 'Saves a view of the runs under a name, for everybody',
    params,
    body: wire.viewBody,
    answers: { 201: wire.savedView },
    errors: [404, 409],
  })
  app.post<OfExperiment & { Body: wire.ViewBody }>(path, create, async ({ params, body }, reply) => {
    const { id } = await experiment(params.experiment)
    reply.code(201)
    return views.create(id, body)
  })

  type OfView = { Params: { experiment: string; view: string } }
  const replace = routeOptions({
    tag,
    summary: 'Saves it anew',
    params: wire.viewParam,
    body: wire.viewBody,
    answers: { 200: wire.savedView },
    errors: [404, 409],
  })
  app.put<OfView & { Body: wire.ViewBody }>(`${path}/:view`, replace, async ({ params, body }) => {
    const { id } = await experiment(params.experiment)
    return views.replace(id, params.view, body)
  })

  const remove = routeOptions({
    tag,
    summary: 'Deletes a saved view',
    params: wire.viewParam,
    answers: { 204: { type: 'text/plain', description: 'It is gone.' } },
    errors: [404],
  })
  app.delete<OfView>(`${path}/:view`, remove, async ({ params }, reply) => {
    const { id } = await experiment(params.experiment)
    await views.remove(id, params.view)
    return reply.code(204).send()
  })
}
