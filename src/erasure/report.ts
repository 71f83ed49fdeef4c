import type { Rewritten, WalLeft } from '../db/pages.ts'

/** Something that holds a subject, or held it; without a key and without a value. */
export type Place = {
  room: string
  where: string
  count: number
  /** The digests of a file of the lake, before it was written again and since. */
  before?: string
  after?: string
}

/** A host's folder of copies. */
export type HostCopies = { host: string; folder: string; seenAt: string; confirmed: boolean }

export type ErasureReport = {
  /** What was taken out where. */
  places: Place[]
  hosts: HostCopies[]
  /** Tables that were written anew, so that no deleted row lies in a page. */
  pages: Rewritten[]
  wal: WalLeft | null
  /** What nobody looked into, in words. */
  outside: string[]
}
