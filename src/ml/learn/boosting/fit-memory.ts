/** The memory of one fit, filled with its rows, and the threads that work on it. */
import { PlatformError } from '../../../base/errors.ts'
import type { Target } from '../task.ts'
import type { BinnedTable } from './binned-table.ts'
import type { BoostSettings, Part } from './boost-task.ts'
import type { Kernels } from './kernel-set.ts'
import { kernelsOn } from './kernels.ts'
import { BLOCK_ROWS, type Layout, layOut } from './layout.ts'
import { createMemory, type KernelChoice, type Memory, type Views, viewsOf } from './memory.ts'
import { hessianFactor, type Start, type Units, type WeightSums } from './objective.ts'
import { WORK } from './shard-work.ts'
import { createTeam, type Team } from './team.ts'

export type FitMemory = {
  layout: Layout
  views: Views
  kernels: Kernels
  team: Team
  outputs: number
  base: Float64Array
  /** By row; those of a regression are of (value - base) / scale. */
  marginsOf(output: number): Float64Array
}

/** Bins of all rows for which one more thread is worth its start. */
const BINS_A_THREAD = 500_000

export function createFit({
  table,
  training,
  start,
  params,
}: {
  table: BinnedTable
  training: Part
  start: Start
  params: BoostSettings
}): FitMemory {
  const { rows, target } = training
  const most = Math.max(1, Math.floor((rows.length * table.columns) / BINS_A_THREAD))
  const threads = Math.max(1, Math.min(params.threads ?? 1, most, 64))
  const weighted = training.weights !== null
  const layout = layOut({ table, rows: rows.length, target, weighted, leaves: params.maxLeaves, threads })
  const memory = memoryOf(params.kernels ?? 'fastest', layout.bytes)
  const views = viewsOf(memory)
  const kernels = kernelsOn(memory)
  copyRows(table, training, layout, views)
  const marginsOf = (output: number) => {
    const first = (layout.margins + output * layout.marginStride) / 8
    return views.doubles.subarray(first, first + rows.length)
  }
  for (let k = 0; k < layout.outputs; k++) marginsOf(k).fill(target.kind === 'regression' ? 0 : start.base[k]!)
  if (target.kind === 'regression') {
    const first = layout.values / 8
    for (const [i, value] of target.values.entries()) views.doubles[first + i] = (value - start.base[0]!) / start.scale
  } else views.bytes.set(target.labels, layout.labels)
  const team = createTeam({ kernels, layout, views }, memory, threads)
  return { layout, views, kernels, team, outputs: layout.outputs, base: start.base, marginsOf }
}

function memoryOf(choice: KernelChoice, bytes: number): Memory {
  try {
    return createMemory(choice, bytes)
  } catch (cause) {
    const message = `cannot train: the fit needs ${Math.ceil(bytes / 2 ** 20)} MB in one piece; take fewer rows or features`
    throw new PlatformError('invalid_argument', message, { cause })
  }
}

function copyRows(table: BinnedTable, { rows, weights }: Part, layout: Layout, { words, floats }: Views): void {
  const own = table.words
  const bins = new Int32Array(table.bins.buffer, table.bins.byteOffset, table.rows * own)
  for (let i = 0, at = layout.bins / 4; i < rows.length; i++) {
    const from = rows[i]! * own
    for (let w = 0; w < own; w++) words[at++] = bins[from + w]!
  }
  if (weights !== null) floats.set(weights, layout.weights / 4)
}

/** What is left to be learned of numbers; sums are made block by block, so they are the same for any number of threads. */
export function measureResiduals({ layout, views, team }: FitMemory): WeightSums {
  if (layout.kind !== 'regression') return { most: 0, all: 0 }
  team.work([WORK.residuals], layout.rows, 0)
  const sums = { most: 0, all: 0 }
  for (let block = 0; block * BLOCK_ROWS < layout.rows; block++) {
    sums.all += views.doubles[layout.blocks / 8 + 2 * block]!
    sums.most = Math.max(sums.most, views.doubles[layout.blocks / 8 + 2 * block + 1]!)
  }
  return sums
}

export function setUnits({ layout, views }: FitMemory, target: Target, units: Units): void {
  views.doubles[layout.settings / 8] = 1 / units.gradient
  views.doubles[layout.settings / 8 + 1] = hessianFactor(target) / units.hessian
}
