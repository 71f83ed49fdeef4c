/**
 * Trains again what a run recorded, and says whether it comes to the same, and if not, what differs first.
 *
 * Owns no table, and changes nothing: no run, no version. What it builds lies in the object store under its digest, where
 * that of the run lies too when it is the same. Invariants:
 * - "same" is said of equal bytes alone: of the training set and of both model files.
 * - It is always tried: another version of Node or another code can come to the same bytes, and is told beside them.
 */
import { messageOf, PlatformError } from '../base/errors.ts'
import type { TrainingSetRef } from '../features/offline/training-set.ts'
import type { RegistryApi } from '../registry/registry.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import type { Fit, Training } from '../training/training.ts'
import { type Compared, compareBuilds, decides } from './compare-builds.ts'
import { definitionDifferences, inputDifferences } from './differences.ts'
import { type Recorded, recordedOf, runOf } from './recorded.ts'

export const VERDICTS = {
  same: 'the same bytes',
  other_code: 'same data, other code',
  data_missing: 'the data is not there as it was',
  other_environment: 'the environment differs',
  not_reproducible: 'not reproducible',
} as const

export type Verdict = keyof typeof VERDICTS

export type Reproduction = {
  runId: string
  model: string
  version: string | null
  verdict: Verdict
  /** Why the verdict is not "same"; the first is the first that differs on the way from data to model. */
  because: string[]
  /** The commits, and what of the project's files differs. */
  git: Compared['git']
  files: Compared['files']
  /** What differs and made no difference to the bytes; empty unless the verdict is "same". */
  although: string[]
  trainingSet: { recorded: string; again: string | null }
  modelFile: { recorded: string; again: string | null }
  onnx: { recorded: string; again: string | null }
  metrics: { name: string; recorded: number; again: number }[]
}

type Deps = {
  training: Pick<Training, 'pin' | 'record' | 'buildDataset' | 'fit'>
  tracking: Pick<TrackingApi, 'runs' | 'artifacts'>
  registry: Pick<RegistryApi, 'getVersion'>
}

const TIME = 'train_time_sec'
/** What a rebuild meets when rows or files are no longer there. */
const GONE: readonly string[] = ['not_found', 'file_gone', 'corrupt', 'invalid_argument']

export type Reproduce = { reproduce(name: string): Promise<Reproduction> }

export function createReproduce(deps: Deps): Reproduce {
  return { reproduce: (name) => reproduce(deps, name) }
}

/** `MODEL/VERSION`, or the id of a run of `weir train`. */
async function reproduce(deps: Deps, name: string): Promise<Reproduction> {
  const { runId, version } = await runOf(deps.registry, name)
  const run = await deps.tracking.runs.get(runId)
  const recorded = await recordedOf(deps.tracking.artifacts, run.artifactUri, runId)
  const { pinned, trainingSet } = recorded
  const recordedMetrics = new Map(run.metrics.map(({ key, value }) => [key, value]))
  const found = {
    runId,
    model: pinned.model,
    version,
    git: { recorded: pinned.git ?? null, now: null } as Compared['git'],
    files: [] as Compared['files'],
    trainingSet: { recorded: trainingSet.digest, again: null as string | null },
    modelFile: { recorded: recorded.model.digest, again: null as string | null },
    onnx: { recorded: recorded.onnx.digest, again: null as string | null },
    metrics: [] as Reproduction['metrics'],
  }
  const end = (verdict: Verdict, because: string[], although: string[] = []): Reproduction => ({
    ...found,
    verdict,
    because,
    although,
  })

  const { asOf, from, knownAt, mode, model } = pinned
  const now = await deps.training
    .pin({ model, asOf, knownAt, mode, ...(from ? { from } : {}) })
    .catch((error: unknown) => {
      // The project has no such model, or not what it was made of.
      if (error instanceof PlatformError && error.code === 'not_found') return error
      throw error
    })
  if (now instanceof PlatformError) return end('other_code', [now.message])
  const builds = compareBuilds(recorded, now, await deps.training.record(now))
  Object.assign(found, { git: builds.git, files: builds.files })
  const definitions = definitionDifferences(pinned.definitions, now.definitions)
  const ofProject = definitions.length > 0 || decides(pinned.definitions) ? builds.project : []
  const code = [...definitions, ...ofProject, ...builds.code]
  const environment = builds.environment

  let dataset: TrainingSetRef
  try {
    dataset = await deps.training.buildDataset(pinned)
  } catch (error) {
    if (!(error instanceof PlatformError) || !GONE.includes(error.code)) throw error
    const refused = error.code === 'invalid_argument' && [...definitions, ...ofProject].length > 0
    return end(refused ? 'other_code' : 'data_missing', [messageOf(error), ...code])
  }
  found.trainingSet.again = dataset.digest
  if (dataset.digest !== trainingSet.digest) {
    const inputs = inputDifferences(trainingSet.inputs, dataset.inputs)
    if (inputs.length > 0) return end('data_missing', [...inputs, ...code])
    const rows = `the training set of the same snapshots has other bytes (${trainingSet.rows} rows, now ${dataset.rows})`
    return end(code.length > 0 ? 'other_code' : 'not_reproducible', [rows, ...code, ...environment])
  }

  const { learner } = pinned.definitions.model
  if (learner.kind === 'trainer') {
    const says = `the training set is the same; the model came from a command (${learner.command.join(' ')}), which is not run again`
    return end(code.length > 0 ? 'other_code' : 'not_reproducible', [says, ...code, ...environment])
  }
  const fit = await deps.training.fit(pinned, dataset)
  Object.assign(found, compared(fit, recorded, recordedMetrics))
  const differs = [...code, ...environment]
  if (fit.model.digest === recorded.model.digest && fit.onnx.digest === recorded.onnx.digest)
    return end('same', [], differs)
  const first = firstDifference(found.metrics)
  if (environment.length > 0) return end('other_environment', [...environment, ...code, first])
  if (code.length > 0) return end('other_code', [...code, first])
  return end('not_reproducible', ['the same data, code and environment gave another model', first])
}

function compared(fit: Fit, recorded: Recorded, metrics: ReadonlyMap<string, number>) {
  return {
    modelFile: { recorded: recorded.model.digest, again: fit.model.digest },
    onnx: { recorded: recorded.onnx.digest, again: fit.onnx.digest },
    metrics: Object.entries(fit.metrics).flatMap(([name, again]) => {
      const before = metrics.get(name)
      return name === TIME || before === undefined ? [] : [{ name, recorded: before, again }]
    }),
  }
}

function firstDifference(metrics: Reproduction['metrics']): string {
  const found = metrics.find(({ recorded, again }) => recorded !== again)
  return found
    ? `${found.name} was ${found.recorded} and is ${found.again} now`
    : 'the model files differ, and every metric is the same'
}
