import type { Database } from '../db/sql.ts'
import type { Asked } from './queries/attempts.ts'
import { CANCEL_CHANNEL, selectAsked } from './queries/control.ts'

/** Tells the runs that this process works on that somebody wants their end. */
export type Cancels = {
  /** Calls back once, when it is asked for; gives what ends the watching. */
  watch(runId: string, onAsked: (asked: Asked) => void): () => void
  /** Asks the database now; next to nothing while no run is under way. */
  look(): Promise<void>
  /** Hears it at once; without that, `look` finds it. */
  listen(): Promise<() => Promise<void>>
}

export function createCancels(db: Database, executorId: string, onFault: (error: unknown) => void): Cancels {
  const underWay = new Map<string, (asked: Asked) => void>()
  const look = async () => {
    if (underWay.size === 0) return
    for (const { runId, ...asked } of await selectAsked(db, executorId)) underWay.get(runId)?.(asked)
  }
  const lookNow = () => void look().catch(onFault)
  return {
    watch(runId, onAsked) {
      underWay.set(runId, onAsked)
      return () => void underWay.delete(runId)
    },
    look,
    listen: () => db.listen(CANCEL_CHANNEL, (runId) => underWay.has(runId) && lookNow(), lookNow),
  }
}
