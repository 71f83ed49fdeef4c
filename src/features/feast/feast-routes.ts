import { setImmediate } from 'node:timers/promises'
import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify'
import { z } from 'zod'
import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { createGate } from '../../base/gate.ts'
import { instantOfMs, parseInstant } from '../../base/instant.ts'
import type { Log } from '../../base/log.ts'
import { worldError } from '../../base/world.ts'
import type { Project } from '../../config/project.ts'
import { atWork } from '../../db/pulse.ts'
import { notOfType, readJsonValue } from '../../values/json.ts'
import { parseExactJson } from '../../wire/exact-json.ts'
import { type FeastErrorClass, feastErrorJson, onlineAnswerPieces } from '../../wire/feature-server.ts'
import type { FeatureValue } from '../../wire/features.ts'
import { limitOf, type ValuesLimit } from '../../wire/limits.ts'
import type { ServiceDefinition } from '../define/definitions.ts'
import type { KeyInput } from '../define/keys.ts'
import type { Features } from '../features.ts'
import type { Frame } from '../online/write-online.ts'
import { feastRegistryFile, NO_ENTITY } from './registry-file.ts'

export type FeastDeps = {
  features: Features
  project: Project
  clock: Clock
  log: Log
  /** Brings rows of a source into the lake, as a delivery of now. */
  append(source: string, rows: Record<string, FeatureValue>[]): Promise<void>
}

/**
 * The protocol of Feast's feature server, as its clients 0.56 to 0.67 speak it. Clients up to 0.60 send JSON without a
 * content type, so every body is read as JSON. Errors are Feast's own form: a class of feast.errors that the client
 * raises again, or for a body of the wrong shape FastAPI's `detail`. A caller's mistake is never a 5xx, which
 * clients would send again and again.
 */
export function feastRoutes(deps: FeastDeps): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      '*',
      { parseAs: 'string', bodyLimit: limitOf('pushBodyBytes') },
      (_request, body, done) => {
        try {
          done(null, parseExactJson(body as string))
        } catch {
          done(wrongBody([{ loc: ['body'], msg: 'the body is not JSON', type: 'json_invalid' }]), undefined)
        }
      },
    )
    app.setErrorHandler((thrown, request, reply) => {
      const error = worldError(thrown)
      if (!error) throw thrown
      const { feastClass, detail } = error.details as { feastClass?: FeastErrorClass; detail?: unknown }
      if (detail) return sendJson(reply, 422, JSON.stringify({ detail }))
      const status = STATUS[error.code]
      if (status === undefined) throw error
      request.log.debug({ error: error.message }, 'a request of the Feast protocol was refused')
      const named = feastClass ?? (error.code === 'not_found' ? 'FeatureViewNotFoundException' : undefined)
      const text = named ? feastErrorJson(named, error.toCallers) : JSON.stringify(error.toCallers)
      return sendJson(reply, feastClass === 'PushSourceNotFoundException' ? 422 : status, text)
    })
    readRoutes(app, deps)
    writeRoutes(app, deps)
    materializeRoutes(app, deps)
    app.get(
      '/feast/registry.db',
      { schema: { tags: ['feast'], summary: 'A registry file for Feast clients' } },
      (_, reply) => {
        reply.header('content-type', 'application/octet-stream')
        return reply.send(feastRegistryFile(deps.project, { nowMs: deps.clock.nowMs() }))
      },
    )
  }
}

const STATUS: Partial<Record<PlatformError['code'], number>> = {
  invalid_argument: 400,
  config_invalid: 400,
  not_found: 404,
  conflict: 409,
  delivery_refused: 422,
  too_large: 413,
  unavailable: 503,
  storage_refused: 503,
  storage_full: 507,
  unsupported: 422,
}

const frame = z.record(z.string(), z.array(z.unknown()))

const onlineRequest = z.object({
  entities: z.record(z.string(), z.array(z.unknown())),
  features: z.array(z.string()).nullish(),
  feature_service: z.string().nullish(),
  full_feature_names: z.boolean().default(false),
})

const pushRequest = z.object({
  push_source_name: z.string(),
  df: frame,
  to: z.enum(['online', 'offline', 'online_and_offline']).default('online'),
})

const writeRequest = z.object({ feature_view_name: z.string(), df: frame })

const materializeRequest = z.object({
  start_ts: z.string().nullish(),
  end_ts: z.string().nullish(),
  feature_views: z.array(z.string()).nullish(),
})

function readRoutes(app: FastifyInstance, { features, project }: FeastDeps): void {
  const options = {
    ...schema('Live features of many entities', 'onlineBodyValues'),
    bodyLimit: limitOf('onlineBodyBytes'),
  }
  app.post('/get-online-features', options, async (request, reply) => {
    const body = read(onlineRequest, request.body)
    const service = serviceFor(features, project, body)
    const keys = entityKeys(service, body.entities)
    const sent = requestRows(service, body.entities, keys.length)
    const rows = await readInParts(features, service, keys, sent)
    const named = service.keys.map((key) => ({
      ...key,
      values: (body.entities[key.name] ?? []).map((given) => readJsonValue(key.type, given) ?? null),
    }))
    // Clients up to 0.63 ask for a view without an entity by a key of their own, and want it back.
    const dummy = body.entities[NO_ENTITY.joinKey] as FeatureValue[] | undefined
    if (dummy) named.unshift({ name: NO_ENTITY.joinKey, type: NO_ENTITY.type, values: dummy })
    const pieces: string[] = []
    for (const piece of onlineAnswerPieces({ keys: named, features: service.features, rows })) {
      pieces.push(piece)
      if (rows.length > PART_KEYS) await setImmediate()
    }
    return sendJson(reply, 200, pieces.join(''))
  })
}

/** Some entities take a millisecond or two: those who ask for one wait for no more than that. */
const PART_KEYS = 500

const largeReads = createGate({ atOnce: limitOf('longAtOnce'), waiting: limitOf('longWaiting') })

async function readInParts(
  features: Features,
  service: ServiceDefinition,
  keys: KeyInput[],
  sent: FeatureValue[][] | undefined,
) {
  if (keys.length <= PART_KEYS) return features.readOnlineOf(service, keys, sent)
  return largeReads(async () => {
    const rows = []
    for (let from = 0; from < keys.length; from += PART_KEYS) {
      const to = from + PART_KEYS
      rows.push(...(await features.readOnlineOf(service, keys.slice(from, to), sent?.slice(from, to))))
    }
    return rows
  })
}

function serviceFor(features: Features, project: Project, body: z.output<typeof onlineRequest>): ServiceDefinition {
  if (body.feature_service) {
    const name = body.feature_service
    const found = project.featureServices.find((s) => s.name === name)
    if (!found) throw missing('FeatureServiceNotFoundException', `Feature service ${name} does not exist`)
    if (!body.full_feature_names) return features.service(name)
    // A role's name stands for its view.
    if (found.features.some((f) => f.role)) return features.service(name)
    return features.serviceOf(
      found.features.map((f) => `${f.view}:${f.feature}`),
      { fullNames: true },
    )
  }
  if (!body.features?.length) throw wrong('name the features (view:feature) or a feature_service')
  return features.serviceOf(body.features, { fullNames: body.full_feature_names })
}

function entityKeys(service: ServiceDefinition, entities: Frame): KeyInput[] {
  const absent = service.keys.filter((key) => entities[key.name] === undefined).map((key) => `'${key.name}'`)
  if (absent.length > 0) throw wrong(`entities has no ${absent.join(', ')}; it has ${Object.keys(entities).join(', ')}`)
  const lengths = [...new Set(Object.values(entities).map((column) => column.length))]
  if (lengths.length > 1) throw wrong(`the columns of entities have different lengths: ${lengths.join(', ')}`)
  const count = lengths[0] ?? 0
  if (count > limitOf('onlineKeys')) {
    const message = `${count} entities; ask in parts of at most ${limitOf('onlineKeys')} (limit onlineKeys)`
    throw new PlatformError('too_large', message)
  }
  const [only, second] = service.keys
  const column = only && !second ? (entities[only.name] as readonly KeyInput[]) : undefined
  if (column) return [...column]
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(service.keys.map((key) => [key.name, entities[key.name]?.[i]])),
  )
}

function requestRows(service: ServiceDefinition, entities: Frame, count: number): FeatureValue[][] | undefined {
  if (service.request.length === 0) return undefined
  const absent = service.request.filter((column) => entities[column.name] === undefined).map((c) => c.name)
  if (absent.length > 0) {
    const message = `Required request data ${absent.join(', ')} not found in the entity rows`
    throw missing('RequestDataNotFoundInEntityRowsException', message)
  }
  return Array.from({ length: count }, (_, i) =>
    service.request.map(({ name, type }) => {
      const given = entities[name]?.[i]
      const value = readJsonValue(type, given)
      if (value !== undefined) return value
      throw wrong(`row ${i + 1}: ${notOfType(type, given, name)}`)
    }),
  )
}

function writeRoutes(app: FastifyInstance, { features, project, append }: FeastDeps): void {
  app.post(
    '/push',
    schema('Rows of a source, into the online store, the lake, or both', 'rowsBodyValues'),
    async (request, reply) => {
      const { push_source_name: name, df, to } = read(pushRequest, request.body)
      const source = project.sources.find((s) => s.name === name)
      if (!source) throw missing('PushSourceNotFoundException', `Unable to find push source '${name}'`)
      if (to !== 'online') {
        if (source.kind === 'snapshot') {
          const says = `source '${name}' is of kind snapshot, which takes whole states by ingest; push to online only`
          throw new PlatformError('unsupported', says)
        }
        await append(name, await features.pushedRows(name, df))
      }
      if (to !== 'offline') await features.push(name, df)
      return sendJson(reply, 200, 'null')
    },
  )

  app.post('/write-to-online-store', schema('Values of a feature view', 'rowsBodyValues'), async (request, reply) => {
    const { feature_view_name: view, df } = read(writeRequest, request.body)
    await features.writeFeatures(view, df)
    return sendJson(reply, 200, 'null')
  })
}

function materializeRoutes(app: FastifyInstance, { features, project, clock, log }: FeastDeps): void {
  async function materialize(
    query: unknown,
    body: z.output<typeof materializeRequest>,
    reply: FastifyReply,
    since: boolean,
  ) {
    const views = body.feature_views?.length ? body.feature_views : project.featureViews.map((v) => v.name)
    for (const view of views) {
      if (project.featureViews.some((v) => v.name === view)) continue
      throw missing('FeatureViewNotFoundException', `Feature view ${view} does not exist in project ${project.name}`)
    }
    const asOf = body.end_ts ? parseInstant(body.end_ts, 'end_ts') : undefined
    const start = since && body.start_ts ? { since: parseInstant(body.start_ts, 'start_ts') } : {}
    // The end of "until now" is no bound: what happens between two calls would be left out else.
    const bounds = asOf && asOf < instantOfMs(clock.nowMs()) ? { asOf } : {}
    const run = async () => {
      // A database that is away is told at once; the work itself takes as long as it takes.
      await features.viewStates()
      return atWork(() => features.materialize({ views: [...views], ...bounds, ...start, noWait: true }))
    }
    if ((query as Record<string, string>).async !== 'true') {
      await run()
      return sendJson(reply, 200, 'null')
    }
    run().catch((error: unknown) => log.warn({ err: error }, 'a materialization that was asked for failed'))
    return sendJson(reply, 202, JSON.stringify({ status: 'accepted', feature_views: views }))
  }

  app.post('/materialize', schema('Brings features online, between two moments'), (request, reply) =>
    materialize(request.query, read(materializeRequest, request.body), reply, true),
  )
  app.post('/materialize-incremental', schema('Brings online what came since'), (request, reply) =>
    materialize(request.query, read(materializeRequest, request.body), reply, false),
  )
}

function schema(summary: string, valuesLimit: ValuesLimit = 'bodyValues') {
  return { schema: { tags: ['feast'], summary }, config: { valuesLimit } }
}

function read<T extends z.ZodType>(shape: T, body: unknown): z.output<T> {
  const found = shape.safeParse(body)
  if (found.success) return found.data
  throw wrongBody(
    found.error.issues.map((issue) => ({
      loc: ['body', ...issue.path.map(String)],
      msg: issue.message,
      type: issue.code,
    })),
  )
}

function wrongBody(detail: { loc: string[]; msg: string; type: string }[]): PlatformError {
  return new PlatformError('invalid_argument', detail.map((d) => `${d.loc.join('.')}: ${d.msg}`).join('; '), {
    details: { detail },
  })
}

function wrong(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}

function missing(feastClass: FeastErrorClass, message: string): PlatformError {
  return new PlatformError('not_found', message, { details: { feastClass } })
}

function sendJson(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).header('content-type', 'application/json; charset=utf-8').send(text)
}
