/**
 * Which leaf each tree gives a row: the one question that all answers of trees begin with. What was made ready for it is kept
 * with the trees, for as long as somebody has them.
 */
import { type PackedTrees, packTrees } from './packed-trees.ts'
import { ASKS_SET, inSet, MISSING_LEFT, type Questions } from './questions.ts'
import { writeCodes } from './ranked-questions.ts'
import { createTreeKernels, type KernelChoice } from './tree-kernels.ts'
import { type Matrix, rowMajor, type Trees } from './trees.ts'

export type Walker = {
  /** The node of each tree's leaf for one encoded row; they stand until it is asked again. */
  leavesOf(row: Float64Array): Int32Array
  /** For every row of a matrix, block by block and tree by tree; `leaves[r]` is that of row `first + r`. */
  leavesOfAll(matrix: Matrix, visit: (tree: number, first: number, rows: number, leaves: Int32Array) => void): void
}

const NO_SETS = new Uint32Array(0)
/** So many, or fewer where rows are wide: their codes stay in the cache while tree after tree is walked. */
const BLOCK_ROWS = 1_024
const BLOCK_CODES = 2 ** 17
/** Packing a node costs as much as walking a row through that many trees saves. */
const WORTH_PACKING = 4

const walkers = new WeakMap<Trees, Walker>()

export function walkerOf(trees: Trees, questions: Questions | Uint8Array): Walker {
  let walker = walkers.get(trees)
  if (walker === undefined) {
    walker = createWalker(trees, questionsOf(questions), 'fastest')
    walkers.set(trees, walker)
  }
  return walker
}

/** The same, but for few rows the trees are walked as they are. */
export function walkerForRows(trees: Trees, questions: Questions | Uint8Array, rows: number): Walker {
  const isWorth = rows * trees.trees >= WORTH_PACKING * trees.feature.length
  if (isWorth || walkers.has(trees)) return walkerOf(trees, questions)
  return plainWalker(trees, questionsOf(questions))
}

export function createWalker(trees: Trees, questions: Questions, choice: KernelChoice): Walker {
  const packed = packTrees(trees, questions)
  return packed === undefined ? plainWalker(trees, questions) : packedWalker(packed, choice)
}

export function questionsOf(questions: Questions | Uint8Array): Questions {
  return questions instanceof Uint8Array ? { flags: questions, sets: NO_SETS } : questions
}

function packedWalker(given: PackedTrees, choice: KernelChoice): Walker {
  const { trees, nodes, starts, ranked } = given
  const width = ranked.codes
  const block = Math.max(8, Math.min(BLOCK_ROWS, BLOCK_CODES / width))
  const words = nodes.length + starts.length + (1 + block) * width + trees + block
  const kernels = createTreeKernels(choice, 4 * words)
  const copy = (from: Int32Array): Int32Array => {
    const to = kernels.words(from.length)
    to.set(from)
    return to
  }
  const packed = { ...given, nodes: copy(nodes), starts: copy(starts) }
  const [codes, leaves] = [kernels.words(width), kernels.words(trees)]
  const [blockCodes, blockLeaves] = [kernels.words(block * width), kernels.words(block)]
  return {
    leavesOf(row) {
      writeCodes(ranked, row, 0, codes, 0)
      kernels.walkTrees(packed, codes, leaves)
      return leaves
    },
    leavesOfAll(matrix, visit) {
      const { rows, columns } = matrix
      const x = rowMajor(matrix)
      for (let first = 0; first < rows; first += block) {
        const count = Math.min(block, rows - first)
        for (let r = 0; r < count; r++) writeCodes(ranked, x, (first + r) * columns, blockCodes, r * width)
        for (let t = 0; t < trees; t++) {
          kernels.walkRows(packed, t, blockCodes, count, blockLeaves)
          visit(t, first, count, blockLeaves)
        }
      }
    },
  }
}

/** Walks the trees as they are, a question at a time. */
export function plainWalker(trees: Trees, questions: Questions): Walker {
  const leaves = new Int32Array(trees.trees)
  return {
    leavesOf(row) {
      for (let t = 0; t < trees.trees; t++) leaves[t] = leafOf(trees, questions, t, row, 0)
      return leaves
    },
    leavesOfAll(matrix, visit) {
      const { rows, columns } = matrix
      const x = rowMajor(matrix)
      const found = new Int32Array(rows)
      // Tree by tree, since one tree fits the cache and all of them do not.
      for (let t = 0; t < trees.trees; t++) {
        for (let r = 0; r < rows; r++) found[r] = leafOf(trees, questions, t, x, r * columns)
        visit(t, 0, rows, found)
      }
    },
  }
}

/** The leaf that tree t gives the row that begins at `at`. */
function leafOf(
  { roots, feature, right, value }: Trees,
  { flags, sets }: Questions,
  t: number,
  x: Float64Array,
  at: number,
): number {
  let node = roots[t]!
  for (let f = feature[node]!; f >= 0; f = feature[node]!) {
    const v = x[at + f]!
    const flag = flags[node]!
    const left = Number.isNaN(v)
      ? (flag & MISSING_LEFT) !== 0
      : (flag & ASKS_SET) === 0
        ? v <= value[node]!
        : inSet(sets, value[node]!, v)
    node = left ? node + 1 : right[node]!
  }
  return node
}
