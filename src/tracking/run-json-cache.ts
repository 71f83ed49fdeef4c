import { LRUCache } from 'lru-cache'
import type { FoundRun } from './queries/find-runs.ts'

/** Characters of JSON that are kept, all runs together. */
const KEPT_MAX = 32_000_000
/** A search that gives more is for an export: it would only push out what others look at. */
const KEEPING_MAX = 2_000

/**
 * Runs as JSON text for the answers of a search, each written once for each revision. The database says which revision
 * is the present one with every search, so any number of servers can share it and nothing goes stale.
 */
export function createRunDocuments<R extends { runId: string }>({
  read,
  write,
}: {
  read(ids: string[]): Promise<R[]>
  write(run: R): Promise<string>
}) {
  const kept = new LRUCache<string, { revision: number; text: string }>({
    maxSize: KEPT_MAX,
    sizeCalculation: ({ text }) => Math.max(text.length, 1),
  })

  /** In the order of `found`; a run that is removed meanwhile is left out. */
  return async function documentsOf(found: readonly FoundRun[]): Promise<string[]> {
    const texts = new Map<string, string>()
    for (const { runId, revision } of found) {
      const known = kept.get(runId)
      if (known?.revision !== revision) continue
      texts.set(runId, known.text)
    }
    const missing = found.filter(({ runId }) => !texts.has(runId))
    // Read after its revision was: the text is of that state or a later one, whose revision is then asked for next.
    const runs = missing.length > 0 ? await read(missing.map(({ runId }) => runId)) : []
    const revisions = new Map(missing.map(({ runId, revision }) => [runId, revision]))
    for (const run of runs) {
      const text = await write(run)
      texts.set(run.runId, text)
      if (found.length <= KEEPING_MAX) kept.set(run.runId, { revision: revisions.get(run.runId)!, text })
    }
    return found.flatMap(({ runId }) => texts.get(runId) ?? [])
  }
}
