import { floatExp } from '../../../src/ml/learn/boosting/plain/float-exp.ts'
import type { Matrix } from '../../../src/ml/model/trees.ts'
import { log } from '../../../src/ml/numbers/exp.ts'

const f = Math.fround

/** A tree as a person would write it down. `left`: the values that go left, of a category its numbers. */
export type SlowTree =
  | { leaf: number }
  | { column: number; threshold: number | number[]; missingLeft: boolean; left: SlowTree; right: SlowTree }

export type SlowParams = {
  rounds: number
  learningRate: number
  maxLeaves: number
  minSamplesLeaf: number
  minChildHessian: number
  l1: number
  l2: number
  categories: number[]
  cuts: number[][]
}

type Row = { values: number[]; g: number; h: number; row: number }
type Question = {
  column: number
  threshold: number | number[]
  missingLeft: boolean
  gain: number
  left: Row[]
  right: Row[]
}

/** Boosting by trying every question on every row, with nothing clever. Answers its trees and the margins. */
export function boostSlowly(matrix: Matrix, labels: number[], weights: number[], params: SlowParams) {
  const rows = labels.map((_, r) =>
    Array.from({ length: matrix.columns }, (_, c) => matrix.values[c * matrix.rows + r]!),
  )
  const positive = labels.reduce((sum, label, r) => sum + label * weights[r]!, 0)
  const negative = labels.reduce((sum, label, r) => sum + (1 - label) * weights[r]!, 0)
  const base = log(positive / negative)
  const margins = labels.map(() => base)
  const most = Math.max(...weights)
  const units = { g: 1.001 * (most / 32_000), h: 1.001 * (most / 4 / 64_000) }
  const trees: SlowTree[] = []
  for (let round = 0; round < params.rounds; round++) {
    const asked = rows.map((values, row): Row => {
      // In float32, every operation rounded.
      const p = f(1 / f(1 + floatExp(-f(margins[row]!))))
      const weight = f(weights[row]!)
      const spread = (Math.imul(row, 0x9e3779b1) + Math.imul(round, 0x2545f491)) | 0
      const up = (spread >>> 8) / 2 ** 24
      const upToo = (Math.imul(spread, 0x85ebca6b) >>> 8) / 2 ** 24
      const g = Math.floor(f(f(f(f(p - labels[row]!) * weight) * f(1 / units.g)) + up))
      return { values, row, g, h: Math.floor(f(f(f(f(p * f(1 - p)) * weight) * f(1 / units.h)) + upToo)) }
    })
    trees.push(growSlowly(asked, params, units, margins))
  }
  return { base, trees, margins }
}

type Growing = { rows: Row[]; question: Question | undefined; node: { tree: SlowTree } }

function growSlowly(rows: Row[], params: SlowParams, units: { g: number; h: number }, margins: number[]): SlowTree {
  const root: Growing = { rows, question: bestQuestion(rows, params, units), node: { tree: { leaf: 0 } } }
  const leaves = [root]
  while (leaves.length < params.maxLeaves) {
    let best = leaves[0]!
    for (const leaf of leaves) if ((leaf.question?.gain ?? 0) > (best.question?.gain ?? 0)) best = leaf
    const { question } = best
    if (!question) break
    const children = [question.left, question.right].map((part): Growing => {
      return { rows: part, question: bestQuestion(part, params, units), node: { tree: { leaf: 0 } } }
    })
    const { column, threshold, missingLeft } = question
    const [left, right] = children as [Growing, Growing]
    const { node } = best
    // Filled in when the leaves have their values.
    node.tree = {
      column,
      threshold,
      missingLeft,
      get left() {
        return left.node.tree
      },
      get right() {
        return right.node.tree
      },
    }
    leaves[leaves.indexOf(best)] = left
    leaves.push(right)
  }
  for (const { rows: own, node } of leaves) {
    const value = params.learningRate * leafValueOf(own, params, units)
    node.tree = { leaf: value }
    for (const { row } of own) margins[row]! += value
  }
  return root.node.tree
}

function bestQuestion(rows: Row[], params: SlowParams, units: { g: number; h: number }): Question | undefined {
  if (rows.length < 2 * params.minSamplesLeaf) return undefined
  let best: Question | undefined
  const h = sum(rows, 'h')
  const least = Math.max(params.minChildHessian / units.h, ((params.minSamplesLeaf - 0.5) * h) / rows.length, 1e-9)
  const hasMissing = (column: number) => rows.some(({ values }) => Number.isNaN(values[column]))
  const consider = (
    column: number,
    threshold: number | number[],
    missing: boolean,
    goesLeft: (x: number) => boolean,
  ) => {
    const isLeft = ({ values }: Row) => (Number.isNaN(values[column]) ? missing : goesLeft(values[column]!))
    const left = rows.filter(isLeft)
    const right = rows.filter((row) => !isLeft(row))
    if (sum(left, 'h') < least || sum(right, 'h') < least) return
    const count = Array.isArray(threshold) ? new Set(rows.map(({ values }) => String(values[column]))).size : 0
    const extra = count > 4 ? 10 : 0
    const score = (part: Row[], more: number) => scoreOf(part, params, units, more)
    const parent = score(rows, 0)
    const gain = score(left, extra) + score(right, extra) - parent
    // What is smaller is rounding, and so are differences between splits that part the rows alike.
    if (gain <= parent * 1e-10 || gain <= (best?.gain ?? 0) + parent * 1e-12) return
    const missingLeft = hasMissing(column) ? missing : sum(left, 'h') >= sum(right, 'h')
    const set = withAbsent(threshold, column, missingLeft)
    const inLeft = (row: Row) => isLeft(row) || (Array.isArray(set) && set.includes(row.values[column]!))
    const parts = { left: rows.filter(inLeft), right: rows.filter((row) => !inLeft(row)) }
    best = { column, threshold: set, missingLeft, gain, ...parts }
  }
  /** Categories that the node does not have go where the missing go. */
  const withAbsent = (threshold: number | number[], column: number, missingLeft: boolean) => {
    if (!Array.isArray(threshold)) return threshold
    const known = Array.from({ length: params.categories[column]! }, (_, i) => i)
    const absent = known.filter((i) => !rows.some(({ values, g, h }) => values[column] === i && (h > 0 || g !== 0)))
    return [...threshold, ...(missingLeft ? absent : [])].sort((a, b) => a - b)
  }
  for (const [column, categories] of params.categories.entries()) {
    if (categories > 0) {
      considerSets(rows, column, units, consider)
      continue
    }
    const { cuts } = params
    for (const missing of hasMissing(column) ? [false, true] : [false]) {
      for (const cut of cuts[column]!) consider(column, cut, missing, (x) => x <= cut)
      if (hasMissing(column) && !missing) consider(column, Infinity, missing, () => true)
    }
  }
  return best
}

type Consider = (column: number, set: number[], missing: boolean, goesLeft: (x: number) => boolean) => void

function considerSets(rows: Row[], column: number, units: { h: number }, consider: Consider): void {
  const groups = new Map<number, Row[]>()
  for (const row of rows) {
    const x = row.values[column]!
    const key = Number.isNaN(x) ? 1_000 : x
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  const ratio = (group: Row[]) => sum(group, 'g') / (sum(group, 'h') + 10 / units.h)
  const order = [...groups]
    .filter(([, group]) => sum(group, 'h') > 0 || sum(group, 'g') !== 0)
    .sort(([a, x], [b, y]) => ratio(x) - ratio(y) || a - b)
    .map(([key]) => key)
  for (let size = 1; size < order.length; size++) {
    const set = order.slice(0, size)
    consider(
      column,
      set.filter((key) => key !== 1_000),
      set.includes(1_000),
      (x) => set.includes(x),
    )
  }
}

function sum(rows: Row[], of: 'g' | 'h'): number {
  return rows.reduce((all, row) => all + row[of], 0)
}

function shrunk(g: number, l1: number): number {
  return Math.sign(g) * Math.max(0, Math.abs(g) - l1)
}

function scoreOf(rows: Row[], params: SlowParams, units: { g: number; h: number }, extra: number): number {
  const g = shrunk(sum(rows, 'g'), params.l1 / units.g)
  return (g * g) / (sum(rows, 'h') + (params.l2 / units.h + extra / units.h))
}

function leafValueOf(rows: Row[], params: SlowParams, units: { g: number; h: number }): number {
  const h = sum(rows, 'h')
  if (h === 0) return 0
  return ((-shrunk(sum(rows, 'g'), params.l1 / units.g) / (h + params.l2 / units.h)) * units.g) / units.h
}
