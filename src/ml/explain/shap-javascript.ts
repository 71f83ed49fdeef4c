import { type ExplainedTree, type Leaves, NODE_WORDS, type Row, SLOT } from './shap-nodes.ts'

/**
 * Adds to `phi`, by column, the Shapley values of one tree for one row (path-dependent TreeSHAP, Lundberg et al. 2018; as a
 * linear walk after Yu et al. 2022, "Linear TreeShap").
 *
 * Each column that a path asks has a factor A(t) = z (1 - t) + o t: z is the share of the training rows that its questions let
 * through, o whether the row passes them (1 or 0). The Shapley value of a column on a path is the leaf's value times (o - z)
 * times the integral over t from 0 to 1 of the product of the other columns' factors. That product is a polynomial, so that a
 * sum over few points of Gauss and Legendre is exact, and all its terms are positive. Down the tree go the products at the
 * points, up come the sums over leaves; an edge whose column was asked before takes the former edge's factor back.
 *
 * The same operations in the same order as kernels/trees.ts: sums at even and odd points apart.
 */
export function explainTree(
  tree: ExplainedTree,
  { codes, shift }: Row,
  { values, stride, output }: Leaves,
  scratch: Float64Array,
  phi: Float64Array,
): void {
  const { words, shares, count, points, gauss } = tree
  const slot = SLOT + 3 * points
  const mask = (1 << shift) - 1
  const [reciprocals, sums] = [SLOT + points, SLOT + 2 * points]
  const goesLeft = (word: number) => (codes[word & mask]! <= word >> shift ? 1 : 0)
  scratch[PASSES] = 1
  scratch[CHANGE] = 0
  for (let k = 0; k < points; k++) {
    scratch[SLOT + k] = gauss[2 * points + k]!
    scratch[reciprocals + k] = 1
    scratch[sums + k] = 0
  }
  if (words[WORD]! < 0) return
  scratch[SIDE] = goesLeft(words[WORD]!)
  let top = 0
  for (let j = 1; j < count; j++) {
    const at = j * NODE_WORDS
    const own = words[at + DEPTH]! * slot
    for (; top >= own; top -= slot) close(scratch, top, slot, points, phi)
    const parent = own - slot
    const former = words[at + FORMER]! * slot
    const z = shares[(at >> 1) + SHARE]!
    const side = scratch[parent + SIDE]!
    const o = (words[at + IS_RIGHT] === 0 ? side : 1 - side) * scratch[former + PASSES]!
    scratch[own + PASSES] = o
    scratch[own + CHANGE] = o - z
    scratch[own + PLACES] = words[at + COLUMN]!
    scratch[own + PLACES + 1] = former
    const isLeaf = words[at + WORD]! < 0
    const value = isLeaf ? values[words[at + LEAF]! * stride + output]! : 0
    for (let k = 0; k < points; k++) {
      const a = z * gauss[k]! + o * gauss[points + k]!
      scratch[own + reciprocals + k] = 1 / a
      const product = scratch[parent + SLOT + k]! * a * scratch[former + reciprocals + k]!
      scratch[own + SLOT + k] = product
      scratch[own + sums + k] = isLeaf ? product * value : 0
    }
    if (!isLeaf) scratch[own + SIDE] = goesLeft(words[at + WORD]!)
    top = own
  }
  for (; top > 0; top -= slot) close(scratch, top, slot, points, phi)
}

/** All below a node is summed: what its edge adds, and its sums to those of its parent. */
function close(scratch: Float64Array, own: number, slot: number, points: number, phi: Float64Array): void {
  const [reciprocals, sums] = [SLOT + points, SLOT + 2 * points]
  const former = scratch[own + PLACES + 1]!
  let [even, odd, formerEven, formerOdd] = [0, 0, 0, 0]
  for (let k = 0; k < points; k += 2) {
    const [a, b] = [scratch[own + sums + k]!, scratch[own + sums + k + 1]!]
    even += a * scratch[own + reciprocals + k]!
    odd += b * scratch[own + reciprocals + k + 1]!
    formerEven += a * scratch[former + reciprocals + k]!
    formerOdd += b * scratch[former + reciprocals + k + 1]!
    scratch[own - slot + sums + k]! += a
    scratch[own - slot + sums + k + 1]! += b
  }
  const added = scratch[own + CHANGE]! * (even + odd) - scratch[former + CHANGE]! * (formerEven + formerOdd)
  phi[scratch[own + PLACES]!]! += added
}

/** A slot for each depth: whether the row passes, o - z, whether it goes left from here, two places; then what is at the points. */
const [PASSES, CHANGE, SIDE, PLACES] = [0, 1, 2, 3]
/** Of a node (shap-nodes.ts). */
const [SHARE, WORD, LEAF, FORMER, DEPTH, COLUMN, IS_RIGHT] = [0, 2, 3, 4, 5, 6, 7]
