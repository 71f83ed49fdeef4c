/**
 * The threads of one fit. The first grows the trees and says what is to be done; each takes shards of it until none is left, the
 * first too. Nobody waits for a helper that has not begun: on a busy machine the first does it all itself. Sums are whole
 * numbers, so who summed what changes nothing.
 */
import { Worker } from 'node:worker_threads'
import { compiledUrl } from '../../../base/compiled-url.ts'
import { COMMAND_WORDS, histogramAt, type Layout } from './layout.ts'
import type { Memory } from './memory.ts'
import { type Working, workOnShard } from './shard-work.ts'

export type Team = {
  /** Does a piece of work on every shard. What is summed is in `histogram`, alone; 0 where nothing is. */
  work(words: readonly number[], size: number, histogram: number): void
  close(): void
}

export type HelperTask = { memory: Memory; layout: Layout; number: number }

/** Words of the command. A ticket is the number of the work and the next shard of it, so that a late helper takes none of another. */
export const COMMAND = { sequence: 0, ticket: 1, done: 2, failed: 3, words: 8 } as const
export const STOP = -1
export const SHARD_BITS = 9
const SEQUENCE_MAX = 2 ** 22 - 1

/** Additions to histograms below which calling helpers takes longer than they save. */
const ALONE = 100_000
/** Looks before a thread sleeps: some 20 µs. */
export const LOOKS = 4_000

export function createTeam(working: Working, memory: Memory, threads: number): Team {
  const { kernels, layout, views } = working
  const at = layout.command / 4
  const command = views.words.subarray(at, at + COMMAND_WORDS + threads)
  const words = command.subarray(COMMAND.words, COMMAND_WORDS)
  const helpers = Array.from({ length: threads - 1 }, (_, i) => startHelper({ memory, layout, number: i + 1 }))
  let sequence = 0

  const workTogether = (histogram: number) => {
    sequence = sequence === SEQUENCE_MAX ? 1 : sequence + 1
    Atomics.store(command, COMMAND.done, 0)
    Atomics.store(command, COMMAND.ticket, sequence << SHARD_BITS)
    Atomics.store(command, COMMAND.sequence, sequence)
    Atomics.notify(command, COMMAND.sequence)
    takeShards(working, command, sequence, histogram)
    awaitOthers(command, layout.shards)
    if (Atomics.load(command, COMMAND.failed) !== 0) throw new Error('a thread of the fit failed')
    if (histogram === 0) return
    for (let t = 1; t < threads; t++) {
      if (command[COMMAND_WORDS + t] !== sequence) continue
      kernels.addHistogram(histogram, helperHistogram(layout, t), layout.histogramBytes)
      command[COMMAND_WORDS + t] = 0
    }
  }
  return {
    work(given, size, histogram) {
      words.set(given)
      if (histogram !== 0) kernels.clear(histogram, layout.histogramBytes)
      if (threads > 1 && size * layout.columns > ALONE) workTogether(histogram)
      else for (let shard = 0; shard < layout.shards; shard++) workOnShard(working, words, shard, histogram)
    },
    close() {
      Atomics.store(command, COMMAND.sequence, STOP)
      Atomics.notify(command, COMMAND.sequence)
      for (const helper of helpers) helper.unref()
    },
  }
}

function startHelper(task: HelperTask): Worker {
  const worker = new Worker(compiledUrl('./team-worker.ts', import.meta.url), { workerData: task })
  // What a helper could not begin the first does itself; what it could not end it says in the command.
  worker.on('error', () => {})
  return worker
}

/** Where a helper sums: behind the histograms of the leaves. */
export function helperHistogram(layout: Layout, number: number): number {
  return histogramAt(layout, layout.leaves + number - 1)
}

/** Works on shards of this sequence until none is left. */
export function takeShards(
  working: Working,
  command: Int32Array,
  sequence: number,
  histogram: number,
  onFirst: () => void = () => {},
): void {
  const words = command.subarray(COMMAND.words, COMMAND_WORDS)
  const { shards } = working.layout
  for (let first = true; ; ) {
    const ticket = Atomics.load(command, COMMAND.ticket)
    const shard = ticket & (2 ** SHARD_BITS - 1)
    if (ticket >>> SHARD_BITS !== sequence || shard >= shards) return
    if (Atomics.compareExchange(command, COMMAND.ticket, ticket, ticket + 1) !== ticket) continue
    if (first) onFirst()
    first = false
    try {
      workOnShard(working, words, shard, histogram)
    } catch (error) {
      Atomics.store(command, COMMAND.failed, 1)
      throw error
    } finally {
      if (Atomics.add(command, COMMAND.done, 1) + 1 === shards) Atomics.notify(command, COMMAND.done)
    }
  }
}

function awaitOthers(command: Int32Array, shards: number): void {
  for (let looks = 0; ; looks++) {
    const done = Atomics.load(command, COMMAND.done)
    if (done === shards) return
    if (looks > LOOKS) Atomics.wait(command, COMMAND.done, done, 100)
  }
}
