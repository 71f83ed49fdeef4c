import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { parseInstant } from '../base/instant.ts'
import { featuresAnswerJson, featuresAnswerSchema } from '../wire/features.ts'
import type { Features } from './features.ts'

/** The live features of one entity, as the project's first model asks for them, and what the views hold. */
export function featureRoutes(features: Features): FastifyPluginAsync {
  return async (app) => {
    const service = features.defaultService()
    const keyName = service?.keys[0]?.name ?? 'key'
    app.get<{ Params: { key: string } }>(
      '/features/:key',
      {
        schema: {
          tags: ['features'],
          summary: 'The live features of one entity',
          params: { type: 'object', required: ['key'], properties: { key: { type: 'string', minLength: 1 } } },
          response: { 200: featuresAnswerSchema(keyName) },
        },
      },
      async (request, reply) => {
        const answer = await features.answer(request.params.key)
        reply.header('content-type', 'application/json; charset=utf-8')
        return featuresAnswerJson(answer)
      },
    )
    app.get(
      '/feature-views',
      { schema: { tags: ['features'], summary: 'The views: how fresh they are online' } },
      async () => ({
        feature_views: (await features.viewStates()).map((state) => ({
          name: state.view,
          materialized: state.materialized,
          valid_at: state.validAt,
          materialized_at: state.materializedAt,
          rows: state.rows,
          ttl_seconds: state.ttlMs === null ? null : state.ttlMs / 1000,
        })),
      }),
    )
    app.get<{ Params: { name: string }; Querystring: { as_of?: string } }>(
      '/feature-views/:name/statistics',
      {
        schema: {
          tags: ['features'],
          summary: 'What the features of a view are like in its newest snapshot, or in that of a moment',
          querystring: { type: 'object', properties: { as_of: { type: 'string' } }, additionalProperties: false },
        },
      },
      async ({ params, query }) =>
        features.statistics(params.name, query.as_of === undefined ? undefined : parseInstant(query.as_of, 'as_of')),
    )
  }
}
