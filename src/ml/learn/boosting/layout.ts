import type { Target } from '../task.ts'
import { type BinnedTable, LANES } from './binned-table.ts'

/**
 * Where everything lies in the memory of a fit, as addresses in bytes; plain numbers, for every thread the same.
 *
 * A row that has been moved is one record: its bins, its gradient and hessian in one word, its number. Records are moved whole
 * when a node is split, so that a histogram reads memory in order: gathering rows by number takes three times as long once a
 * node has a few per cent of the rows. Of the root, bins and pairs lie apart in the order of the rows.
 *
 * Rows are cut into shards. A node has a range of records in each, and any thread may work on any shard.
 */
export type Layout = {
  kind: Target['kind']
  rows: number
  columns: number
  /** Trees of a round: margins and pairs of each output lie one after the other. */
  outputs: number
  binStride: number
  recordStride: number
  bins: number
  moved: readonly [number, number]
  pairs: number
  pairStride: number
  margins: number
  marginStride: number
  /** Of classes: a byte each. */
  labels: number
  /** Of numbers: a double each. */
  values: number
  /** A float each; 0 where all weigh 1. */
  weights: number
  shards: number
  /** Rows of a shard; the last may have fewer. */
  shardRows: number
  /** For each leaf where its records begin and end in each shard. */
  ranges: number
  leafValues: number
  /** A byte for each leaf: which buffer its records are in. */
  leafBuffers: number
  histograms: number
  histogramBytes: number
  /** Leaves, and behind their histograms one for each thread but the first. */
  leaves: number
  goesLeft: number
  best: number
  /** Sums of one column. */
  scratch: number
  /** Sum and maximum of the residuals of each block. */
  blocks: number
  command: number
  settings: number
  bytes: number
}

/** Shards begin at a multiple of that, and sums of doubles are made by blocks of so many rows: the same for all shards. */
export const BLOCK_ROWS = 4_096
/** Before one word for each thread (team.ts). */
export const COMMAND_WORDS = 32
/** Several for each thread: who is quick takes more. */
const SHARDS_A_THREAD = 4
export const SHARDS_MAX = 256

export type Shape = {
  table: BinnedTable
  rows: number
  target: Target
  weighted: boolean
  leaves: number
  threads: number
}

export function layOut({ table, rows, target, weighted, leaves, threads }: Shape): Layout {
  // Behind the constants of the module.
  let next = 65_536
  const take = (bytes: number) => {
    const at = next
    next += Math.ceil(bytes / 64) * 64
    return at
  }
  const outputs = target.kind === 'multiclass' ? target.classes : 1
  const binStride = table.words * 4
  const recordStride = binStride + 8
  // Gradients are written four at a time.
  const padded = rows + 4
  const wanted = threads === 1 ? 1 : Math.min(SHARDS_MAX, threads * SHARDS_A_THREAD)
  const shardRows = Math.ceil(Math.ceil(rows / wanted) / BLOCK_ROWS) * BLOCK_ROWS
  const shards = Math.ceil(rows / shardRows)
  const histogramBytes = table.columns * LANES * 8
  const pairStride = Math.ceil(padded / 16) * 64
  const marginStride = Math.ceil(padded / 8) * 64
  const layout = {
    kind: target.kind,
    rows,
    columns: table.columns,
    outputs,
    binStride,
    recordStride,
    bins: take(rows * binStride),
    moved: [take(rows * recordStride), take(rows * recordStride)] as const,
    pairs: take(outputs * pairStride),
    pairStride,
    margins: take(outputs * marginStride),
    marginStride,
    labels: take(target.kind === 'regression' ? 0 : padded),
    values: take(target.kind === 'regression' ? padded * 8 : 0),
    weights: weighted ? take(padded * 4) : 0,
    shards,
    shardRows,
    ranges: take(leaves * shards * 8),
    leafValues: take(leaves * 8),
    leafBuffers: take(leaves),
    histograms: take((leaves + threads) * histogramBytes),
    histogramBytes,
    leaves,
    goesLeft: take(256),
    best: take(64),
    scratch: take(LANES * 8),
    blocks: take(Math.ceil(rows / BLOCK_ROWS) * 16),
    command: take(4 * (COMMAND_WORDS + threads)),
    settings: take(8 * 8),
    bytes: 0,
  }
  return { ...layout, bytes: next }
}

export function histogramAt({ histograms, histogramBytes }: Layout, number: number): number {
  return histograms + number * histogramBytes
}

/** The word where the range of a leaf in a shard is: from, then to. */
export function rangeAt({ ranges, shards }: Layout, leaf: number, shard: number): number {
  return ranges / 4 + 2 * (leaf * shards + shard)
}
