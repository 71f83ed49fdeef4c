import { must } from '../base/assert.ts'
import type { Model } from '../config/project.ts'
import type { TrainingData } from '../features/offline/read-training-set.ts'
import type { SplitInput } from '../ml/learn/splits.ts'
import { type Task, takeTarget } from '../ml/learn/task.ts'
import { ageInDays, hasAge } from '../ml/model/age.ts'
import type { InputColumn } from '../ml/model/encoder.ts'
import { type Learnable, type Predicted, targetOf, weightsOf } from './targets.ts'

/** A training set as a learner takes it: every row, features in the order of the service; and of whom and when each row is. */
export type Frame = SplitInput & Pick<Task, 'rows' | 'weights'> & Pick<Learnable, 'classes'> & { inputs: InputColumn[] }

const MOMENT = 'event_timestamp'

export type FrameOptions = Predicted & {
  features: readonly string[]
  label: string
  /** The column that says how much a row counts. */
  weight: string | null
}

export function frameOf(data: TrainingData, { features, label, weight, ...predicted }: FrameOptions): Frame {
  const times = must(data.columns.get(MOMENT), `column ${MOMENT} of the training set`).values as string[]
  const inputs = features.map((name): InputColumn => {
    const { type, values, valid } = must(data.columns.get(name), `column ${name} of the training set`)
    return { name, type, values: hasAge(type) ? agesOf(values as string[], valid, times) : values, valid }
  })
  const { target, classes } = targetOf(
    label,
    must(data.columns.get(label), `label ${label} of the training set`),
    predicted,
  )
  const [entities, moments] = [entitiesOf(data), momentsOf(data)]
  const rowName = (r: number) => {
    const { entityKeys, entities: places } = entities
    return `${entityKeys[places[r]!]} at ${moments.periods[moments.moments[r]!]}`
  }
  const weights =
    weight === null
      ? null
      : weightsOf(weight, must(data.columns.get(weight), `weight ${weight} of the training set`), rowName)
  return { rows: data.rows, inputs, target, classes, weights, ...entities, ...moments }
}

/** Dates and moments by their age at the moment of their row. */
function agesOf(values: readonly string[], valid: Uint8Array, times: readonly string[]): Float64Array {
  const known = new Map<string, number>()
  return Float64Array.from(values, (value, r) => {
    if (valid[r] !== 1) return Number.NaN
    const t = times[r]!
    const tMs = known.get(t) ?? Date.parse(t)
    known.set(t, tMs)
    return ageInDays(value, tMs)
  })
}

/** The column of the training set that says how much a row counts; null for none. */
export function weightColumn({ weight }: Pick<Model, 'weight'>): string | null {
  return weight === null ? null : 'column' in weight ? weight.column : weight.feature
}

/** The same of some rows, in their order. */
export function framePart(frame: Frame, rows: Uint32Array): Frame {
  const inputs = frame.inputs.map(({ values, valid, ...input }): InputColumn => {
    const taken =
      values instanceof Float64Array ? Float64Array.from(rows, (r) => values[r]!) : Array.from(rows, (r) => values[r]!)
    return { ...input, values: taken, valid: Uint8Array.from(rows, (r) => valid[r]!) }
  })
  const [entities, moments] = [frame.entities, frame.moments].map((places) => Uint32Array.from(rows, (r) => places[r]!))
  return {
    ...frame,
    rows: rows.length,
    inputs,
    target: takeTarget(frame.target, rows),
    weights: frame.weights && Float64Array.from(rows, (r) => frame.weights![r]!),
    entities: entities!,
    moments: moments!,
  }
}

/** The columns before the moment are the keys of the entity. */
function entitiesOf(data: TrainingData): Pick<Frame, 'entities' | 'entityKeys'> {
  const names = [...data.columns.keys()]
  const keys = names.slice(0, names.indexOf(MOMENT)).map((name) => must(data.columns.get(name)))
  const places = new Map<string, number>()
  const entities = new Uint32Array(data.rows)
  for (let r = 0; r < data.rows; r++) {
    // An Int64 beyond 2^53 is rounded here: two such neighbours stand on one side.
    const key =
      keys.length === 1 ? String(keys[0]!.values[r]) : JSON.stringify(keys.map(({ values }) => String(values[r])))
    const place = places.get(key) ?? places.size
    places.set(key, place)
    entities[r] = place
  }
  return { entities, entityKeys: [...places.keys()] }
}

function momentsOf(data: TrainingData): Pick<Frame, 'moments' | 'periods'> {
  const { values } = must(data.columns.get(MOMENT), `column ${MOMENT} of the training set`)
  // Instants of one spelling: they sort as text.
  const periods = [...new Set(Array.from(values, String))].sort()
  const places = new Map(periods.map((period, place) => [period, place]))
  return { moments: Uint32Array.from({ length: data.rows }, (_, r) => must(places.get(String(values[r])))), periods }
}
