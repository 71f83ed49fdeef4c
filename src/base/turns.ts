import { setImmediate } from 'node:timers/promises'

/** Items that are looked at in one go, a millisecond or two. */
const TURN_ITEMS = 2_000

/** Maps a list of any length; between two parts of it all others have their turn. */
export async function mapInTurns<From, To>(items: readonly From[], map: (item: From) => To): Promise<To[]> {
  if (items.length <= TURN_ITEMS) return items.map(map)
  const made: To[] = []
  for (let from = 0; from < items.length; from += TURN_ITEMS) {
    if (from > 0) await setImmediate()
    for (let i = from; i < Math.min(items.length, from + TURN_ITEMS); i++) made.push(map(items[i]!))
  }
  return made
}

/** Sorts a list of any length in the same way: parts of it, which are then merged two by two. */
export async function sortInTurns<Item>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
): Promise<Item[]> {
  let runs: Item[][] = []
  for (let from = 0; from < items.length; from += TURN_ITEMS) {
    if (from > 0) await setImmediate()
    runs.push(items.slice(from, from + TURN_ITEMS).sort(compare))
  }
  while (runs.length > 1) {
    const merged: Item[][] = []
    for (let i = 0; i < runs.length; i += 2) {
      merged.push(runs[i + 1] ? await mergeInTurns(runs[i]!, runs[i + 1]!, compare) : runs[i]!)
    }
    runs = merged
  }
  return runs[0] ?? []
}

async function mergeInTurns<Item>(left: Item[], right: Item[], compare: (a: Item, b: Item) => number): Promise<Item[]> {
  const merged: Item[] = []
  let [l, r] = [0, 0]
  while (l < left.length || r < right.length) {
    const takesLeft = r >= right.length || (l < left.length && compare(left[l]!, right[r]!) <= 0)
    merged.push(takesLeft ? left[l++]! : right[r++]!)
    if (merged.length % TURN_ITEMS === 0) await setImmediate()
  }
  return merged
}
