import { PlatformError } from '../base/errors.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { FoldScore } from '../ml/learn/auto/known-folds.ts'

export type SearchNotes = {
  /** What a search of this run has found before, in a process that was killed. */
  known: Record<string, FoldScore>
  note(name: string, score: FoldScore): void
  /** When all notes are written. */
  written(): Promise<void>
}

/** Notes of a search by its run, in the object store: what a fold gave is a function of what is pinned, so it may be taken again. */
export async function searchNotes(objects: ObjectStore, runId: string): Promise<SearchNotes> {
  const key = `models/searches/${runId}.json`
  const known = await readNotes(objects, key)
  let isDirty = false
  let writing = Promise.resolve()
  return {
    known: { ...known },
    note(name, score) {
      known[name] = score
      if (isDirty) return
      // One write at a time; what is noted meanwhile goes with the next one.
      isDirty = true
      writing = writing.then(() => {
        isDirty = false
        return objects.put(key, Buffer.from(JSON.stringify(known))).then(() => {})
      })
      writing.catch(() => {})
    },
    written: () => writing,
  }
}

async function readNotes(objects: ObjectStore, key: string): Promise<Record<string, FoldScore>> {
  try {
    return JSON.parse((await objects.get(key)).toString()) as Record<string, FoldScore>
  } catch (error) {
    // A file that was cut off is as good as none.
    if (error instanceof SyntaxError || (error instanceof PlatformError && error.code === 'not_found')) return {}
    throw error
  }
}
