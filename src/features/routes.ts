import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { parseInstant } from '../base/instant.ts'
import { defaultModelOf, requireDefaultModel, requireModel } from '../config/find.ts'
import type { Model, Project } from '../config/project.ts'
import {
  type FeatureViewsAnswer,
  featuresAnswerJson,
  featuresOf,
  featureViewsAnswer,
  keyParam,
  statisticsAnswer,
  statisticsQuery,
  viewParam,
} from '../wire/features.ts'
import { routeOptions } from '../wire/route.ts'
import { documentedFields } from './define/examples.ts'
import { keyOfText } from './define/key-text.ts'
import type { Features } from './features.ts'

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
    viewRoutes(app, features)
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

function viewRoutes(app: FastifyInstance, features: Features): void {
  const list = routeOptions({
    tag: 'features',
    summary: 'The views: how fresh they are online',
    answers: { 200: featureViewsAnswer },
  })
  app.get('/feature-views', list, async (): Promise<FeatureViewsAnswer> => {
    const states = await features.viewStates()
    return {
      feature_views: states.map((state) => ({
        name: state.view,
        materialized: state.materialized,
        valid_at: state.validAt,
        materialized_at: state.materializedAt,
        rows: state.rows,
        ttl_seconds: state.ttlMs === null ? null : state.ttlMs / 1000,
      })),
    }
  })

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
