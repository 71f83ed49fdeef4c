import { type Difference, pairedDifferences } from '../../ml/measure/paired.ts'
import type { Frame } from '../frame.ts'
import type { Measured } from '../measured.ts'
import { changedRows } from './changes.ts'
import { differenceMetrics, measureNames, measureOf } from './compare.ts'

/**
 * How much of what a model is measured at comes from what was not known yet at T: corrections, and facts that came late.
 * `measures`: as restated ("candidate") against the same learner learned from and asked about what was known at the time
 * ("champion"). `live`: the restated model asked about what was known: what it would have said live.
 */
export type Hindsight = {
  /** Rows that have any other value now, of all, and by feature. */
  changedRows: number
  rows: number
  features: { feature: string; rows: number }[]
  /** Null where nothing changed: then nothing is to be compared. */
  measures: Record<string, Difference> | null
  live: Record<string, number> | null
}

export type HindsightParts = {
  restated: Frame
  served: Frame
  /** The rows that measure the model. */
  measured: Measured
  /** What the model that was learned from restated values gave for the rows that measure it. */
  outputs: Float64Array
  /** The same model asked about the values as they were served. */
  live(): Float64Array
  /** The same learner, learned from the values as they were served, and asked about those. */
  asServed(): Promise<Float64Array>
}

const SEED = 20_240_601

export async function hindsightOf(parts: HindsightParts): Promise<Hindsight> {
  const { restated, served, measured, outputs } = parts
  const changed = restated.inputs.map((input, i) => changedRows(input, served.inputs[i]!))
  const any = Uint8Array.from({ length: restated.rows }, (_, r) => (changed.some((rows) => rows[r] === 1) ? 1 : 0))
  const count = (rows: Uint8Array) => rows.reduce((sum, c) => sum + c, 0)
  const found = {
    changedRows: count(any),
    rows: restated.rows,
    features: restated.inputs
      .map(({ name }, i) => ({ feature: name, rows: count(changed[i]!) }))
      .filter(({ rows }) => rows > 0)
      .sort((a, b) => b.rows - a.rows),
  }
  if (found.changedRows === 0) return { ...found, measures: null, live: null }
  const after = { ...measured, outputs }
  const before = { ...after, outputs: await parts.asServed() }
  const live = { ...after, outputs: parts.live() }
  const names = measureNames(after.target)
  const rows = { rows: after.entities.length, entities: after.entities, seed: SEED }
  return {
    ...found,
    measures: pairedDifferences(rows, names, measureOf(before), measureOf(after)),
    live: Object.fromEntries(names.map((name, i) => [name, once(live)[i]!])),
  }
}

function once(rows: Measured): number[] {
  return measureOf(rows)(new Uint32Array(rows.entities.length).fill(1))
}

/** As metrics of the run: `hindsight_auc`, how much of the area comes from what was not known at T, with its ends. */
export function hindsightMetrics(hindsight: Hindsight | { reason: string } | null): Record<string, number> {
  if (!hindsight || 'reason' in hindsight || !hindsight.measures) return {}
  return Object.fromEntries(
    Object.entries(hindsight.measures).flatMap(([name, found]) => differenceMetrics(`hindsight_${name}`, found)),
  )
}
