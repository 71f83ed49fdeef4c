import { momentOfMs } from '../base/instant.ts'
import { longSearch } from '../db/long-work.ts'
import type { Sql } from '../db/sql.ts'
import { jsonNumberOf } from '../wire/json-number.ts'
import type { createExperiments } from './experiments.ts'
import { CONTEXT_TAG, type InputRow } from './queries/inputs.ts'
import { PARENT_TAG } from './queries/parent.ts'
import { type OtherRun, selectChildren, selectExtremes, selectModelNames, selectOther } from './queries/run-page.ts'
import type { createRuns } from './runs.ts'

/** A megabyte of what MLflow 2 knows of models; they have a list of their own. */
const LEFT_OUT = 'mlflow.log-model.history'
const CHILDREN_SHOWN = 200
const INPUTS_SHOWN = 100
const SOURCE_CHARS = 20_000
const TAG_CHARS = 8_000

type Deps = {
  sql: Sql
  runs: Pick<ReturnType<typeof createRuns>, 'get'>
  experiments: Pick<ReturnType<typeof createExperiments>, 'get'>
}

/** All that a page says of one run, but for its curves and files. */
export function createRunPage({ sql, runs, experiments }: Deps) {
  async function about(runId: string) {
    const run = await runs.get(runId)
    const parentId = run.tags.find(({ key }) => key === PARENT_TAG)?.value
    const made = run.models.outputs.map(({ modelId }) => modelId)
    const asked = { runId, experimentId: run.experimentId, limit: CHILDREN_SHOWN }
    const [experiment, extremes, { children, inAll }, parent, models] = await Promise.all([
      experiments.get(run.experimentId),
      longSearch(sql, (tx) => selectExtremes(tx, runId)),
      selectChildren(sql, asked),
      parentId === undefined ? undefined : selectOther(sql, parentId),
      made.length === 0 ? [] : selectModelNames(sql, made),
    ])
    const ends = new Map(extremes.map((one) => [one.key, one]))
    return {
      run: {
        id: run.runId,
        name: run.name,
        experiment: { id: run.experimentId, name: experiment.name },
        user: run.userId,
        status: run.status,
        started_at: momentOfMs(run.startMs),
        ended_at: run.endMs === null ? null : momentOfMs(run.endMs),
        deleted: run.lifecycleStage === 'deleted',
        artifact_uri: run.artifactUri,
      },
      params: run.params,
      tags: run.tags
        .filter(({ key }) => key !== LEFT_OUT)
        .map(({ key, value }) => ({ key, value: value.slice(0, TAG_CHARS) })),
      metrics: run.metrics.map(({ key, value, step, timestampMs }) => {
        const of = ends.get(key)
        const [least, greatest] = [of?.least ?? Number.NaN, of?.greatest ?? Number.NaN]
        const values = { latest: jsonNumberOf(value), least: jsonNumberOf(least), greatest: jsonNumberOf(greatest) }
        return { key, ...values, step, at: momentOfMs(timestampMs), points: of?.points ?? 1 }
      }),
      inputs: run.inputs.slice(0, INPUTS_SHOWN).map(inputOf),
      inputs_in_all: run.inputs.length,
      models: { used: run.models.inputs.map(({ modelId }) => modelId), made: models },
      parent: parent ? otherOf(parent) : null,
      children: children.map(otherOf),
      children_in_all: inAll,
    }
  }
  return { about }
}

function inputOf({ dataset, tags }: InputRow) {
  return {
    name: dataset.name,
    digest: dataset.digest,
    source_type: dataset.sourceType,
    source: dataset.source.slice(0, SOURCE_CHARS),
    profile: dataset.profile?.slice(0, SOURCE_CHARS) ?? null,
    context: tags.find(({ key }) => key === CONTEXT_TAG)?.value ?? null,
  }
}

function otherOf({ id, name, status, startMs }: OtherRun) {
  return { id, name, status, started_at: momentOfMs(startMs) }
}
