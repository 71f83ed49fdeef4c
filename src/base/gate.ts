import { PlatformError } from './errors.ts'

/**
 * Lets so many tasks work at the same time, and so many more wait for their turn, first come first served. Whoever comes
 * then is told to come later: else those who ask for much would take the memory and the time of all others.
 */
export type Gate = <T>(task: () => Promise<T>) => Promise<T>

export function createGate({ atOnce, waiting: most }: { atOnce: number; waiting: number }): Gate {
  let working = 0
  const waiting: (() => void)[] = []

  return async (task) => {
    if (working >= atOnce) {
      if (waiting.length >= most) {
        throw new PlatformError('unavailable', 'too many long requests at the same time; try again in a moment')
      }
      await new Promise<void>((turn) => waiting.push(turn))
    } else working++
    try {
      return await task()
    } finally {
      // The turn goes to the next one, or is free.
      const next = waiting.shift()
      if (next) next()
      else working--
    }
  }
}
