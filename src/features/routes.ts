import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { featuresAnswerJson, featuresAnswerSchema } from '../wire/features.ts'
import type { Features } from './features.ts'

/** `GET /features/{key}`: the live features of one entity, as the project's first model asks for them. */
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
  }
}
