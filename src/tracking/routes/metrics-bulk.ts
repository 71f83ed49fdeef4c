/** The histories of several runs at once, for the charts of MLflow's pages; also thinned out to so many steps. */
import { longPage } from '../../db/long-work.ts'
import { type Endpoint, JsonPieces } from '../../mlflow/endpoint.ts'
import { type Fields, invalid, missing, optionalInteger, optionalText, textList } from '../../mlflow/read.ts'
import { listJson } from '../../wire/json-stream.ts'
import { limitOf } from '../../wire/limits.ts'
import type { MetricPoint } from '../queries/runs.ts'
import type { Tracking } from '../tracking.ts'
import { metricJson } from '../wire.ts'

const RUNS_MAX = limitOf('historyRuns')
const STEPS_MAX = limitOf('historySteps')

type Step = MetricPoint['step']

export function metricBulkEndpoints({
  metricHistory,
  wholeHistory,
}: Pick<Tracking, 'metricHistory' | 'wholeHistory'>): Endpoint[] {
  /** By run, each in its order, so many in all. */
  async function* inOrder(runIds: readonly string[], key: string, most: number): AsyncGenerator<string[]> {
    let left = most
    for (const runId of runIds) {
      if (left <= 0) return
      const { rows } = await longPage(() => metricHistory(runId, key, { maxResults: left }))
      left -= rows.length
      yield rows.map((point) => textOf(runId, point))
    }
  }

  async function* ofSteps(runIds: readonly string[], key: string, steps: ReadonlySet<Step>): AsyncGenerator<string[]> {
    for (const runId of runIds) {
      const points: MetricPoint[] = []
      for await (const page of wholeHistory(runId, key)) points.push(...page.filter(({ step }) => steps.has(step)))
      yield points.sort(byStep).map((point) => textOf(runId, point))
    }
  }

  async function stepsOf(runIds: readonly string[], key: string): Promise<Step[][]> {
    const ofRuns: Step[][] = []
    for (const runId of runIds) {
      const steps = new Set<Step>()
      for await (const page of wholeHistory(runId, key)) for (const { step } of page) steps.add(step)
      ofRuns.push([...steps].sort(ascending))
    }
    return ofRuns
  }

  return [
    {
      method: 'GET',
      path: 'metrics/get-history-bulk',
      async run(fields) {
        const runIds = textList(fields, 'run_id')
        const what = 'GetMetricHistoryBulk request'
        if (runIds.length === 0) throw invalid(`${what} must specify at least one run_id.`)
        if (runIds.length > RUNS_MAX) {
          throw invalid(`${what} cannot specify more than ${RUNS_MAX} run_ids. Received ${runIds.length} run_ids.`)
        }
        const key = optionalText(fields, 'metric_key')
        if (key === undefined) throw invalid(`${what} must specify a metric_key.`)
        const most = Math.min(optionalInteger(fields, 'max_results') ?? limitOf('historyPage'), limitOf('historyPage'))
        return new JsonPieces(listJson({ name: 'metrics', items: inOrder([...runIds].sort(), key, most) }))
      },
    },
    {
      method: 'GET',
      path: 'metrics/get-history-bulk-interval',
      async run(fields) {
        const { runIds, key, range, most } = intervalOf(fields)
        const steps = sampled(await stepsOf(runIds, key), range, most)
        return new JsonPieces(listJson({ name: 'metrics', items: ofSteps(runIds, key, steps) }))
      },
    },
  ]
}

function intervalOf(fields: Fields) {
  const runIds = textList(fields, 'run_ids')
  if (runIds.length === 0) throw missing('run_ids')
  if (runIds.length > RUNS_MAX) {
    throw invalid(
      `GetMetricHistoryBulkInterval request must specify at most ${RUNS_MAX} run_ids. Received ${runIds.length} run_ids.`,
    )
  }
  const key = optionalText(fields, 'metric_key')
  if (!key) throw missing('metric_key')
  const most = optionalInteger(fields, 'max_results') ?? STEPS_MAX
  if (most < 1 || most > STEPS_MAX) throw invalid(`max_results must be between 1 and ${STEPS_MAX}.`)
  const [start, end] = [optionalInteger(fields, 'start_step'), optionalInteger(fields, 'end_step')]
  if ((start === undefined) !== (end === undefined)) {
    throw invalid('If either start step or end step are specified, both must be specified.')
  }
  if (start !== undefined && end !== undefined && start > end) {
    throw invalid(`end_step must be greater than start_step. Found start_step=${start} and end_step=${end}.`)
  }
  return { runIds, key, most, range: start === undefined || end === undefined ? undefined : { start, end } }
}

/** About `most` of all steps, evenly, and the first and the last of each run, as MLflow picks them. */
function sampled(ofRuns: Step[][], range: { start: number; end: number } | undefined, most: number): ReadonlySet<Step> {
  const all = [...new Set(ofRuns.flat())].sort(ascending)
  const { start, end } = range ?? { start: 0, end: all.at(-1) ?? 0 }
  const inRange = all.filter((step) => step >= start && step <= end)
  const ends = ofRuns.flatMap((steps) => [steps[0], steps.at(-1)])
  const kept = ends.filter((step): step is Step => step !== undefined && step >= start && step <= end)
  if (inRange.length <= most) return new Set([...inRange, ...kept])
  const every = inRange.length / most
  const picked = Array.from({ length: most }, (_, i) => inRange[Math.floor(i * every)]!)
  return new Set([...picked, inRange.at(-1)!, ...kept])
}

const ascending = (a: Step, b: Step) => (a < b ? -1 : a > b ? 1 : 0)

function byStep(a: MetricPoint, b: MetricPoint): number {
  return ascending(a.step, b.step) || a.timestampMs - b.timestampMs || a.value - b.value
}

const textOf = (runId: string, point: MetricPoint) => JSON.stringify({ ...metricJson(point), run_id: runId })
