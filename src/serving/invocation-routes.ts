import type { FastifyInstance } from 'fastify'
import { mlflowCode } from '../mlflow/errors.ts'
import { readBodiesExactly } from '../wire/exact-json.ts'
import { type InvocationRequest, invocationRequest, rowsOfInvocation, valuesOfRows } from '../wire/invocations.ts'
import { invocationAnswerOf } from '../wire/predict.ts'
import { routeOptions } from '../wire/route.ts'
import { jsonOfPython, parsePandasCsv, requireScoringType } from '../wire/scoring-bodies.ts'
import { noModel } from './no-model.ts'
import { invocationOf } from './said.ts'
import type { Serving } from './serving.ts'

/** Each model, and where its routes begin: the one that is meant without a name stands at the root, too. */
export type Places = readonly { name: string; prefix: string }[]

/** `POST {prefix}/invocations` and `GET {prefix}/ping`, as MLflow's scoring server has them. */
export async function invocationRoutes(app: FastifyInstance, serving: Serving, places: Places): Promise<void> {
  readBodiesExactly(app, jsonOfPython)
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, async (_request: unknown, body: string | Buffer) => ({
    dataframe_records: parsePandasCsv(String(body)),
  }))
  // Its clients look for `message`; ours for `detail`. A refusal has both.
  app.addHook('onSend', async (request, reply, payload) => {
    const isProblem = String(reply.getHeader('content-type')).startsWith('application/problem+json')
    if (!isProblem || typeof payload !== 'string' || request.method !== 'POST') return payload
    const told = JSON.parse(payload) as { detail: string; error: string }
    return JSON.stringify({ ...told, error_code: mlflowCode(told.error), message: told.detail })
  })
  for (const { name, prefix } of places) {
    invocationRoute(app, serving, name, prefix)
    pingRoute(app, serving, name, prefix)
  }
}

function invocationRoute(app: FastifyInstance, serving: Serving, name: string, prefix: string): void {
  const options = routeOptions({
    tag: 'predictions',
    summary: `Score the caller's own features with the live version of ${name} (MLflow's protocol)`,
    description: 'JSON in one of four layouts, in which NaN may stand for null; or text/csv as pandas writes it.',
    body: invocationRequest,
    valuesLimit: 'rowsBodyValues',
    bodyTypes: ['text/csv'],
    answers: { 200: invocationAnswerOf(serving.saysOf(name)) },
    errors: [404],
  })
  app.post<{ Body: InvocationRequest }>(
    `${prefix}/invocations`,
    { ...options, config: { ...options.config, model: name } },
    async (request) => {
      requireScoringType(request.headers['content-type'])
      const rows = rowsOfInvocation(request.body)
      const { said, model } = await serving.score(name, (inputs) => valuesOfRows(rows, inputs))
      return { predictions: said.map(invocationOf), model }
    },
  )
}

function pingRoute(app: FastifyInstance, serving: Serving, name: string, prefix: string): void {
  const options = routeOptions({
    tag: 'state',
    summary: `Whether a version of ${name} answers (MLflow's protocol)`,
    query: 'any',
    answers: { 200: { type: 'application/json', description: 'An empty line.' } },
  })
  app.get(`${prefix}/ping`, options, async (_request, reply) => {
    if (!serving.current(name)) throw noModel(name, serving.problem(name))
    return reply.header('content-type', 'application/json').send('\n')
  })
}
