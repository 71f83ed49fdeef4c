/** What the pages of data reckon. Pure: tests compare them. */

type Told = { id: string; as_of: string; version: number; withdrawn: unknown }

/** What a snapshot is best compared with: the version before it, or what counts of the month before. */
export function beforeOf<S extends Told>(snapshot: S, all: readonly S[]): S | undefined {
  const earlier = all.filter((one) => one.as_of === snapshot.as_of && one.version < snapshot.version)
  if (earlier.length > 0) return earlier.reduce((a, b) => (a.version > b.version ? a : b))
  const months = all.filter((one) => one.as_of < snapshot.as_of && one.withdrawn === null)
  return months.reduce<S | undefined>((best, one) => {
    if (!best || one.as_of > best.as_of) return one
    return one.as_of === best.as_of && one.version > best.version ? one : best
  }, undefined)
}

/** The population stability index of two histograms with the same bins: 0 for equal shares, above 0.2 a shift. */
export function stabilityIndex(before: readonly number[], now: readonly number[]): number | null {
  const [a, b] = [sum(before), sum(now)]
  if (a === 0 || b === 0 || before.length !== now.length) return null
  // A bin without a value has half of one: a share of nothing has no logarithm.
  return before.reduce((index, count, i) => {
    const [p, q] = [Math.max(count, 0.5) / a, Math.max(now[i]!, 0.5) / b]
    return index + (q - p) * Math.log(q / p)
  }, 0)
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

/** The source whose file this is by its name: the file that the project gives it, or the source's own name. */
export function sourceOfFile(name: string, sources: readonly { name: string; file: string | null }[]): string | null {
  const stem = (text: string) => text.toLowerCase().replace(/(\.[a-z]+)+$/, '')
  const exact = sources.find(({ file }) => file?.toLowerCase() === name.toLowerCase())
  if (exact) return exact.name
  const alike = sources.filter(
    (one) => one.file !== null && [one.name.toLowerCase(), stem(one.file)].includes(stem(name)),
  )
  return alike.length === 1 ? alike[0]!.name : null
}
