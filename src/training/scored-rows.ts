/**
 * What a registered version says of rows whose outcome is known: of those that its own fit did not learn from, and of those of
 * a later month. For live quality, which is measured on answers where they were kept, and on these where not.
 */
import type { Instant } from '../base/instant.ts'
import type { Features } from '../features/features.ts'
import type { TrainingData } from '../features/offline/read-training-set.ts'
import { splitTrainingSet } from '../ml/learn/splits.ts'
import type { Target } from '../ml/learn/task.ts'
import { encodeColumns } from '../ml/model/encoder.ts'
import { predictAll } from '../ml/model/kinds.ts'
import { calibrateAll, decodeModel, type Model } from '../ml/model/model-file.ts'
import type { Label, Outcome } from '../ml/model/outcome.ts'
import { ownFilesOf } from '../registry/source.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { type Frame, frameOf, framePart, weightColumn } from './frame.ts'
import type { Pinned } from './pin.ts'
import { recordedInputs } from './recorded-inputs.ts'

/** `outputs`: rows x what the model gives, row after row. `classes`: what the numbers of the target stand for. */
export type ScoredRows = { target: Target; classes: readonly Label[]; outputs: Float64Array; outcome: Outcome }

/** `leftOut`: rows that the version learned from, which would flatter it; null where its run does not say which those are. */
export type ScoredMoment = ScoredRows & { leftOut: number | null }

export type ScoredVersion = { name: string; version: number; location: string; runId: string | null }

type Deps = {
  features: Pick<Features, 'trainingSet' | 'readTrainingSet'>
  tracking: Pick<TrackingApi, 'runs' | 'artifacts'>
}

export async function loadModel({ tracking: { artifacts } }: Deps, version: ScoredVersion): Promise<Model> {
  const { read, readVersion = read } = artifacts
  return decodeModel(await readVersion(ownFilesOf(version), 'model.weir'))
}

/** The rows of its own training set that it did not learn from; or why they are not known, in words. */
export async function referenceRows(deps: Deps, version: ScoredVersion): Promise<ScoredRows | { reason: string }> {
  const recorded = await recordedInputs(deps.tracking, version.runId)
  if ('reason' in recorded) return recorded
  const { pinned, trainingSet } = recorded
  const model = await loadModel(deps, version)
  const data = await deps.features.readTrainingSet(trainingSet)
  const frame = frameFor(data, pinned.definitions, trainingSet.label)
  const { test, holdOut } = splitTrainingSet(frame, pinned.definitions.model.split)
  return scored(model, framePart(frame, Uint32Array.from([...test, ...holdOut]).sort()))
}

/**
 * The labelled rows of exactly the moment T, as their features were known then, without those that the version learned from; null where
 * no label of T is known at K. An answer that was kept is better: this is what the version would have said.
 */
export async function scoredMonth(
  deps: Deps,
  definitions: Pick<Pinned['definitions'], 'model' | 'service' | 'label'>,
  version: ScoredVersion,
  { at, knownAt, asOf }: { at: Instant; knownAt: Instant; asOf: Instant },
): Promise<ScoredMoment | null> {
  const model = await loadModel(deps, version)
  const set = await deps.features.trainingSet(
    { model: definitions.model.name, asOf, from: at, knownAt, mode: 'served' },
    { forModel: true },
  )
  const data = await deps.features.readTrainingSet(set)
  const frame = frameFor(data, definitions, set.label)
  const place = frame.periods.indexOf(at)
  if (place < 0) return null
  const learned = await learnedFrom(deps, version, at)
  const all = Uint32Array.from(frame.moments.keys()).filter((r) => frame.moments[r] === place)
  const rows = all.filter((r) => !learned?.has(frame.entityKeys[frame.entities[r]!]!))
  return { ...scored(model, framePart(frame, rows)), leftOut: learned && all.length - rows.length }
}

/** The entities whose rows of that moment its fit has seen; null where its run does not say. */
async function learnedFrom(deps: Deps, version: ScoredVersion, at: Instant): Promise<Set<string> | null> {
  const recorded = await recordedInputs(deps.tracking, version.runId)
  if ('reason' in recorded) return null
  const { pinned, trainingSet } = recorded
  const frame = frameFor(await deps.features.readTrainingSet(trainingSet), pinned.definitions, trainingSet.label)
  const place = frame.periods.indexOf(at)
  if (place < 0) return new Set()
  const { train } = splitTrainingSet(frame, pinned.definitions.model.split)
  const seen = train.filter((r) => frame.moments[r] === place)
  return new Set(Array.from(seen, (r) => frame.entityKeys[frame.entities[r]!]!))
}

function frameFor(
  data: TrainingData,
  { model, service }: Pick<Pinned['definitions'], 'model' | 'service'>,
  label: string,
): Frame {
  const { predicts, positive } = model
  const features = service.features.map(({ name }) => name)
  return frameOf(data, { features, label, weight: weightColumn(model), predicts, positive })
}

function scored(model: Model, frame: Frame): ScoredRows {
  const columns = model.encoder.spec.inputs.map(({ name }) => frame.inputs.find((input) => input.name === name)!)
  const matrix = encodeColumns(model.encoder, columns, frame.rows)
  return {
    target: frame.target,
    classes: frame.classes,
    outputs: calibrateAll(model.calibration, predictAll(model.learned, matrix)),
    outcome: model.outcome,
  }
}
