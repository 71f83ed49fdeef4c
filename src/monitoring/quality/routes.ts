import type { FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../../base/errors.ts'
import { instantOfMs, parseInstant } from '../../base/instant.ts'
import { requireModel } from '../../config/find.ts'
import type { Project } from '../../config/project.ts'
import type { Sql } from '../../db/sql.ts'
import type { RegistryApi } from '../../registry/registry.ts'
import * as wire from '../../wire/quality.ts'
import { routeOptions } from '../../wire/route.ts'
import { timelineOf } from './timeline.ts'

type Deps = { db: Sql; project: Project; mlflow: { registry: Pick<RegistryApi, 'history'> } }

/** `GET /models/{model}/timeline`. */
export function qualityRoutes({ db, project, mlflow }: Deps): FastifyPluginAsync {
  return async (app) => {
    const timeline = routeOptions({
      tag: 'monitoring',
      summary: 'Drift, estimate, truth, versions and decisions of a model on one axis of time',
      description: 'A figure that was measured again stands with the one that was known first.',
      params: wire.timelineParams,
      query: wire.timelineQuery,
      answers: { 200: wire.timelineAnswer },
      errors: [404],
    })
    app.get<{ Params: wire.TimelineParams; Querystring: wire.TimelineQuery }>(
      '/models/:model/timeline',
      timeline,
      async ({ params, query }): Promise<wire.TimelineAnswer> => {
        const { name } = requireModel(project, params.model)
        const knownAt = query.known_at === undefined ? undefined : parseInstant(query.known_at, 'known_at')
        const [found, history] = await Promise.all([timelineOf(db, name, knownAt), historyOf(mlflow.registry, name)])
        const versions = history
          .filter(({ kind, from, to }) => kind === 'stage' && (from === 'Production' || to === 'Production'))
          .map(({ version, from, to, actor, atMs }) => ({ version, from, to, actor, at: instantOfMs(atMs) }))
          .filter(({ at }) => knownAt === undefined || at <= knownAt)
        return { ...found, versions }
      },
    )
  }
}

/** A model of the project that has no version yet has no history either. */
async function historyOf(registry: Pick<RegistryApi, 'history'>, name: string) {
  try {
    return await registry.history(name)
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'not_found') return []
    throw error
  }
}
