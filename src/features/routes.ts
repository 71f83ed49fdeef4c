import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import { parseInstant } from '../base/instant.ts'
import { defaultModelOf, requireDefaultModel, requireModel } from '../config/find.ts'
import type { Model, Project } from '../config/project.ts'
import { suggestion } from '../config/suggest.ts'
import {
  featuresAnswerJson,
  featuresOf,
  featureViewAnswer,
  featureViewsAnswer,
  keyParam,
  momentsStatisticsAnswer,
  momentsStatisticsQuery,
  STATISTICS_MOMENTS_MAX,
  statisticsAnswer,
  statisticsQuery,
  viewParam,
} from '../wire/features.ts'
import { wholeOfQuery } from '../wire/page.ts'
import { routeOptions } from '../wire/route.ts'
import { documentedFields } from './define/examples.ts'
import { keyOfText } from './define/key-text.ts'
import { type ViewFacts, viewFacts } from './define/view-facts.ts'
import type { Features } from './features.ts'
import type { ViewState } from './online/view-states.ts'

const NONE = { schema: { hide: true } }

/**
 * `GET /models/{name}/features/{key}`, `/features/{key}` for the model that is meant without a name, and what the views
 * hold.
 */
export function featureRoutes(features: Features, project: Project): FastifyPluginAsync {
  return async (app) => {
    for (const model of project.models) entityRoute(app, features, project, model, `${pathOf(model.name)}/features`)
    app.get<{ Params: { name: string } }>('/models/:name/features/:key', NONE, async (request) => {
      // Refuses, and names the models that there are.
      requireModel(project, request.params.name)
    })
    const meant = defaultModelOf(project)
    if (meant) entityRoute(app, features, project, meant, '/features')
    else {
      // Refuses, and names the routes of the models that there are.
      app.get('/features/:key', NONE, async () =>
        requireDefaultModel(project, (name) => `GET ${pathOf(name)}/features/{key}`),
      )
    }
    viewRoutes(app, features, project)
  }
}

function pathOf(model: string): string {
  return `/models/${encodeURIComponent(model)}`
}

function entityRoute(app: FastifyInstance, features: Features, project: Project, model: Model, path: string): void {
  const service = features.service(model.featureService)
  const options = routeOptions({
    tag: 'features',
    summary: `The live features of one entity, as ${model.name} takes them`,
    params: keyParam,
    answers: { 200: featuresOf(documentedFields(project, service)) },
    errors: [404, 413],
  })
  app.get<{ Params: { key: string } }>(`${path}/:key`, options, async (request, reply) => {
    const answer = await features.answer(keyOfText(service.keys, request.params.key), service.name)
    reply.header('content-type', 'application/json; charset=utf-8')
    return featuresAnswerJson(answer)
  })
}

function viewRoutes(app: FastifyInstance, features: Features, project: Project): void {
  const headOf = async () => {
    const states = await features.viewStates()
    return states.map((state) => {
      const facts = viewFacts(project, state.view)
      return { facts, head: { ...stateJson(state), ...definitionJson(facts) } }
    })
  }
  const list = routeOptions({
    tag: 'features',
    summary: 'The views: what they are, and how fresh they are online',
    answers: { 200: featureViewsAnswer },
  })
  app.get('/feature-views', list, async () => ({ feature_views: (await headOf()).map(({ head }) => head) }))

  const one = routeOptions({
    tag: 'features',
    summary: 'A view: what it is, how fresh, and who uses it',
    params: viewParam,
    answers: { 200: featureViewAnswer },
    errors: [404],
  })
  app.get<{ Params: { name: string } }>('/feature-views/:name', one, async ({ params }) => {
    const found = (await headOf()).find(({ head }) => head.name === params.name)
    if (!found) throw new PlatformError('not_found', noViewText(project, params.name))
    const { keys, sourceKind, services, onDemandViews } = found.facts
    return { ...found.head, source_kind: sourceKind, keys, services, on_demand_views: onDemandViews }
  })

  const moments = routeOptions({
    tag: 'features',
    summary: 'What the features of a view were like at each of the newest moments',
    params: viewParam,
    query: momentsStatisticsQuery,
    answers: { 200: momentsStatisticsAnswer },
    errors: [404],
  })
  app.get<{ Params: { name: string }; Querystring: { limit?: string } }>(
    '/feature-views/:name/moments',
    moments,
    async ({ params, query }) => {
      const most = STATISTICS_MOMENTS_MAX
      const limit = wholeOfQuery(query.limit, 'limit', { most }) ?? 12
      return { view: params.name, moments: await features.statisticsOver(params.name, limit) }
    },
  )

  const statistics = routeOptions({
    tag: 'features',
    summary: 'What the features of a view are like in its newest snapshot, or in that of a moment',
    params: viewParam,
    query: statisticsQuery,
    answers: { 200: statisticsAnswer },
    errors: [404],
  })
  app.get<{ Params: { name: string }; Querystring: { as_of?: string } }>(
    '/feature-views/:name/statistics',
    statistics,
    async ({ params, query }) =>
      features.statistics(params.name, query.as_of === undefined ? undefined : parseInstant(query.as_of, 'as_of')),
  )
}

function stateJson(state: ViewState) {
  return {
    name: state.view,
    materialized: state.materialized,
    valid_at: state.validAt,
    materialized_at: state.materializedAt,
    rows: state.rows,
    ttl_seconds: state.ttlMs === null ? null : state.ttlMs / 1000,
  }
}

function definitionJson({ entity, owner, source, features, models }: ViewFacts) {
  const named = features.map(({ name, type, column, sql }) => ({ name, type, column, sql }))
  return { entity, owner, source, features: named, models }
}

function noViewText(project: Project, name: string): string {
  const names = project.featureViews.map((view) => view.name)
  return `there is no feature view '${name}' in the project${suggestion(name, names)}`
}
