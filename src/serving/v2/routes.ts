/**
 * The open inference protocol, version 2, as KServe and Triton speak it: `GET /v2 /v2/health/live /v2/health/ready`, and of each
 * model `GET /v2/models/{m}[/versions/{v}]`, `…/ready`, `POST …/infer`. One protocol error is `{"error": …}` with the status
 * that the same error has elsewhere. The only version there is, is the one that answers.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import { weirVersion } from '../../base/version.ts'
import {
  aliveAnswer,
  type InferRequest,
  inferAnswer,
  inferRefusal,
  inferRequest,
  modelMetadata,
  modelReadyAnswer,
  serverMetadata,
  serverReadyAnswer,
  versionParam,
} from '../../wire/inference.ts'
import { shown } from '../../wire/limits.ts'
import { type Route, routeOptions } from '../../wire/route.ts'
import { noModel } from '../no-model.ts'
import type { Serving } from '../serving.ts'
import { inferBody, JSON_BYTES, readInferBodies } from './bodies.ts'
import { infer, metadataOf } from './infer.ts'

const OCTETS = 'application/octet-stream'

export async function inferenceRoutes(
  app: FastifyInstance,
  serving: Serving,
  models: readonly string[],
): Promise<void> {
  readInferBodies(app)
  // Whatever refused it: the status stays, and the body is as the protocol has it.
  app.addHook('onSend', async (_request, reply, payload) => {
    if (!String(reply.getHeader('content-type')).startsWith('application/problem+json')) return payload
    const { error: code, detail, request_id } = JSON.parse(String(payload)) as Record<string, unknown>
    reply.header('content-type', 'application/json; charset=utf-8')
    return JSON.stringify({ error: detail, code, request_id })
  })
  serverRoutes(app, serving)
  for (const name of models) {
    const base = `/v2/models/${encodeURIComponent(name)}`
    modelRoutes(app, serving, name, base)
    modelRoutes(app, serving, name, `${base}/versions/:version`)
  }
  for (const path of [
    '',
    '/ready',
    '/infer',
    '/versions/:version',
    '/versions/:version/ready',
    '/versions/:version/infer',
  ]) {
    // Refuses, and names the models that there are.
    const hidden = { schema: { hide: true } }
    const refuse = async ({ params }: { params: unknown }) => serving.serviceOf((params as { name: string }).name)
    if (path.endsWith('infer')) app.post(`/v2/models/:name${path}`, hidden, refuse)
    else app.get(`/v2/models/:name${path}`, hidden, refuse)
  }
}

const options = (route: Omit<Route, 'tag'> & { tag?: Route['tag'] }) =>
  routeOptions({ tag: 'predictions', refusal: inferRefusal, ...route })

function serverRoutes(app: FastifyInstance, serving: Serving): void {
  const state = (summary: string, answer: Route['answers'][number]) =>
    options({ tag: 'state', summary: `${summary} (open inference protocol)`, query: 'any', answers: { 200: answer } })
  app.get('/v2', state('What this server is', serverMetadata), async () => {
    return { name: 'weir', version: await weirVersion(), extensions: ['binary_tensor_data'] }
  })
  app.get('/v2/health/live', state('Whether the process answers', aliveAnswer), async () => ({ live: true }))
  app.get('/v2/health/ready', state('Whether predictions can be answered, else 503', serverReadyAnswer), async () => {
    const { reasons } = await serving.readiness()
    if (reasons.length > 0) throw new PlatformError('unavailable', reasons.join('; '))
    return { ready: true }
  })
}

type Versioned = { Params: { version?: string } }

function modelRoutes(app: FastifyInstance, serving: Serving, name: string, base: string): void {
  const params = base.endsWith(':version') ? { params: versionParam, errors: [404] } : {}
  const about = `of ${name} (open inference protocol)`
  const described = options({
    summary: `The inputs and outputs ${about}`,
    query: 'any',
    ...params,
    answers: { 200: modelMetadata },
  })
  app.get<Versioned>(base, described, async ({ params }) => {
    requireVersion(serving, name, params.version)
    return metadataOf(serving, name)
  })
  const ready = options({
    tag: 'state',
    summary: `Whether a version answers ${about}`,
    query: 'any',
    ...params,
    answers: { 200: modelReadyAnswer },
  })
  app.get<Versioned>(`${base}/ready`, ready, async ({ params }) => {
    requireVersion(serving, name, params.version)
    if (!serving.current(name)) throw noModel(name, serving.problem(name))
    return { name, ready: true }
  })
  const asked = options({
    summary: `Predict by join keys or by features, as tensors ${about}`,
    description:
      'Tensors named as the join keys: the live features are read. Tensors named as the features: nothing is read. JSON, or the extension binary_tensor_data.',
    query: 'any',
    ...params,
    errors: [404],
    body: inferRequest,
    valuesLimit: 'rowsBodyValues',
    bodyTypes: [OCTETS],
    answers: { 200: inferAnswer },
  })
  const config = { ...asked.config, model: name }
  app.post<Versioned & { Body: InferRequest }>(
    `${base}/infer`,
    { ...asked, config },
    async ({ params, body }, reply) => {
      requireVersion(serving, name, params.version)
      return sendTensors(reply, await infer(serving, name, body))
    },
  )
}

function sendTensors(reply: FastifyReply, answer: Parameters<typeof inferBody>[0]): FastifyReply {
  const { body, jsonBytes } = inferBody(answer)
  if (jsonBytes === null) return reply.header('content-type', 'application/json; charset=utf-8').send(body)
  return reply.header(JSON_BYTES, String(jsonBytes)).header('content-type', OCTETS).send(body)
}

function requireVersion(serving: Serving, name: string, version: string | undefined): void {
  const live = serving.current(name)
  if (version === undefined || version === live?.version) return
  const answers = live ? `version ${live.version} answers` : 'no version answers'
  throw new PlatformError('not_found', `version ${shown(version)} of ${name} is not served; ${answers}`)
}
