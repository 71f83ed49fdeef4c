import type { FastifyRequest } from 'fastify'
import type { ValuesLimit } from './limits.ts'
import { configOf } from './route-config.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The model that the route predicts with. */
    model?: string
    /** The body is bytes that nobody parses, at the caller's speed. */
    rawBody?: boolean
    /** These bytes are files in parts, the only body of a POST that is not JSON. */
    multipart?: boolean
    /** Types of body beside JSON that the route reads. None that a page of another origin sends without asking. */
    bodyTypes?: readonly string[]
    /** The limit of the values in the body, where it is not `bodyValues`. */
    valuesLimit?: ValuesLimit
  }
}

/** For `config` of a route that streams its body. */
export const RAW_BODY = { rawBody: true }
export const MULTIPART = { rawBody: true, multipart: true }

export function hasRawBody(request: FastifyRequest): boolean {
  return configOf(request).rawBody === true
}
