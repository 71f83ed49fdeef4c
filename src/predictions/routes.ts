import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import { type Instant, parseInstant } from '../base/instant.ts'
import { requireModel } from '../config/find.ts'
import type { Project } from '../config/project.ts'
import type { ServiceDefinition } from '../features/define/definitions.ts'
import { keyOfText } from '../features/define/key-text.ts'
import { parseKey } from '../features/define/keys.ts'
import { entityParam } from '../wire/entities.ts'
import { exactJson } from '../wire/exact-json.ts'
import { rowsWithinCells, textPageOfQuery, textToken } from '../wire/page.ts'
import * as wire from '../wire/predictions.ts'
import { routeOptions } from '../wire/route.ts'
import type { AnswerFilter, AnswerPlace } from './answer.ts'
import { answerJson } from './answer-json.ts'
import type { Predictions } from './predictions.ts'
import type { AnswerPage } from './read.ts'

export type AnswerRoutesDeps = {
  predictions: Predictions
  project: Project
  features: { service(name: string): ServiceDefinition }
  /** The view and moment that answers which a snapshot fed have; refuses (not_found) one that there is not. */
  shownBy(snapshot: string): Promise<AnswerFilter>
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** `GET /models/{name}/predictions`, `/predictions/{request}`, `/entities/{entity}/predictions`. */
export function answerRoutes(deps: AnswerRoutesDeps): FastifyPluginAsync {
  return async (app) => {
    // What shows people's values stays in no cache on the way: nobody could take it out of there.
    app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))
    modelRoute(app, deps)
    requestRoute(app, deps)
    entityRoute(app, deps)
  }
}

function modelRoute(app: FastifyInstance, { predictions, project, features, shownBy }: AnswerRoutesDeps): void {
  const options = routeOptions({
    tag: 'predictions',
    summary: 'What a model answered, newest first: by key, version, arm, time, or the snapshot that fed it',
    params: wire.modelParam,
    query: wire.answersQuery,
    answers: { 200: wire.answersAnswer },
    errors: [404],
  })
  app.get<{ Params: { name: string }; Querystring: wire.AnswersQuery }>(
    '/models/:name/predictions',
    options,
    async ({ params, query }, reply) => {
      const { keys, features: used } = features.service(requireModel(project, params.name).featureService)
      const filter: AnswerFilter = {
        ...(query.snapshot === undefined ? {} : await shownBy(query.snapshot)),
        model: params.name,
        key: query.key === undefined ? undefined : parseKey(keys, keyOfText(keys, query.key)),
        version: query.version,
        arm: query.arm,
        ...(query.from === undefined ? {} : { from: parseInstant(query.from, 'from') }),
        ...(query.to === undefined ? {} : { to: parseInstant(query.to, 'to') }),
        refused: query.refused === undefined ? undefined : query.refused === 'true',
      }
      requireOrder(filter)
      const { limit, before } = textPageOfQuery(query, placeOf)
      const page = await predictions.page(filter, { limit: rowsWithinCells(limit, used.length + keys.length), before })
      return reply.header('content-type', JSON_TYPE).send(pageJson(page))
    },
  )
}

function requestRoute(app: FastifyInstance, { predictions }: AnswerRoutesDeps): void {
  const options = routeOptions({
    tag: 'predictions',
    summary: 'What was answered to one request',
    params: wire.requestParam,
    answers: { 200: wire.requestAnswer },
    errors: [404],
  })
  app.get<{ Params: { request: string } }>('/predictions/:request', options, async ({ params }, reply) => {
    const requestId = params.request
    const { answers, next } = await predictions.page({ requestId }, { limit: wire.REQUEST_ANSWERS_MAX })
    if (answers.length === 0) {
      const says = `the log has no answer of request '${requestId}'; an answer is there within a second, and until retention drops its month`
      throw new PlatformError('not_found', says)
    }
    const text = exactJson(wire.requestAnswerOf(requestId, answers.reverse().map(answerJson), next !== null))
    return reply.header('content-type', JSON_TYPE).send(text)
  })
}

function entityRoute(app: FastifyInstance, { predictions, project }: AnswerRoutesDeps): void {
  const options = routeOptions({
    tag: 'predictions',
    summary: 'What models answered for one entity, newest first',
    description: 'Of models that are asked with exactly its join keys.',
    params: entityParam,
    query: wire.entityAnswersQuery,
    answers: { 200: wire.answersAnswer },
    errors: [404],
  })
  app.get<{ Params: { entity: string }; Querystring: wire.EntityAnswersQuery }>(
    '/entities/:entity/predictions',
    options,
    async ({ params, query }, reply) => {
      const entity = project.entities.find(({ name }) => name === params.entity)
      if (!entity) throw new PlatformError('not_found', `there is no entity '${params.entity}'`)
      const key = parseKey(entity.joinKeys, keyOfText(entity.joinKeys, query.key))
      const { limit, before } = textPageOfQuery(query, placeOf)
      const keyNames = entity.joinKeys.map(({ name }) => name)
      const page = await predictions.page({ key, keyNames }, { limit, before })
      return reply.header('content-type', JSON_TYPE).send(pageJson(page))
    },
  )
}

function pageJson({ answers, next }: AnswerPage): string {
  return exactJson({
    answers: answers.map(answerJson),
    next_page_token: next === null ? null : textToken([next.at, next.id]),
  })
}

function placeOf(part: unknown): AnswerPlace | undefined {
  if (!Array.isArray(part) || part.length !== 2) return undefined
  const [at, id] = part as [unknown, unknown]
  if (typeof at !== 'string' || typeof id !== 'number' || !Number.isSafeInteger(id)) return undefined
  try {
    return { at: parseInstant(at), id }
  } catch {
    return undefined
  }
}

function requireOrder({ from, to }: { from?: Instant | undefined; to?: Instant | undefined }): void {
  if (from === undefined || to === undefined || from < to) return
  throw new PlatformError('invalid_argument', 'from: it lies before to, the first moment that is no more among them')
}
