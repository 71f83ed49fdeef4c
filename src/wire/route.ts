/**
 * What a route takes, gives and refuses, said once in shapes: Fastify checks requests by it, and the OpenAPI document is
 * made of it. Answers are only described, never cut to their shape; a test compares them with it.
 */
import type { z } from 'zod'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'
import { type LimitName, limitOf, type ValuesLimit } from './limits.ts'
import { NO_MEMBERS, problem } from './problem.ts'
import { MULTIPART } from './raw-body.ts'

/** An answer that is no JSON. */
export type OtherAnswer = { type: string; description: string }

export type Route = {
  tag: 'predictions' | 'features' | 'feast' | 'data' | 'experiments' | 'models' | 'state' | 'identity' | 'monitoring'
  summary: string
  description?: string
  params?: z.ZodType
  /** None is taken where this is left out. */
  query?: z.ZodType | 'any'
  body?: z.ZodType
  /** Where the body may be longer than `bodyBytes`. */
  bodyLimit?: LimitName
  /** Types of body beside JSON. */
  bodyTypes?: readonly string[]
  /** Where it may have more values than `bodyValues`. */
  valuesLimit?: ValuesLimit
  /** Instead of a body: what the files in parts are. */
  files?: string
  /** By status. */
  answers: Record<number, z.ZodType | OtherAnswer>
  /** Statuses of refusals beside those that every route has. */
  errors?: readonly number[]
  /** The body of these, where the route speaks another protocol's. */
  refusal?: z.ZodType
}

/** The options of a route, for `app.get(path, routeOptions({ … }), handler)`. */
export function routeOptions(route: Route): { schema: JsonSchema; bodyLimit?: number; config?: object } {
  const { tag, summary, params, query = NO_MEMBERS, body, bodyLimit, valuesLimit, bodyTypes, files } = route
  const schema = {
    tags: [tag],
    summary,
    ...described(route),
    ...(params ? { params: jsonSchemaOf(params) } : {}),
    ...(query === 'any' ? {} : { querystring: jsonSchemaOf(query) }),
    ...(body ? { body: jsonSchemaOf(body) } : {}),
    ...(bodyTypes ? { consumes: ['application/json', ...bodyTypes] } : {}),
    ...(files ? { consumes: ['multipart/form-data'], body: { description: files } } : {}),
    response: { ...answersOf(route), ...errorsOf(route) },
  }
  const config = files ? MULTIPART : { ...(valuesLimit ? { valuesLimit } : {}), ...(bodyTypes ? { bodyTypes } : {}) }
  return { schema, config, ...(bodyLimit ? { bodyLimit: limitOf(bodyLimit) } : {}) }
}

function described(route: Route): { description?: string } {
  const { description, body, bodyLimit = 'bodyBytes', valuesLimit = 'bodyValues' } = route
  const bounds = `The body has at most ${limitText(bodyLimit, 'bytes')} and ${limitText(valuesLimit, 'values')}.`
  const said = [description, body && bounds].filter(Boolean)
  return said.length > 0 ? { description: said.join(' ') } : {}
}

function limitText(name: LimitName, unit: string): string {
  return `${limitOf(name).toLocaleString('en-US')} ${unit} (limit ${name})`
}

function answersOf({ answers }: Route): JsonSchema {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => {
      if (!('_zod' in answer)) return [status, { ...content(answer.type, {}), description: answer.description }]
      return [status, { ...content('application/json', jsonSchemaOf(answer)), description: meaningOf(Number(status)) }]
    }),
  )
}

/** Who may not call, what cannot be read, and what is away or broken here is told by every route in one form. */
const ALWAYS = [400, 401, 403, 500, 503]
const WITH_BODY = [413, 415]
const WITH_PARAMS = [414]

function errorsOf({ params, body, files, errors = [], refusal }: Route): JsonSchema {
  const own = refusal === undefined ? undefined : content('application/json', jsonSchemaOf(refusal))
  const problems = content('application/problem+json', jsonSchemaOf(problem))
  const statuses = [
    ...new Set([...ALWAYS, ...(body || files ? WITH_BODY : []), ...(params ? WITH_PARAMS : []), ...errors]),
  ].sort((a, b) => a - b)
  return Object.fromEntries(
    statuses.map((status) => {
      const is = own !== undefined && ![401, 403, 415, 500].includes(status) ? own : problems
      return [status, { ...is, description: meaningOf(status) }]
    }),
  )
}

function content(type: string, schema: JsonSchema): JsonSchema {
  return { content: { [type]: { schema } } }
}

const MEANINGS: Record<number, string> = {
  200: 'The answer.',
  201: 'It was taken in.',
  202: 'It has begun.',
  207: 'Some of it; the rest is named under errors.',
  400: 'The request cannot be right; the text says which part, and what is expected.',
  401: 'A token is needed.',
  403: 'The token, Host or Origin does not allow this.',
  404: 'The thing named does not exist.',
  409: 'The request contradicts the present state.',
  413: 'The body, a key or a list is larger than the limit that the text names.',
  414: 'A part of the path is longer than limit pathPart.',
  415: 'The content type is not one that the route reads.',
  422: 'The data was read and refused.',
  500: 'A fault of the server; its log has the rest.',
  503: 'Something needed is not there yet; trying later can help.',
  507: 'A disk, a quota or a store has no room.',
}

function meaningOf(status: number): string {
  return MEANINGS[status] ?? 'The answer.'
}
