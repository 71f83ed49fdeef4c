import type {} from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { readBodiesExactly } from '../wire/exact-json.ts'
import { routeOptions } from '../wire/route.ts'
import { predictModels } from '../wire/what-if.ts'
import { askTurns, type GatekeeperOptions } from './admission/gatekeeper.ts'
import { invocationRoutes } from './invocation-routes.ts'
import { predictionRoutes } from './predict-routes.ts'
import type { Serving } from './serving.ts'
import { stateRoutes } from './state-routes.ts'
import { inferenceRoutes } from './v2/routes.ts'
import { whatIfRoute } from './what-if-routes.ts'

const NONE = { schema: { hide: true } }

/**
 * `GET /health /ready /ready/{model}`, `POST /models/{name}/predict /models/{name}/predict/batch
 * /models/{name}/invocations /models/{name}/what-if`, `GET /models/{name}/ping /predict`, and `/predict /predict/batch /invocations /ping` for the model that is meant without a name.
 */
export function servingRoutes(
  serving: Serving,
  models: readonly string[],
  turns?: GatekeeperOptions,
): FastifyPluginAsync {
  return async (app) => {
    readBodiesExactly(app)
    if (turns !== undefined) askTurns(app, turns)
    stateRoutes(app, serving)
    for (const name of models) {
      predictionRoutes(app, serving, name, pathOf(name))
      whatIfRoute(app, serving, name, pathOf(name))
    }
    predictableRoute(app, serving)
    for (const path of ['predict', 'predict/batch', 'invocations', 'what-if']) {
      app.post<{ Params: { name: string } }>(`/models/:name/${path}`, NONE, async (request) => {
        // Refuses, and names the models that there are.
        serving.serviceOf(request.params.name)
      })
    }
    const meant = serving.defaultModel()
    const places = models.map((name) => ({ name, prefix: pathOf(name) }))
    if (meant !== undefined) places.push({ name: meant, prefix: '' })
    await app.register((scoring) => invocationRoutes(scoring, serving, places))
    await app.register((v2) => inferenceRoutes(v2, serving, models))
    if (meant !== undefined) return predictionRoutes(app, serving, meant, '')
    for (const path of ['/predict', '/predict/batch', '/invocations']) {
      // Refuses, and names the routes of the models that there are.
      app.post(path, NONE, async () => serving.requireDefault((name) => `POST ${pathOf(name)}${path}`))
    }
  }
}

function pathOf(model: string): string {
  return `/models/${encodeURIComponent(model)}`
}

function predictableRoute(app: FastifyInstance, serving: Serving): void {
  const options = routeOptions({
    tag: 'predictions',
    summary: 'What can be predicted: the models, with their keys, their features and the version that answers',
    answers: { 200: predictModels },
  })
  app.get('/predict', options, async () => ({ models: serving.predictable() }))
}
