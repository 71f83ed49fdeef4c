import type { FastifyInstance } from 'fastify'
import { type InvocationRequest, invocationRequest, rowsOfInvocation, valuesOfRows } from '../wire/invocations.ts'
import { invocationAnswerOf } from '../wire/predict.ts'
import { routeOptions } from '../wire/route.ts'
import type { Serving } from './serving.ts'

/** `POST {prefix}/invocations`, as MLflow's scoring server has it. */
export function invocationRoute(app: FastifyInstance, serving: Serving, name: string, prefix: string): void {
  const options = routeOptions({
    tag: 'predictions',
    summary: `Score the caller's own features with the live version of ${name} (MLflow's protocol)`,
    body: invocationRequest,
    valuesLimit: 'rowsBodyValues',
    answers: { 200: invocationAnswerOf(serving.saysOf(name)) },
    errors: [404],
  })
  const config = { ...options.config, model: name }
  app.post<{ Body: InvocationRequest }>(`${prefix}/invocations`, { ...options, config }, async (request) => {
    const rows = rowsOfInvocation(request.body)
    return { predictions: await serving.score(name, (inputs) => valuesOfRows(rows, inputs)) }
  })
}
