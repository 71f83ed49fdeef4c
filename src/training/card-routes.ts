import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import type { RegistryApi } from '../registry/registry.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { type CardParams, cardParams } from '../wire/card.ts'
import { routeOptions } from '../wire/route.ts'
import { CARD_PAGE_POLICY, cardPage } from './card-page.ts'
import { CARD_IMAGES } from './report/card.ts'

export type CardDeps = {
  registry: Pick<RegistryApi, 'getVersion'>
  tracking: Pick<TrackingApi, 'runs' | 'artifacts'>
}

/** `GET /models/{model}/versions/{version}/card`: the model card of a registered version as a page. */
export function cardRoutes({ registry, tracking }: CardDeps): FastifyPluginAsync {
  return async (app) => {
    const options = routeOptions({
      tag: 'state',
      summary: 'The model card of a version, as a page',
      params: cardParams,
      answers: { 200: { type: 'text/html', description: 'The card that weir train wrote, with its curves.' } },
      errors: [404],
    })
    app.get<{ Params: CardParams }>('/models/:model/versions/:version/card', options, async ({ params }, reply) => {
      const { model, version } = params
      const { runId } = await registry.getVersion(model, Number(version))
      if (!runId) throw noCard(params)
      const { artifactUri } = await tracking.runs.get(runId)
      const read = (path: string) => tracking.artifacts.read(artifactUri, path).then(String, absent)
      const card = await read('model_card.md')
      if (card === undefined) throw noCard(params)
      const images = await Promise.all(CARD_IMAGES.map(async ([, file]) => [file, await read(file)] as const))
      const there = images.flatMap(([file, svg]) => (svg === undefined ? [] : [[file, svg] as const]))
      reply.headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': CARD_PAGE_POLICY,
        'x-content-type-options': 'nosniff',
      })
      return reply.send(cardPage(card, new Map(there)))
    })
  }
}

function noCard({ model, version }: CardParams): PlatformError {
  return new PlatformError(
    'not_found',
    `version ${version} of '${model}' has no model card: weir train writes one with each run`,
  )
}

/** Of an artifact that is not there; any other failure is one. */
function absent(error: unknown): undefined {
  if (error instanceof PlatformError && ['not_found', 'file_gone'].includes(error.code)) return undefined
  throw error
}
