/** MLflow's JSON as the rows of our own tracking and registry. */
import { PlatformError } from '../base/errors.ts'
import type { ModelVersion, RegisteredModel, Stage } from '../registry/registry.ts'
import type { Experiment, KeyValue, LoggedMetric, Run, RunStatus } from '../tracking/tracking.ts'
import type { Json } from './rest.ts'

/** A list that is left out is empty. */
export function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : []
}

/** For `catch`: what is not there is nothing. */
export function isMissing(error: unknown): undefined {
  if (error instanceof PlatformError && error.code === 'not_found') return undefined
  throw error
}

export function experimentOf(json: Json): Experiment {
  return {
    experimentId: String(json.experiment_id),
    name: String(json.name),
    artifactLocation: String(json.artifact_location ?? ''),
    lifecycleStage: json.lifecycle_stage === 'deleted' ? 'deleted' : 'active',
    creationMs: Number(json.creation_time ?? 0),
    lastUpdateMs: Number(json.last_update_time ?? 0),
    tags: pairsOf(json.tags),
  }
}

export function runOf(json: Json): Run {
  const info = json.info as Json
  const data = (json.data ?? {}) as Json
  return {
    runId: String(info.run_id),
    experimentId: String(info.experiment_id),
    name: String(info.run_name ?? ''),
    userId: String(info.user_id ?? ''),
    status: info.status as RunStatus,
    startMs: Number(info.start_time ?? 0),
    endMs: info.end_time === undefined ? null : Number(info.end_time),
    artifactUri: String(info.artifact_uri),
    lifecycleStage: info.lifecycle_stage === 'deleted' ? 'deleted' : 'active',
    params: pairsOf(data.params),
    tags: pairsOf(data.tags),
    metrics: listOf(data.metrics).map((m) => {
      return {
        key: String(m.key),
        value: Number(m.value),
        timestampMs: Number(m.timestamp),
        step: Number(m.step ?? 0),
      }
    }),
    inputs: [],
    models: { inputs: [], outputs: [] },
  }
}

export function metricOut({ key, value, timestampMs, step }: LoggedMetric): Json {
  return { key, value: Number.isFinite(value) ? value : String(value), timestamp: timestampMs, step }
}

export function versionOf(json: Json): ModelVersion {
  return {
    name: String(json.name),
    version: Number(json.version),
    stage: (json.current_stage ?? 'None') as Stage,
    source: String(json.source ?? ''),
    // Where that server has them is asked when they are read (registry.ts).
    location: String(json.source ?? ''),
    runId: json.run_id ? String(json.run_id) : null,
    runLink: json.run_link ? String(json.run_link) : null,
    description: String(json.description ?? ''),
    status: String(json.status ?? 'READY'),
    statusMessage: json.status_message ? String(json.status_message) : null,
    creationMs: Number(json.creation_timestamp ?? 0),
    lastUpdateMs: Number(json.last_updated_timestamp ?? 0),
    tags: Object.fromEntries(pairsOf(json.tags).map(({ key, value }) => [key, value])),
    aliases: Array.isArray(json.aliases) ? json.aliases.map(String) : [],
  }
}

export function modelOf(json: Json): RegisteredModel {
  return {
    name: String(json.name),
    description: String(json.description ?? ''),
    creationMs: Number(json.creation_timestamp ?? 0),
    lastUpdateMs: Number(json.last_updated_timestamp ?? 0),
    tags: Object.fromEntries(pairsOf(json.tags).map(({ key, value }) => [key, value])),
    aliases: listOf(json.aliases).map((a) => ({ alias: String(a.alias), version: Number(a.version) })),
    latestVersions: listOf(json.latest_versions).map(versionOf),
  }
}

function pairsOf(value: unknown): KeyValue[] {
  return listOf(value).map((pair) => ({ key: String(pair.key), value: String(pair.value ?? '') }))
}
