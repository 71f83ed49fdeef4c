/**
 * feast: the protocol of Feast's feature server, for its Python clients as they are.
 *
 * Promise: bodies are taken and answers given as those clients write and read them; a value goes by its declared type; an
 * error is one that the client raises again.
 */
import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { parseExactJson } from '../../wire/exact-json.ts'
import { limitOf } from '../../wire/limits.ts'
import { materializeRoutes } from './materialize-routes.ts'
import { onlineFeaturesRoute } from './online-features.ts'
import { answerErrorsAsFeast, noJson } from './refusals.ts'
import { feastRegistryFile } from './registry-file.ts'
import { type FeastDeps, feastRoute } from './route.ts'
import { writeRoutes } from './write-routes.ts'

/** Clients up to 0.60 send JSON without a content type, so every body is read as JSON. */
export function feastRoutes(deps: FeastDeps): FastifyPluginAsync {
  const { features, project, clock } = deps
  return async (app) => {
    app.removeAllContentTypeParsers()
    const limits = { bodyLimit: limitOf('pushBodyBytes') }
    app.addContentTypeParser('*', { parseAs: 'string', ...limits }, (_request, body, done) => {
      try {
        done(null, parseExactJson(body as string))
      } catch {
        done(noJson(), undefined)
      }
    })
    answerErrorsAsFeast(app)
    onlineFeaturesRoute(app, features, project)
    writeRoutes(app, deps)
    materializeRoutes(app, deps)
    const registry = feastRoute({
      summary: 'A registry file for Feast clients',
      answers: { 200: { type: 'application/octet-stream', description: "Feast's registry, as protocol buffers." } },
      errors: [],
    })
    app.get('/feast/registry.db', registry, (_, reply) => {
      reply.header('content-type', 'application/octet-stream')
      return reply.send(feastRegistryFile(project, { nowMs: clock.nowMs() }))
    })
  }
}
