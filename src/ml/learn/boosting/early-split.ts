import { createPrng } from '../../../base/prng.ts'
import { type RowSplit, splitRows } from '../split-rows.ts'
import { cannotTrain, hasTwoOutcomes, type Target, takeTarget } from '../task.ts'

type Rows = { target: Target; together?: Uint32Array | undefined; params: { seed: number } }

/** The rows that early stopping learns from and those that it measures on; refused where one cannot be learned from. */
export function splitEarly({ target, together, params }: Rows, share: number): RowSplit {
  const { seed } = params
  const split = together
    ? splitTogether(together, share, seed)
    : splitRows(target, { testShare: share, seed, stratify: target.kind !== 'regression' })
  if (hasTwoOutcomes(takeTarget(target, split.train)) && split.test.length > 0) return split
  const why = `with earlyStopping.share ${share} no row of one outcome is left to learn from; make it smaller, or earlyStopping null`
  throw cannotTrain(why)
}

/** Whole groups by chance, until they have the share of the rows: who is measured on is nobody that was learned from. */
function splitTogether(together: Uint32Array, share: number, seed: number): RowSplit {
  const groups = new Map<number, number>()
  for (const group of together) groups.set(group, (groups.get(group) ?? 0) + 1)
  const order = [...groups.keys()].sort((a, b) => a - b)
  const prng = createPrng(seed)
  const tested = new Set<number>()
  const wanted = share * together.length
  for (let i = 0, rows = 0; i < order.length && rows < wanted; i++) {
    const j = i + prng.int(order.length - i)
    const group = order[j]!
    order[j] = order[i]!
    tested.add(group)
    rows += groups.get(group)!
  }
  const rows = Uint32Array.from(together, (_, r) => r)
  return {
    train: rows.filter((r) => !tested.has(together[r]!)),
    test: rows.filter((r) => tested.has(together[r]!)),
  }
}
