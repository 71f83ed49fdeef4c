import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import { createGate } from '../../base/gate.ts'
import type { Project } from '../../config/project.ts'
import { notOfType, readJsonValue } from '../../values/json.ts'
import { type Frame, type OnlineRequest, onlineAnswer, onlineRequest } from '../../wire/feast.ts'
import { onlineAnswerPieces } from '../../wire/feature-server.ts'
import type { FeatureValue } from '../../wire/features.ts'
import { limitOf } from '../../wire/limits.ts'
import type { ServiceDefinition } from '../define/definitions.ts'
import type { KeyInput } from '../define/keys.ts'
import type { Features } from '../features.ts'
import { missing, sendJson, wrong } from './refusals.ts'
import { NO_ENTITY } from './registry-file.ts'
import { feastRoute } from './route.ts'

/** `POST /get-online-features`. */
export function onlineFeaturesRoute(app: FastifyInstance, features: Features, project: Project): void {
  const options = feastRoute({
    summary: 'Live features of many entities',
    body: onlineRequest,
    bodyLimit: 'onlineBodyBytes',
    valuesLimit: 'onlineBodyValues',
    answers: { 200: onlineAnswer },
  })
  app.post<{ Body: OnlineRequest }>('/get-online-features', options, async ({ body }, reply) => {
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

function serviceFor(features: Features, project: Project, body: OnlineRequest): ServiceDefinition {
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
