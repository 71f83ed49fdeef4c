import type { Answered } from './answer.ts'
import { isOfRows } from './troubles.ts'
import type { Batch } from './write-batch.ts'

/** Rows of one request that waits until they are written. */
export type Group = { rows: readonly Answered[]; done(): void; failed(error: unknown): void }

type Told = {
  /** Rows are out of memory: written, or given up. */
  written(rows: readonly Answered[]): void
  unwritable(rows: readonly Answered[]): void
  refused(rows: readonly Answered[]): void
  trouble(error: unknown): void
}

/**
 * One batch at a time. One whose commit was not heard of is sent again under its number, and so never written twice. A row that
 * no table takes is found by halves and given up alone; after any other trouble the rows stay.
 */
export function createSender(writeBatch: (batch: Batch) => Promise<unknown>, told: Told) {
  let number = 0
  /** Sent, and not known to be written. */
  let unsure: Batch | undefined

  let underWay: readonly Answered[] = []

  async function write(batch: Batch): Promise<void> {
    underWay = batch.rows
    try {
      await writeBatch(batch)
      told.written(batch.rows)
    } finally {
      underWay = []
    }
  }

  /** Gives the rows that were not tried. Where `unsure()` has some after it, it has to be tried again. */
  async function send(groups: readonly Group[], rows: readonly Answered[]): Promise<readonly Answered[]> {
    const batch = { number: ++number, rows: [...groups.flatMap((group) => group.rows), ...rows] }
    try {
      await write(batch)
      for (const { done } of groups) done()
      return []
    } catch (error) {
      if (!isOfRows(error)) {
        told.trouble(error)
        refuse(groups, error)
        // The number says whether all of it was written, or nothing; whoever waited was refused either way.
        keep(batch.number, rows)
        return []
      }
      for (const group of groups) await writeAlone(group)
      return writeHalves(rows, false)
    }
  }

  async function writeAlone(group: Group): Promise<void> {
    try {
      await write({ number: ++number, rows: group.rows })
      group.done()
    } catch (error) {
      refuse([group], error)
    }
  }

  function refuse(groups: readonly Group[], error: unknown): void {
    for (const group of groups) {
      told.refused(group.rows)
      group.failed(error)
    }
  }

  /** `tried`: this row was alone and had its second try; its month may have been dropped before the first. */
  async function writeHalves(rows: readonly Answered[], tried: boolean): Promise<readonly Answered[]> {
    if (tried) told.unwritable(rows)
    if (tried || rows.length === 0) return []
    const middle = rows.length >> 1
    let rest = rows
    for (const half of [rows.slice(0, middle), rows.slice(middle)]) {
      rest = rest.slice(half.length)
      const left = half.length === 0 ? [] : await writeHalf(half)
      if (unsure) return [...left, ...rest]
    }
    return []
  }

  async function writeHalf(rows: readonly Answered[]): Promise<readonly Answered[]> {
    const batch = { number: ++number, rows }
    try {
      await write(batch)
      return []
    } catch (error) {
      if (isOfRows(error)) return writeHalves(rows, rows.length === 1)
      told.trouble(error)
      keep(batch.number, rows)
      return []
    }
  }

  function keep(number: number, rows: readonly Answered[]): void {
    unsure = rows.length > 0 ? { number, rows } : undefined
  }

  return {
    send,
    /** Sends again what was not known to be written; false where it has to be tried again. */
    async again(): Promise<{ done: boolean; left: readonly Answered[] }> {
      const batch = unsure
      if (batch === undefined) return { done: true, left: [] }
      try {
        await write(batch)
      } catch (error) {
        if (!isOfRows(error)) {
          told.trouble(error)
          return { done: false, left: [] }
        }
        unsure = undefined
        const left = await writeHalves(batch.rows, false)
        return { done: unsure === undefined, left }
      }
      unsure = undefined
      return { done: true, left: [] }
    },
    /** Being written. */
    underWay: (): readonly Answered[] => underWay,
    unsure: (): readonly Answered[] => unsure?.rows ?? [],
  }
}
