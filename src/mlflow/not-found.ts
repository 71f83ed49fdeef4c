import type { FastifyPluginAsync } from 'fastify'

/**
 * What MLflow's API has and we have not, answered as MLflow's own servers of other versions do: its clients then take an
 * older way, or say what is missing, instead of a fault of the server.
 */
export const unknownEndpoints: FastifyPluginAsync = async (app) => {
  // What a body is for nobody is not read.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(null)
  })
  for (const url of ['/api/*', '/ajax-api/*']) {
    app.all(url, { schema: { hide: true } }, (request, reply) => {
      const path = request.url.split('?', 1)[0]!.slice(0, 200)
      const message = `No API found for '${request.method} ${path}': this server does not have this part of MLflow`
      return reply.code(404).send({ error_code: 'ENDPOINT_NOT_FOUND', message })
    })
  }
}
