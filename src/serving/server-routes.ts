import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import type { Registry, RegistryApi } from '../registry/registry.ts'
import { type ModelParams, modelParams, serversAnswer } from '../wire/registry.ts'
import { routeOptions } from '../wire/route.ts'
import type { LiveServer, Servers } from './servers.ts'

export type ServerRouteDeps = {
  servers: Servers
  registry: Pick<RegistryApi, 'inStage'>
  trials?: Pick<Registry, 'arms'> | undefined
}

/** `GET /models/{model}/servers`: which processes answer, and with which version. */
export function serverRoutes({ servers, registry, trials }: ServerRouteDeps): FastifyPluginAsync {
  return async (app) => {
    const options = routeOptions({
      tag: 'models',
      summary: 'The processes that answer predictions of a model, and whether all of them have the promoted version',
      params: modelParams,
      answers: { 200: serversAnswer },
    })
    app.get<{ Params: ModelParams }>('/models/:model/servers', options, async ({ params: { model } }) => {
      const [promoted, living, arms = []] = await Promise.all([
        registry.inStage(model, 'Production'),
        servers.of(model),
        trials?.arms(model),
      ])
      const want = promoted?.version ?? null
      const swapped = living.length > 0 && living.every(({ version }) => version === want)
      const wanted = arms.map(({ version, role, share }) => ({ version, role, share }))
      const follow = living.length > 0 && living.every((server) => isFollowing(server, wanted))
      return {
        promoted: want,
        all_swapped: swapped,
        arms: wanted,
        all_follow: follow,
        servers: living.map((server) => shown(server, servers.id)),
      }
    })
  }
}

type Wanted = { version: number; role: 'canary' | 'shadow'; share: number }

function isFollowing({ arms }: LiveServer, wanted: readonly Wanted[]): boolean {
  const has = (one: Wanted) =>
    arms?.some(
      ({ version, role, share, problem }) =>
        version === one.version && role === one.role && share === one.share && problem === null,
    ) ?? false
  return (arms?.length ?? 0) === wanted.length && wanted.every(has)
}

const armsShown = (arms: LiveServer['arms']) =>
  (arms ?? []).map(({ version, role, share, problem }) => ({ version, role, share, problem }))

function shown({ id, host, pid, weir, startedAt, seenAt, version, since, problem, arms }: LiveServer, here: string) {
  return {
    id,
    host,
    pid,
    weir,
    started_at: startedAt,
    seen_at: seenAt,
    version,
    since,
    problem,
    arms: armsShown(arms),
    here: id === here,
  }
}
