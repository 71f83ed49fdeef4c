import { messageOf } from '../../base/errors.ts'
import type { Target } from '../../ml/learn/task.ts'
import { meanOf } from '../../ml/measure/mean.ts'
import { type Difference, pairedDifferences } from '../../ml/measure/paired.ts'
import { rankScores } from '../../ml/measure/ranked.ts'
import { rankedAuc } from '../../ml/measure/roc.ts'
import { encodeColumns, type InputColumn } from '../../ml/model/encoder.ts'
import { predictAll } from '../../ml/model/kinds.ts'
import { calibrateAll, decodeModel, type Model } from '../../ml/model/model-file.ts'
import type { Outcome } from '../../ml/model/outcome.ts'
import type { Measured } from '../measured.ts'
import type { ChampionFile } from './champion.ts'
import { saidAndTrue } from './said-and-true.ts'

/** Rows on which two models are compared, and what the new one gave for them. */
export type ComparedRows = {
  inputs: readonly InputColumn[]
  rows: number
  outcome: Outcome
  measured: Measured
  unseen: boolean
}

/**
 * The new model against the one in Production, on the same rows. `unseen`: neither has learned from any of them; else the
 * champion may have, which speaks for it. Of two classes `auc` and `logloss`, of several `logloss`, of numbers `rmse`.
 */
export type Comparison =
  | { version: number; rows: number; unseen: boolean; differences: Record<string, Difference> }
  | { version: number; reason: string }

/** The seed of the resamples is no choice of the user's. */
const SEED = 20_240_501

export function compareWithChampion(champion: ChampionFile, compared: ComparedRows): Comparison {
  const { version } = champion
  if ('reason' in champion) return champion
  try {
    const outputs = outputsOf(decodeModel(champion.bytes), compared)
    if (typeof outputs === 'string') return { version, reason: outputs }
    const before = { ...compared.measured, outputs }
    return {
      version,
      rows: compared.rows,
      unseen: compared.unseen,
      differences: differencesOf(before, compared.measured),
    }
  } catch (error) {
    return { version, reason: messageOf(error) }
  }
}

/** What the champion gives for the rows; or why it cannot be asked. */
function outputsOf(model: Model, { inputs, rows, outcome: own }: ComparedRows): Float64Array | string {
  const columns: InputColumn[] = []
  for (const { name, type } of model.encoder.spec.inputs) {
    const found = inputs.find((input) => input.name === name)
    if (!found) return `it asks for the feature ${name}, which the new version does not have`
    if (found.type !== type) return `its feature ${name} is a ${type}, and that of the new version a ${found.type}`
    columns.push(found)
  }
  const { outcome } = model
  if (outcome.kind !== own.kind) return `it predicts a ${outcome.kind}, and the new version a ${own.kind}`
  if (outcome.kind !== 'regression' && own.kind !== 'regression') {
    const [before, after] = [outcome, own].map(({ classes }) => JSON.stringify(classes))
    if (before !== after) return `it tells the classes ${before} apart, and the new version ${after}`
  }
  const matrix = encodeColumns(model.encoder, columns, rows)
  return calibrateAll(model.calibration, predictAll(model.learned, matrix))
}

function differencesOf(before: Measured, after: Measured): Record<string, Difference> {
  const { entities, target } = after
  const names = measureNames(target)
  const rows = { rows: entities.length, entities, seed: SEED }
  return pairedDifferences(rows, names, measureOf(before), measureOf(after))
}

/** What two models are compared by. */
export function measureNames(target: Target): string[] {
  if (target.kind === 'regression') return ['rmse']
  return target.kind === 'binary' ? ['auc', 'logloss'] : ['logloss']
}

/** The same measures, in that order, of one model with row i standing `counts[i]` times. */
export function measureOf(measured: Measured): (counts: Uint32Array) => number[] {
  const { target, outputs } = measured
  const { losses } = saidAndTrue(measured)
  if (target.kind === 'regression') return (counts) => [Math.sqrt(meanOf(losses, counts))]
  if (target.kind === 'multiclass') return (counts) => [meanOf(losses, counts)]
  const ranked = rankScores(outputs)
  return (counts) => [rankedAuc(ranked, target.labels, counts), meanOf(losses, counts)]
}

/**
 * Of a comparison as metrics of the run: `champion_auc`, and the difference with its ends. None where the champion may have
 * learned from the rows: its advantage there says nothing.
 */
export function comparisonMetrics(comparison: Comparison | null): Record<string, number> {
  if (!comparison || 'reason' in comparison || !comparison.unseen) return {}
  return Object.fromEntries(
    Object.entries(comparison.differences).flatMap(([name, found]) => [
      [`champion_${name}`, found.champion] as const,
      ...differenceMetrics(`${name}_over_champion`, found),
    ]),
  )
}

/** A difference as metrics: itself, and its ends where they are known. */
export function differenceMetrics(name: string, { difference, interval }: Difference): (readonly [string, number])[] {
  if (!interval) return [[name, difference]]
  return [
    [name, difference],
    [`${name}_low`, interval.low],
    [`${name}_high`, interval.high],
  ]
}
