/** The loss round by round: of rows that no tree has learned from, which say when to stop, and of some that are learned from. */
import { takeTarget } from '../task.ts'
import type { BinTree } from './bin-tree.ts'
import type { BinnedTable } from './binned-table.ts'
import type { BoostSettings, Part, Validation } from './boost-task.ts'
import type { FitMemory } from './fit-memory.ts'
import { lossOf } from './objective.ts'
import { addTree } from './walk.ts'

/** Losses after some of the rounds: logistic loss or cross-entropy, or of numbers the root of the mean squared error. */
export type LossCurve = { of: 'train' | 'valid'; rounds: number[]; losses: number[] }

/** Of so many rows, evenly spaced, is the curve of those that are learned from. */
const TRAIN_ROWS = 1_024

export type Watch = {
  after(round: number, trees: readonly BinTree[]): void
  isOver(): boolean
  best(): number | undefined
  curves(): LossCurve[]
}

type Parts = {
  fit: FitMemory
  table: BinnedTable
  training: Part
  validation: Validation | null
  params: BoostSettings
  scale: number
}

export function watchLoss({ fit, table, training, validation, scale }: Parts): Watch {
  const shown = (loss: number) => (training.target.kind === 'regression' ? Math.sqrt(loss) * scale : loss)
  const ofTraining = trainingLoss(fit, training, scale)
  const held = validation && heldOutLoss(fit, table, validation.part, scale)
  let least = held ? held.now() : 0
  let best = 0
  let last = 0
  const train: LossCurve = { of: 'train', rounds: [], losses: [] }
  const valid: LossCurve = { of: 'valid', rounds: [], losses: [] }
  return {
    after(round, trees) {
      last = round
      if (isPoint(round)) {
        train.rounds.push(round)
        train.losses.push(shown(ofTraining()))
      }
      if (held === null) return
      held.add(trees)
      const loss = held.now()
      if (isPoint(round)) {
        valid.rounds.push(round)
        valid.losses.push(shown(loss))
      }
      if (loss >= least) return
      least = loss
      best = round
    },
    isOver: () => validation !== null && last - best >= validation.patience,
    best: () => (held ? best : undefined),
    curves: () => (held ? [train, valid] : [train]),
  }
}

/** The first eight rounds, then eight of each doubling: at most 100 points of 10,000 rounds. */
export function isPoint(round: number): boolean {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(round)) - 3)
  return round % step === 0
}

function trainingLoss(fit: FitMemory, { target, weights }: Part, scale: number): () => number {
  const { rows } = fit.layout
  const count = Math.min(rows, TRAIN_ROWS)
  const places = Uint32Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count))
  const part = scaled(takeTarget(target, places), fit.base, scale)
  const own = weights && Float64Array.from(places, (place) => weights[place]!)
  const margins = new Float64Array(count * fit.outputs)
  return () => {
    for (let k = 0; k < fit.outputs; k++) {
      const all = fit.marginsOf(k)
      for (let i = 0; i < count; i++) margins[k * count + i] = all[places[i]!]!
    }
    return lossOf(part, own, margins)
  }
}

function heldOutLoss(fit: FitMemory, table: BinnedTable, { rows, target, weights }: Part, scale: number) {
  const part = scaled(target, fit.base, scale)
  const margins = new Float64Array(rows.length * fit.outputs)
  const ofOutput = (k: number) => margins.subarray(k * rows.length, (k + 1) * rows.length)
  for (let k = 0; k < fit.outputs; k++) ofOutput(k).fill(target.kind === 'regression' ? 0 : fit.base[k]!)
  const places = Uint32Array.from(rows, (_, i) => i)
  return {
    add(trees: readonly BinTree[]) {
      for (const [k, tree] of trees.entries()) addTree(table, rows, places, tree, ofOutput(k))
    },
    now: () => lossOf(part, weights, margins),
  }
}

function scaled(target: Part['target'], base: Float64Array, scale: number): Part['target'] {
  if (target.kind !== 'regression') return target
  return { kind: 'regression', values: target.values.map((value) => (value - base[0]!) / scale) }
}
