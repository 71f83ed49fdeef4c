import type { DLogger } from '@dbos-inc/dbos-sdk'
import type { Log } from '../base/log.ts'
import { isAway } from '../base/world.ts'

/**
 * Where the engine's own words go: into our log (stderr), one level quieter than it means them. A failed run is told
 * to whoever waits for it and kept in the history; the engine's second report of it would only be noise.
 */
export function engineLog(log: Log): DLogger {
  return {
    debug: (entry) => log.trace(`flows: ${String(entry)}`),
    info: (entry) => log.debug(`flows: ${String(entry)}`),
    warn: (entry) => log.debug(`flows: ${String(entry)}`),
    error: (entry, detail) => {
      // That the database is away is told once, by the pulse.
      const quiet = (detail?.error as Error | undefined)?.name === 'PlatformError' || isAway(detail?.error ?? entry)
      const level = quiet ? 'debug' : 'warn'
      log[level]({ stack: detail?.stack }, `flows: ${String(entry)}`)
    },
  }
}
