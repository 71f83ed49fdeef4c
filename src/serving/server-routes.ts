import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import type { RegistryApi } from '../registry/registry.ts'
import { type ModelParams, modelParams, serversAnswer } from '../wire/registry.ts'
import { routeOptions } from '../wire/route.ts'
import type { LiveServer, Servers } from './servers.ts'

export type ServerRouteDeps = { servers: Servers; registry: Pick<RegistryApi, 'inStage'> }

/** `GET /models/{model}/servers`: which processes answer, and with which version. */
export function serverRoutes({ servers, registry }: ServerRouteDeps): FastifyPluginAsync {
  return async (app) => {
    const options = routeOptions({
      tag: 'models',
      summary: 'The processes that answer predictions of a model, and whether all of them have the promoted version',
      params: modelParams,
      answers: { 200: serversAnswer },
    })
    app.get<{ Params: ModelParams }>('/models/:model/servers', options, async ({ params: { model } }) => {
      const [promoted, living] = await Promise.all([registry.inStage(model, 'Production'), servers.of(model)])
      const want = promoted?.version ?? null
      const swapped = living.length > 0 && living.every(({ version }) => version === want)
      return { promoted: want, all_swapped: swapped, servers: living.map((server) => shown(server, servers.id)) }
    })
  }
}

function shown({ id, host, pid, weir, startedAt, seenAt, version, since, problem }: LiveServer, here: string) {
  return { id, host, pid, weir, started_at: startedAt, seen_at: seenAt, version, since, problem, here: id === here }
}
