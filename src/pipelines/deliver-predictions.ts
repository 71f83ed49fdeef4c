import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { addMs, displayInstant, FIRST_INSTANT, type Instant, instantOfMs } from '../base/instant.ts'
import { requireModel } from '../config/find.ts'
import type { Project, Source } from '../config/project.ts'
import type { Flows } from '../flows/flows.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Duck } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import { ident, literal } from '../lake/quote.ts'
import type { Predictions } from '../predictions/predictions.ts'
import type { RunOptions } from './ingest-month.ts'
import { projectDigest, stepsOfProject } from './same-project.ts'

export const DELIVER_PREDICTIONS = 'deliver_predictions'

/** Younger answers may still be on their way into the log: a batch takes less. */
export const SETTLED_MS = 60_000

export type DeliverPredictionsRequest = { model: string; source: string; from: Instant | null; to: Instant | null }

export type DeliveredPredictions = {
  from: Instant
  to: Instant
  rows: number
  outcome: 'accepted' | 'corrected' | 'unchanged' | 'has nothing new'
  snapshot: string | null
}

type Window = { model: string; source: string; from: Instant; to: Instant }
type Deps = {
  predictions: Predictions
  ingest: Ingest
  lake: Lake
  duck: Pick<Duck, 'session'>
  project: Project
  clock: Clock
}

/**
 * The flow `deliver_predictions`: the answers of a model that were recorded in a window, as a delivery of the moment of its end
 * to a source of changes. By when they were recorded, not by when they were given: so none is in two windows, or in none, however
 * late it was written, and a window that is over never changes. The same window again is unchanged; after a kill it goes on.
 */
export function defineDeliverPredictions(
  flows: Flows,
  deps: Deps,
): (request: DeliverPredictionsRequest, options?: RunOptions) => Promise<DeliveredPredictions> {
  const { project } = deps
  flows.define<Window & { project: string }, DeliveredPredictions>(
    DELIVER_PREDICTIONS,
    async (run, { project: digest, ...window }) => {
      const step = stepsOfProject(run, project, digest)
      return step('deliver', () => deliver(deps, window))
    },
  )
  return async (request, options) => {
    const input = { ...(await windowOf(deps, request)), project: projectDigest(project) }
    const runId = await flows.submit(DELIVER_PREDICTIONS, input, { key: [input] })
    return flows.wait<DeliveredPredictions>(runId, options)
  }
}

async function windowOf({ lake, project, clock }: Deps, request: DeliverPredictionsRequest): Promise<Window> {
  const { model, source } = request
  requireModel(project, model)
  requireChanges(project, source)
  const settled = instantOfMs(Math.floor((clock.nowMs() - SETTLED_MS) / 1000) * 1000)
  const to = request.to ?? settled
  if (to > settled) {
    const says = `to: answers of the last minute may still be on their way; name a moment up to ${displayInstant(settled)}`
    throw new PlatformError('invalid_argument', says)
  }
  const last = request.from ?? (await lake.previous(source, addMs(to, 1)))?.validAt ?? FIRST_INSTANT
  if (last > to) throw new PlatformError('invalid_argument', `from: it lies before to, ${displayInstant(to)}`)
  return { model, source, from: last, to }
}

function requireChanges(project: Project, name: string): Source {
  const source = project.sources.find((one) => one.name === name)
  if (source?.kind === 'changes') return source
  const those = project.sources.filter(({ kind }) => kind === 'changes').map((one) => one.name)
  const there =
    those.length > 0
      ? `the project has ${those.join(', ')}`
      : 'the project has none; docs/guide/prediction-log.md shows one'
  throw new PlatformError(
    'invalid_argument',
    `answers are delivered to a source of kind changes, and '${name}' is none: ${there}`,
  )
}

async function deliver(
  { predictions, ingest, lake, duck, project }: Deps,
  window: Window,
): Promise<DeliveredPredictions> {
  const { model, from, to } = window
  const source = requireChanges(project, window.source)
  const nothing = { from, to, rows: 0, outcome: 'has nothing new' as const, snapshot: null }
  if (from >= to) return nothing
  return lake.withScratch((dir) =>
    duck.session(async (session) => {
      const path = `${dir}/answers.parquet`
      const { rows } = await predictions.table(session, 'answers', { model, from, to, by: 'recorded' })
      if (rows === 0) return nothing
      const held = await session.rows<{ name: string }>(`select column_name as name from (describe answers)`)
      requireColumns(source, new Set(held.map(({ name }) => name)), model)
      const columns = source.columns.map(({ name }) => ident(name))
      await session.run(
        `copy (select ${columns.join(', ')} from answers order by recorded_at, answer_id) to ${literal(path)} (format parquet)`,
      )
      const report = await ingest.ingestParquet({ source: source.name, asOf: to, path, from: `(answers of ${model})` })
      const [done] = report.sources
      return { from, to, rows, outcome: done?.outcome ?? 'unchanged', snapshot: done?.snapshot ?? null }
    }),
  )
}

function requireColumns(source: Source, held: ReadonlySet<string>, model: string): void {
  const unknown = source.columns.filter(({ name }) => !held.has(name)).map(({ name }) => `'${name}'`)
  if (unknown.length === 0) return
  const says = `source '${source.name}' has the column ${unknown.join(', ')}, which answers of ${model} do not have; they have ${[...held].join(', ')}`
  throw new PlatformError('invalid_argument', says)
}
