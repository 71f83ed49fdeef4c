import type { Prng } from '../../base/prng.ts'
import { type Paired, paired } from './tests/paired.ts'

/** Draws values by their counts, each as likely as its share: A. J. Walker's alias method. */
export type Urn = { values: Float64Array | null; chance: Float64Array; alias: Uint32Array; whole: boolean }

export function urnOf(values: Float64Array | null, counts: Float64Array, whole: boolean): Urn {
  const size = counts.length
  const total = counts.reduce((all, count) => all + count, 0)
  const chance = counts.map((count) => (count * size) / total)
  const alias = new Uint32Array(size)
  const [few, many]: [number[], number[]] = [[], []]
  for (let i = 0; i < size; i++) (chance[i]! < 1 ? few : many).push(i)
  while (few.length > 0 && many.length > 0) {
    const [small, large] = [few.pop()!, many.at(-1)!]
    alias[small] = large
    chance[large]! -= 1 - chance[small]!
    if (chance[large]! < 1) few.push(many.pop()!)
  }
  for (const i of [...few, ...many]) chance[i] = 1
  return { values, chance, alias, whole }
}

/** Two samples of one urn: what differs between them is chance. */
export function drawPair({ values, chance, alias, whole }: Urn, rows: readonly [number, number], prng: Prng): Paired {
  const size = chance.length
  const sides = [new Float64Array(size), new Float64Array(size)] as const
  for (const [s, counts] of sides.entries()) {
    for (let r = 0; r < rows[s]!; r++) {
      const place = prng.int(size)
      counts[prng.float() < chance[place]! ? place : alias[place]!]!++
    }
  }
  const [reference, current] = sides
  let held = 0
  const kept = values === null ? null : new Float64Array(size)
  for (let i = 0; i < size; i++) {
    if (reference[i] === 0 && current[i] === 0) continue
    if (kept !== null) kept[held] = values![i]!
    reference[held] = reference[i]!
    current[held++] = current[i]!
  }
  return paired(kept?.subarray(0, held) ?? null, reference.subarray(0, held), current.subarray(0, held), whole)
}
