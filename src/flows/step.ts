import { setTimeout as sleep } from 'node:timers/promises'
import { DBOS } from '@dbos-inc/dbos-sdk'
import { atWork } from '../db/pulse.ts'
import { isTransient, reviveError } from './errors.ts'
import type { FlowRun } from './flow.ts'
import type { Lease } from './lease.ts'

const ATTEMPTS = 3
const FIRST_PAUSE_MS = 200

/** The `step` of one run: waits for the lease, runs or recalls the step, and gives errors back as they were thrown. */
export function createStep(lease: Lease, underWay: Set<Promise<unknown>>): FlowRun['step'] {
  const generation = lease.generation()
  return async <T>(name: string, body: () => Promise<T>): Promise<T> => {
    await lease.waitForTurn(generation)
    const running = DBOS.runStep(() => withRetries(() => atWork(body)), { name })
    underWay.add(running)
    try {
      return await running
    } catch (error) {
      throw reviveError(error)
    } finally {
      underWay.delete(running)
    }
  }
}

/** Tries again after 0.2 and 0.4 s where that can help. The engine could do this too, but hides the error in its own. */
async function withRetries<T>(body: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await body()
    } catch (error) {
      if (attempt === ATTEMPTS || !isTransient(error)) throw error
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1))
    }
  }
}
