import { clusteredAuc, clusteredMean, twoSidedChance } from './clustered.ts'

/** Rows that share a value of a feature: by place, which value each row has; `values` names them. */
export type Division = { feature: string; values: readonly string[]; places: Uint32Array }

/**
 * How a model does among the rows of one value. `said` and `true` are the mean prediction and the mean label (of two
 * outcomes: probability and share); `auc` is there for two outcomes, and null where one of them is absent.
 */
export type Segment = {
  feature: string
  value: string
  rows: number
  said: number
  true: number
  loss: number
  auc: number | null
  aucLow: number | null
  aucHigh: number | null
  /** What is told apart from chance, at 5 % for the whole table together (Bonferroni). */
  findings: SegmentFinding[]
}

export type SegmentFinding = 'says too much' | 'says too little' | 'ranks worse' | 'ranks better'

export type SegmentInput = {
  /** By row: what came true and what was said, as numbers. */
  labels: Float64Array
  said: Float64Array
  /** By row: the loss that is averaged. */
  losses: Float64Array
  entities: Uint32Array
  /** Two outcomes, 0 and 1: then the area under ROC is told too. */
  binary: boolean
}

/** Fewer rows say nothing. */
export const SEGMENT_ROWS_MIN = 30

export function segmentTable(input: SegmentInput, divisions: readonly Division[]): Segment[] {
  const parts = divisions.flatMap((division) => partsOf(division)).filter(({ rows }) => rows.length >= SEGMENT_ROWS_MIN)
  const limit = 0.05 / Math.max(1, parts.length * (input.binary ? 2 : 1))
  const all = Uint32Array.from(input.labels, (_, r) => r)
  const classes = input.binary ? Uint8Array.from(input.labels) : undefined
  const aucOf = (rows: Uint32Array) => classes && clusteredAuc(classes, input.said, rows, input.entities)
  const whole = aucOf(all)
  const tooMuch = input.said.map((p, r) => p - input.labels[r]!)
  return parts.map(({ feature, value, rows }) => {
    const gap = clusteredMean(tooMuch, rows, input.entities)
    const auc = aucOf(rows)
    const findings: SegmentFinding[] = []
    if (twoSidedChance(gap.value / gap.error) < limit)
      findings.push(gap.value > 0 ? 'says too much' : 'says too little')
    if (auc && whole && twoSidedChance((auc.value - whole.value) / auc.error) < limit) {
      findings.push(auc.value < whole.value ? 'ranks worse' : 'ranks better')
    }
    return {
      feature,
      value,
      rows: rows.length,
      said: meanOf(input.said, rows),
      true: meanOf(input.labels, rows),
      loss: meanOf(input.losses, rows),
      auc: known(auc?.value),
      aucLow: known(auc && Math.max(0, auc.value - 1.96 * auc.error)),
      aucHigh: known(auc && Math.min(1, auc.value + 1.96 * auc.error)),
      findings,
    }
  })
}

function partsOf({ feature, values, places }: Division) {
  const lists = values.map(() => [] as number[])
  for (let r = 0; r < places.length; r++) lists[places[r]!]!.push(r)
  return lists.map((rows, v) => ({ feature, value: values[v]!, rows: Uint32Array.from(rows) }))
}

function meanOf(values: Float64Array, rows: Uint32Array): number {
  let sum = 0
  for (const r of rows) sum += values[r]!
  return sum / rows.length
}

function known(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null
}
