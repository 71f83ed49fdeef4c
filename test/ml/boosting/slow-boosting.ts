import { floatExp } from '../../../src/ml/learn/boosting/plain/float-exp.ts'
import type { Target } from '../../../src/ml/learn/task.ts'
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
  both: number
  gain: number
  left: Row[]
  right: Row[]
}

/** Boosting by trying every question on every row, with nothing clever. Answers its trees and the margins of each output. */
export function boostSlowly(matrix: Matrix, target: Target, weights: number[], params: SlowParams) {
  const rows = weights.map((_, r) =>
    Array.from({ length: matrix.columns }, (_, c) => matrix.values[c * matrix.rows + r]!),
  )
  const { base, scale, off, curve } = lossOf(target, weights)
  const margins = base.map((own) => weights.map(() => (target.kind === 'regression' ? 0 : own)))
  const trees: SlowTree[] = []
  for (let round = 0; round < params.rounds; round++) {
    const before = margins.map((own) => own.slice())
    const residuals = weights.map((weight, r) => f(weight) * Math.abs(off(before, r, 0).exact))
    const isNumber = target.kind === 'regression'
    const units = {
      g: 1.001 * ((isNumber ? Math.max(...residuals) : Math.max(...weights)) / 32_000),
      h: 1.001 * (Math.max(...weights) * (curve / 4 / 64_000)),
    }
    for (const [k, own] of margins.entries()) {
      const asked = rows.map((values, row): Row => {
        const weight = f(weights[row]!)
        const spread = (Math.imul(row, 0x9e3779b1) + Math.imul(round, 0x2545f491) + Math.imul(k, 0x85ebca6b)) | 0
        const up = (spread >>> 8) / 2 ** 24
        const upToo = (Math.imul(spread, 0x85ebca6b) >>> 8) / 2 ** 24
        const { first, second } = off(before, row, k)
        // In float32, every operation rounded.
        const g = Math.floor(f(f(f(first * weight) * f(1 / units.g)) + up))
        const factor = target.kind === 'multiclass' ? target.classes / (target.classes - 1) : 1
        return { values, row, g, h: Math.floor(f(f(f(second * weight) * f(factor / units.h)) + upToo)) }
      })
      trees.push(growSlowly(asked, { ...params, l1: params.l1 / scale }, units, own))
    }
  }
  return {
    base,
    trees: trees.map((tree) => scaled(tree, scale)),
    margins: margins.map((own) => own.map((m) => m * scale)),
  }
}

function scaled(tree: SlowTree, scale: number): SlowTree {
  if ('leaf' in tree) return { leaf: tree.leaf * scale }
  const { column, threshold, missingLeft, left, right } = tree
  return { column, threshold, missingLeft, left: scaled(left, scale), right: scaled(right, scale) }
}

/** Where it begins, and of a row and output the first two derivatives (in float32) and how far it is off. */
function lossOf(target: Target, weights: number[]) {
  const all = weights.reduce((a, b) => a + b)
  type Off = (margins: number[][], row: number, output: number) => { first: number; second: number; exact: number }
  if (target.kind === 'regression') {
    const values = [...target.values]
    const mean = values.reduce((sum, value, r) => sum + weights[r]! * value, 0) / all
    const scale = Math.max(...values.map((value) => Math.abs(value - mean))) || 1
    const off: Off = (margins, row) => {
      const exact = margins[0]![row]! - (values[row]! - mean) / scale
      return { first: f(exact), second: 1, exact }
    }
    return { base: [mean], scale, off, curve: 4 }
  }
  const labels = [...target.labels]
  const of = (k: number) => labels.reduce((sum, label, r) => sum + (label === k ? weights[r]! : 0), 0)
  if (target.kind === 'binary') {
    const off: Off = (margins, row) => {
      const p = f(1 / f(1 + floatExp(-f(margins[0]![row]!))))
      return { first: f(p - labels[row]!), second: f(p * f(1 - p)), exact: 0 }
    }
    return { base: [log(of(1) / of(0))], scale: 1, off, curve: 1 }
  }
  const { classes } = target
  const off: Off = (margins, row, output) => {
    const own = margins.map((of) => f(of[row]!))
    const shares = own.map((margin) => floatExp(f(margin - Math.max(...own))))
    const p = f(shares[output]! / shares.reduce((a, b) => f(a + b), 0))
    return { first: f(p - (labels[row] === output ? 1 : 0)), second: f(p * f(1 - p)), exact: 0 }
  }
  const base = Array.from({ length: classes }, (_, k) => log(Math.max(of(k), all / (2 * labels.length)) / all))
  return { base, scale: 1, off, curve: classes / (classes - 1) }
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
    const parent = scoreOf(rows, params, units)
    const both = scoreOfTwo(left, right, params, units, extra)
    // What is smaller is rounding.
    if (both <= (best?.both ?? parent * (1 + 1e-10))) return
    const gain = both - parent
    const missingLeft = hasMissing(column) ? missing : sum(left, 'h') >= sum(right, 'h')
    const set = withAbsent(threshold, column, missingLeft)
    const inLeft = (row: Row) => isLeft(row) || (Array.isArray(set) && set.includes(row.values[column]!))
    const parts = { left: rows.filter(inLeft), right: rows.filter((row) => !inLeft(row)) }
    best = { column, threshold: set, missingLeft, both, gain, ...parts }
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

function scoreOf(rows: Row[], params: SlowParams, units: { g: number; h: number }): number {
  const g = shrunk(sum(rows, 'g'), params.l1 / units.g)
  return g === 0 ? 0 : (g * g) / (sum(rows, 'h') + params.l2 / units.h)
}

/** As one fraction: splits that part the rows alike in other columns come to the same to the bit. */
function scoreOfTwo(
  left: Row[],
  right: Row[],
  params: SlowParams,
  units: { g: number; h: number },
  extra: number,
): number {
  const [l, r] = [left, right].map((rows) => shrunk(sum(rows, 'g'), params.l1 / units.g)) as [number, number]
  const [a, b] = [left, right].map((rows) => sum(rows, 'h') + (params.l2 / units.h + extra / units.h)) as [
    number,
    number,
  ]
  return (l * l * b + r * r * a) / (a * b)
}

function leafValueOf(rows: Row[], params: SlowParams, units: { g: number; h: number }): number {
  const h = sum(rows, 'h')
  if (h === 0) return 0
  return ((-shrunk(sum(rows, 'g'), params.l1 / units.g) / (h + params.l2 / units.h)) * units.g) / units.h
}
