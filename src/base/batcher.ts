import { answerWithinMs } from './within.ts'

/** Answers groups of keys, many groups in one query; each caller gets its own part, in its own order. */
export type Batcher<Key, Value> = (keys: readonly Key[]) => Promise<Value[]>

type Waiting<Key, Value> = {
  keys: readonly Key[]
  resolve: (values: Value[]) => void
  reject: (error: unknown) => void
}

export type BatcherOptions = {
  maxKeys: number
  maxInFlight: number
  /** Beside a query that is under way, the next one goes with no fewer keys; 1 where nothing is said. */
  besideMin?: number
  /** Who is asked, for the error of one that does not answer within `limitMs`. */
  what: string
  limitMs: number
}

/**
 * Runs a group at once while fewer than `maxInFlight` queries are under way; else it waits, and the groups that wait
 * go together into the next query, up to `maxKeys` keys. So a lone caller never waits for company, and under load
 * the round trips are shared. A query that is never answered gives its place back after `limitMs`: lost ones do not
 * fill the batcher for ever.
 */
export function createBatcher<Key, Value>(
  run: (keys: readonly Key[]) => Promise<Value[]>,
  { maxKeys, maxInFlight, besideMin = 1, what, limitMs }: BatcherOptions,
): Batcher<Key, Value> {
  let inFlight = 0
  let waiting: Waiting<Key, Value>[] = []

  async function send(groups: Waiting<Key, Value>[]): Promise<void> {
    inFlight += 1
    try {
      const [only] = groups
      const keys = groups.length === 1 && only ? only.keys : groups.flatMap((group) => group.keys)
      const values = await answerWithinMs(what, limitMs, run(keys))
      let from = 0
      for (const group of groups) {
        group.resolve(groups.length === 1 ? values : values.slice(from, from + group.keys.length))
        from += group.keys.length
      }
    } catch (error) {
      for (const group of groups) group.reject(error)
    } finally {
      inFlight -= 1
      sendWaiting()
    }
  }

  function sendWaiting(): void {
    while (waiting.length > 0 && inFlight < maxInFlight && (inFlight === 0 || waitingKeys() >= besideMin))
      void send(takeBatch())
  }

  function waitingKeys(): number {
    let count = 0
    for (let i = 0; i < waiting.length && count < besideMin; i++) count += waiting[i]!.keys.length
    return count
  }

  function takeBatch(): Waiting<Key, Value>[] {
    let count = 0
    let end = 0
    while (end < waiting.length && (end === 0 || count + waiting[end]!.keys.length <= maxKeys)) {
      count += waiting[end]!.keys.length
      end += 1
    }
    const batch = waiting.slice(0, end)
    waiting = waiting.slice(end)
    return batch
  }

  return (keys) =>
    new Promise((resolve, reject) => {
      waiting.push({ keys, resolve, reject })
      sendWaiting()
    })
}
