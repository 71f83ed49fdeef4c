import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import { displayInstant, parseInstant } from '../base/instant.ts'
import { labelOf, requireModel } from '../config/find.ts'
import type { Project } from '../config/project.ts'
import type { Flows } from '../flows/flows.ts'
import type { FlowSummary } from '../flows/history.ts'
import type { Lake } from '../lake/lake.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { routeOptions } from '../wire/route.ts'
import * as wire from '../wire/trainings.ts'
import { TRAIN_FLOW, type TrainBaseline, type TrainingReport } from './train-baseline.ts'

type Deps = {
  project: Project
  lake: Pick<Lake, 'moments'>
  flows: Pick<Flows, 'list' | 'get' | 'workerLives'>
  trainBaseline: TrainBaseline
  mlflow: { tracking: Pick<TrackingApi, 'runs'> }
}

const MOMENTS_SHOWN = 60
const RECENT_SHOWN = 20

/** `GET POST /trainings`, `GET /trainings/{id}`. A training is a flow: it goes on when the page that started it is closed. */
export function trainingRoutes({ project, lake, flows, trainBaseline, mlflow }: Deps): FastifyPluginAsync {
  return async (app) => {
    const list = routeOptions({
      tag: 'experiments',
      summary: 'What can be trained, and the newest trainings',
      answers: { 200: wire.trainingsAnswer },
    })
    app.get('/trainings', list, async (): Promise<wire.TrainingsAnswer> => {
      const [worker, recent, models] = await Promise.all([
        flows.workerLives(),
        flows.list({ flow: TRAIN_FLOW, limit: RECENT_SHOWN }),
        Promise.all(
          project.models.map(async ({ name, learner, label }) => {
            const { source } = labelOf(project, label)
            const moments = (await lake.moments({ source })).slice(-MOMENTS_SHOWN).reverse()
            return { name, learner: learner.kind, label, source, moments: moments.map(displayInstant) }
          }),
        ),
      ])
      return { worker, models, recent: recent.map(summaryOf) }
    })

    const start = routeOptions({
      tag: 'experiments',
      summary: 'Start a training, as `weir train` does; a worker does it',
      description: 'Watch it with /events?run={id}: its progress carries the loss so far.',
      body: wire.trainingBody,
      answers: { 202: wire.trainingStarted },
      errors: [404],
    })
    app.post<{ Body: wire.TrainingBody }>('/trainings', start, async ({ body }, reply) => {
      const { model, as_of: asOf, from, known_at: knownAt, mode, reuse } = body
      requireModel(project, model)
      const ends = { as_of: asOf, from, known_at: knownAt }
      for (const [name, text] of Object.entries(ends)) if (text !== undefined) parseInstant(text, name)
      if (from !== undefined && parseInstant(from) > parseInstant(asOf)) {
        throw new PlatformError('invalid_argument', `from ${from} is after as_of ${asOf}`)
      }
      const id = await trainBaseline.submit({ model, asOf, from, knownAt, mode, reuse })
      const answer: wire.TrainingStarted = { id, worker: await flows.workerLives() }
      return reply.code(202).send(answer)
    })

    const one = routeOptions({
      tag: 'experiments',
      summary: 'How a training stands: its steps, and what it came to',
      params: wire.trainingParams,
      answers: { 200: wire.trainingAnswer },
      errors: [404],
    })
    app.get<{ Params: wire.TrainingParams }>(
      '/trainings/:id',
      one,
      async ({ params }): Promise<wire.TrainingAnswer> => {
        const run = await flows.get(params.id)
        if (run.flow !== TRAIN_FLOW)
          throw new PlatformError('not_found', `there is no training '${params.id.slice(0, 100)}'`)
        const input = run.input as { model: string; asOf: string }
        const report = (run.output ?? null) as TrainingReport | null
        return {
          ...summaryOf(run),
          worker: await flows.workerLives(),
          model: input.model,
          as_of: input.asOf,
          steps: run.steps.map(({ name, state, ms }) => ({ name, state, ms })),
          result: report && { ...resultOf(report), experiment: await experimentOf(mlflow.tracking, report.runId) },
        }
      },
    )
  }
}

function summaryOf({ id, state, submittedAt, startedAt, finishedAt, error }: FlowSummary) {
  return { id, state, submitted_at: submittedAt, started_at: startedAt, finished_at: finishedAt, error }
}

function resultOf({ name, version, runId, reused, rows, features, metrics }: TrainingReport) {
  return { model: name, version, run: runId, reused, rows, features, metrics }
}

/** For a link; null where the run was removed since. */
async function experimentOf({ runs }: Pick<TrackingApi, 'runs'>, runId: string): Promise<string | null> {
  return runs.get(runId).then(
    ({ experimentId }) => experimentId,
    () => null,
  )
}
