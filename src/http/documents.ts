import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'

export type Route = { method: string; path: string; schema: FastifySchema }

/**
 * The pages of what this server answers to: `/docs` and `/openapi.json`. They are made when somebody first asks for them,
 * by a second Fastify that listens nowhere: what makes them takes a sixth of a start's time.
 */
export function addDocuments(app: FastifyInstance, { version, routes }: { version: string; routes: readonly Route[] }) {
  let made: Promise<FastifyInstance> | undefined
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    made ??= documentServer(version, routes)
    const { statusCode, headers, rawPayload } = await (await made).inject({
      method: request.method as 'GET' | 'HEAD',
      url: request.url,
      headers: request.headers,
    })
    if (statusCode === 404) return reply.callNotFound()
    for (const name of OF_A_CONNECTION) delete headers[name]
    return reply.code(statusCode).headers(headers).send(rawPayload)
  }
  const hidden = { schema: { hide: true } }
  for (const path of ['/docs', '/docs/*', '/openapi.json']) app.get(path, hidden, answer)
  app.addHook('onClose', async () => (await made)?.close())
}

const OF_A_CONNECTION = ['connection', 'keep-alive', 'date', 'transfer-encoding']

async function documentServer(version: string, routes: readonly Route[]): Promise<FastifyInstance> {
  const [{ default: Fastify }, { default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('fastify'),
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ])
  const app = Fastify()
  // Nobody's request comes here: it only describes.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer))
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Weir', version, description: 'Features, predictions, and the MLflow protocol.' },
    },
    hideUntagged: true,
  })
  // Frames are for clicks that a person did not mean; the rest of the policy is the page's own, by the hashes of its files.
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    transformStaticCSP: (policy) => `${policy}; frame-ancestors 'none'`,
    uiHooks: {
      onRequest(_request, reply, next) {
        reply.headers({
          'x-frame-options': 'DENY',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
        })
        next()
      },
    },
  })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  for (const { method, path, schema } of routes) {
    // Each GET brings its HEAD along.
    if (schema.tags && method !== 'HEAD') app.route({ method, url: path, schema, handler: () => {} })
  }
  await app.ready()
  return app
}
