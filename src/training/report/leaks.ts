import type { Target } from '../../ml/learn/task.ts'
import { aloneTells } from '../../ml/measure/alone.ts'
import { clusteredMean, twoSidedChance } from '../../ml/measure/clustered.ts'
import type { Frame } from '../frame.ts'
import { changedRows } from './changes.ts'

/**
 * What of a feature may be a leak. `alone`: how well it tells the label by itself (alone.ts). `changed`: the share of rows whose value
 * is another now than it was at T, so that it depends on K. `changeTells`: how much more often (or, of a number, by how much
 * more) the label is there among the changed rows, where that is told apart from chance.
 */
export type FeatureLeak = {
  feature: string
  alone: number
  changed: number | null
  changeTells: number | null
  findings: LeakFinding[]
}

export type LeakFinding = 'tells the label alone' | 'changed after T as the label did' | 'depends on K'

/** A feature that alone tells the label so well is seldom one that was there at T. */
export const ALONE_TOO_WELL = 0.95
const CHANCE = 0.01

/** By feature, those with findings first. `served`: the same rows as they were known at T; null where that is not known. */
export function leaksOf(frame: Frame, served: Frame | null): FeatureLeak[] {
  const labels = labelsOf(frame.target)
  const leaks = frame.inputs.map((input, i): FeatureLeak => {
    const alone = aloneTells(input, frame.target, frame.entities)
    const changed = served ? changedRows(input, served.inputs[i]!) : null
    const findings: LeakFinding[] = []
    if (alone >= ALONE_TOO_WELL) findings.push('tells the label alone')
    const tells = changed ? changeTells(changed, labels, frame) : null
    if (tells !== null) findings.push('changed after T as the label did')
    const share = changed ? changed.reduce((sum, c) => sum + c, 0) / Math.max(1, changed.length) : null
    if (share !== null && share > 0) findings.push('depends on K')
    return { feature: input.name, alone, changed: share, changeTells: tells, findings }
  })
  return leaks.sort((a, b) => rankOf(b) - rankOf(a) || b.alone - a.alone)
}

/** That it depends on K alone is how corrections are; the two others are faults until they are explained. */
function rankOf({ findings }: FeatureLeak): number {
  return findings.reduce((sum, finding) => sum + (finding === 'depends on K' ? 1 : 10), 0)
}

/** The mean label of rows that changed less that of the others, or null where chance could do as much (or too few changed). */
function changeTells(changed: Uint8Array, labels: Float64Array, frame: Frame): number | null {
  const rowsWhere = (value: number) => Uint32Array.from(changed.keys()).filter((r) => changed[r] === value)
  const [yes, no] = [rowsWhere(1), rowsWhere(0)]
  if (yes.length < 10 || no.length < 10) return null
  const [a, b] = [clusteredMean(labels, yes, frame.entities), clusteredMean(labels, no, frame.entities)]
  const error = Math.sqrt(a.error ** 2 + b.error ** 2)
  const difference = a.value - b.value
  const chance = error === 0 ? (difference === 0 ? 1 : 0) : twoSidedChance(difference / error)
  return chance < CHANCE / frame.inputs.length ? difference : null
}

/** Of several classes whether it is the most frequent one. */
function labelsOf(target: Target): Float64Array {
  if (target.kind === 'regression') return target.values
  if (target.kind === 'binary') return Float64Array.from(target.labels)
  const counts = new Uint32Array(target.classes)
  for (const label of target.labels) counts[label]!++
  const most = counts.indexOf(Math.max(...counts))
  return Float64Array.from(target.labels, (label) => (label === most ? 1 : 0))
}
