import type { FastifyContextConfig, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    ofRoute?: Config | null
  }
}

type Config = FastifyContextConfig & { url?: string; method?: string | string[] }

/**
 * What the route of a request was registered with. Fastify puts a new object of it together each time that it is asked, and
 * every hook asks: here it is asked once. Of a path that is no route it has no `url`.
 */
export function configOf(request: FastifyRequest): Config {
  request.ofRoute ??= request.routeOptions.config as Config
  return request.ofRoute
}
