import type { Use } from './queries.ts'

/** When each token was used last: kept in memory, one entry a token, and written now and then. */
export type LastUse = {
  note(use: Use): void
  /** Writes what is new. What could not be written is tried again with the next. */
  write(): Promise<void>
}

export function createLastUse(record: (uses: Use[]) => Promise<void>): LastUse {
  const fresh = new Map<string, Use>()
  return {
    note(use) {
      fresh.set(use.id, use)
    },
    async write() {
      if (fresh.size === 0) return
      const uses = [...fresh.values()]
      await record(uses)
      for (const use of uses) if (fresh.get(use.id) === use) fresh.delete(use.id)
    },
  }
}
