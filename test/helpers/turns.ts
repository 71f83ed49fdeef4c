import { setImmediate } from 'node:timers/promises'

/** What `work` gives, and how often others had their turn while it ran. */
export async function withTurns<T>(work: () => Promise<T>): Promise<{ answer: T; turns: number }> {
  let turns = 0
  let ended = false
  const others = (async () => {
    while (!ended) {
      await setImmediate()
      turns++
    }
  })()
  const answer = await work()
  ended = true
  await others
  return { answer, turns }
}
