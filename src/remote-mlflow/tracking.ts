import { PlatformError } from '../base/errors.ts'
import { MLFLOW_FILE_MS } from '../base/time-limits.ts'
import { proxyPathOf } from '../mlflow/artifact-uri.ts'
import type { Experiment, Run, TrackingApi } from '../tracking/tracking.ts'
import { experimentOf, isMissing, listOf, metricOut, runOf } from './read.ts'
import type { Json, Rest } from './rest.ts'

/** The id that was pinned for a run before it was made. */
const PINNED_TAG = 'weir.run_id'
const STAMP_MS = 60_000
const HISTORY_TAG = 'mlflow.log-model.history'

export function remoteTracking(rest: Rest): TrackingApi {
  async function getByName(name: string): Promise<Experiment> {
    const { experiment } = await rest.get('experiments/get-by-name', { experiment_name: name })
    return experimentOf(experiment as Json)
  }

  async function ensure(name: string): Promise<{ experimentId: string }> {
    const found = await getByName(name).catch(isMissing)
    if (found === undefined) {
      // Somebody else may make it between the two calls.
      await rest.postOnce('experiments/create', { name }).catch((error: unknown) => {
        if (!(error instanceof PlatformError) || error.code !== 'already_exists') throw error
      })
    }
    const { experimentId, lifecycleStage } = found ?? (await getByName(name))
    if (lifecycleStage === 'active') return { experimentId }
    throw new PlatformError('conflict', `experiment '${name}' of ${rest.url} is deleted; restore it there first`)
  }

  async function get(runId: string): Promise<Run> {
    const { run } = await rest.get('runs/get', { run_id: runId })
    return runOf(run as Json)
  }

  const search: TrackingApi['runs']['search'] = async (request) => {
    const { experimentIds, filter, orderBy = [], maxResults, pageToken } = request
    const asked = {
      experiment_ids: experimentIds,
      filter,
      order_by: orderBy,
      max_results: maxResults,
      page_token: pageToken,
    }
    const answer = await rest.ask('runs/search', asked)
    return { rows: listOf(answer.runs).map(runOf), nextPageToken: answer.next_page_token as string | undefined }
  }

  /** The run that was made for that id before, or a new one. */
  const create: TrackingApi['runs']['create'] = async (request) => {
    const { experimentId, runId, runName, userId, startTimeMs, tags = {} } = request
    const filter = `tags.\`${PINNED_TAG}\` = '${runId}'`
    const [known] = runId ? (await search({ experimentIds: [experimentId], filter, maxResults: 1 })).rows : []
    if (known) return requireProxy(rest, known)
    const all = Object.entries({ ...tags, ...(runId ? { [PINNED_TAG]: runId } : {}) })
    const { run } = await rest.postOnce('runs/create', {
      experiment_id: experimentId,
      run_name: runName,
      user_id: userId,
      start_time: startTimeMs,
      tags: all.map(([key, value]) => ({ key, value })),
    })
    const made = runOf(run as Json)
    try {
      return requireProxy(rest, made)
    } catch (error) {
      // Nothing will be logged to it: it must not stand there as running.
      const failed = { run_id: made.runId, status: 'FAILED', end_time: startTimeMs }
      await rest.post('runs/update', failed).catch(() => {})
      throw error
    }
  }

  /** A model's description is longer than a tag may be, so it goes the way of the clients. */
  async function logModels(runId: string, history: string): Promise<void> {
    const kept = (await get(runId)).tags.find((tag) => tag.key === HISTORY_TAG)?.value ?? '[]'
    for (const model of JSON.parse(history) as { model_uuid?: string }[]) {
      if (model.model_uuid && kept.includes(model.model_uuid)) continue
      await rest.postOnce('runs/log-model', { run_id: runId, model_json: JSON.stringify(model) })
    }
  }

  const logBatch: TrackingApi['logBatch'] = async (runId, { metrics = [], params = [], tags = [] }) => {
    const history = tags.find((tag) => tag.key === HISTORY_TAG)
    const others = tags.filter((tag) => tag !== history)
    await rest.post('runs/log-batch', { run_id: runId, metrics: metrics.map(metricOut), params, tags: others })
    if (history) await logModels(runId, history.value)
  }

  async function proxyPath(runId: string, path: string): Promise<string> {
    return `${proxyPathOf((await get(runId)).artifactUri)}/${path}`
  }

  return {
    experiments: {
      ensure,
      getByName,
      async search({ maxResults }) {
        const { experiments } = await rest.ask('experiments/search', { max_results: maxResults })
        return { rows: listOf(experiments).map(experimentOf) }
      },
    },
    runs: {
      create,
      get,
      search,
      async update(runId, { status, endTimeMs, runName }) {
        await rest.post('runs/update', { run_id: runId, status, end_time: endTimeMs, run_name: runName })
        return get(runId)
      },
      async logInputs(runId, inputs) {
        const datasets = inputs.map(({ dataset: { sourceType, schema, profile, ...dataset }, tags }) => {
          const texts = { source_type: sourceType, schema: schema ?? undefined, profile: profile ?? undefined }
          return { tags, dataset: { ...dataset, ...texts } }
        })
        await rest.post('runs/log-inputs', { run_id: runId, datasets })
      },
    },
    logBatch,
    artifacts: {
      async putOfRun(runId, file, body) {
        const target = escaped(await proxyPath(runId, file))
        const path = `mlflow-artifacts/artifacts/${target}`
        await rest.bytes({ method: 'PUT', path, body, repeatable: true, timeMs: MLFLOW_FILE_MS })
      },
      // Another server tells no times: what was wrong is tried again once a minute.
      stamp: async () => String(Math.floor(Date.now() / STAMP_MS)),
      async read(uri, file) {
        const target = escaped(`${proxyPathOf(uri)}/${file}`)
        const path = `mlflow-artifacts/artifacts/${target}`
        return rest.bytes({ method: 'GET', path, repeatable: true, timeMs: rest.readMs })
      },
    },
  }
}

function escaped(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

function requireProxy(rest: Rest, run: Run): Run {
  if (run.artifactUri.startsWith('mlflow-artifacts:')) return run
  throw new PlatformError(
    'unsupported',
    `${rest.url} keeps artifacts at '${run.artifactUri.slice(0, 100)}', which only its own machine or cloud account reaches; start it with --serve-artifacts (and make the experiment anew)`,
  )
}
