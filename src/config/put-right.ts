import { z } from 'zod'
import type { Fault } from './fault.ts'
import { VALUE_TYPES } from './project.ts'
import { faultsOfIssue, knownKeysAt, schemasAt } from './shape-faults.ts'
import { type ProjectShape, projectShape } from './shapes.ts'
import { closest } from './suggest.ts'

/** More readings than that tell no more, and take time: one takes some milliseconds. */
const READINGS_MAX = 200
/** Of so many names a list of parts is made for all of them. */
const NAMES_MAX = 200
/** Each round puts at least one part right. */
const ROUNDS_MAX = 200

type Path = readonly PropertyKey[]
type Place = { path: Path; values: unknown[] }

/**
 * Readings of a definition with parts that cannot be read. Each such part has in turn all that may be meant there: nothing,
 * each allowed value, each name and each part of the definition that fits. So what lies between the other parts can be
 * checked, and nothing is said that rests on what is not known. `faults` are those of the shape, also such as show only when
 * others are mended. No reading where that fails.
 */
export function putRight(
  input: unknown,
  issues: readonly z.core.$ZodIssue[],
): { shapes: ProjectShape[]; faults: Fault[] } {
  const faults = issues.flatMap(faultsOfIssue)
  const pool = poolOf(input)
  const places: Place[] = []
  let draft = copyOf(input)
  let left = issues
  for (let round = 0; left.length > 0; round++) {
    if (round > ROUNDS_MAX) return { shapes: [], faults }
    if (round > 0)
      faults.push(...left.filter((issue) => !places.some((p) => isWithin(issue.path, p.path))).flatMap(faultsOfIssue))
    for (const issue of left) {
      if (issue.code === 'unrecognized_keys') for (const key of issue.keys) rename(draft, issue.path, key)
      else {
        const place = placeFor(issue.path, places, pool)
        if (place === undefined) return { shapes: [], faults }
        // A larger part takes the place of what was put into it.
        for (const inner of places.filter((p) => isWithin(p.path, place.path))) places.splice(places.indexOf(inner), 1)
        places.push(place)
        draft = withValue(draft, place.path, place.values[0])
      }
    }
    left = projectShape.safeParse(draft, { reportInput: true }).error?.issues ?? []
  }
  const count = Math.min(READINGS_MAX, Math.max(1, ...places.map((place) => place.values.length)))
  const shapes = Array.from({ length: count }, (_, i) => {
    const reading = places.reduce((made, { path, values }) => withValue(made, path, values[i % values.length]), draft)
    return projectShape.safeParse(reading).data
  })
  return { shapes: shapes.filter((shape) => shape !== undefined), faults }
}

/** The smallest part around a path, that was not tried, for which something fits. */
function placeFor(path: Path, places: readonly Place[], pool: readonly unknown[]): Place | undefined {
  for (let at = path; at.length > 0; at = at.slice(0, -1)) {
    if (places.some((place) => same(place.path, at))) continue
    const schemas = schemasAt(at)
    const values = pool.filter((value) => schemas.some((schema) => z.safeParse(schema, value).success))
    if (values.length > 0) return { path: at, values }
  }
  return undefined
}

/** A misspelt property may be the one that is meant; else it is left out. */
function rename(draft: unknown, path: Path, key: string): void {
  const holder = path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown>)?.[step], draft)
  if (!isPlain(holder)) return
  const meant = closest(key, knownKeysAt(path))
  if (meant !== undefined && holder[meant] === undefined) holder[meant] = holder[key]
  delete holder[key]
}

/** Everything that may stand somewhere: nothing, usual values, all parts of the definition, and parts that have every name. */
function poolOf(input: unknown): unknown[] {
  const parts: unknown[] = []
  const names = new Set<string>()
  const walk = (value: unknown) => {
    parts.push(value)
    if (typeof value === 'string') for (const name of [value, ...value.split(':')]) names.add(name)
    if (Array.isArray(value)) value.forEach(walk)
    else if (isPlain(value)) {
      for (const key of Object.keys(value)) names.add(key)
      Object.values(value).forEach(walk)
    }
  }
  walk(input)
  const all = [...names]
  const record = (of: (name: string) => unknown) => Object.fromEntries(all.map((name) => [name, of(name)]))
  const named = (of: (name: string) => unknown) =>
    Object.fromEntries(all.filter((name) => /^[A-Za-z_][\w-]*$/.test(name)).map((name) => [name, of(name)]))
  const records = [...VALUE_TYPES.map((type) => record(() => type)), record((name) => name)]
  const usual = [{}, [], ...records, all, ...VALUE_TYPES, 'snapshot', 'changes', '1d', 'UTC', 1, 0.5, true, false, null]
  const wholes = [...records.flatMap(wholeOf), { kind: 'random_forest' }]
  // A list of parts that has every name; of a large project that would be too much.
  const lists = all.length > NAMES_MAX ? [] : wholeOf(record(() => 'String')).map((whole) => named(() => whole))
  const texts = [...usual, ...wholes, ...lists, () => ({}), ...all, ...parts]
  const distinct = new Map(texts.map((value) => [typeof value === 'function' ? value : JSON.stringify(value), value]))
  return [undefined, ...distinct.values()]
}

/** Parts of each kind with these names in it. What is wrong inside of them is not told. */
function wholeOf(names: Record<string, unknown>): Record<string, unknown>[] {
  const [one = ''] = Object.keys(names)
  return [
    { key: one, columns: names },
    { joinKeys: names },
    { entity: null, source: one, features: names },
    { features: names, compute: () => ({}) },
    { entity: one, source: one, column: one, horizon: '1d' },
    { experiment: 'e', features: one, label: one, learner: { kind: 'random_forest' } },
  ]
}

function withValue(root: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value
  if (Array.isArray(root)) return root.map((one, i) => (String(i) === String(step) ? withValue(one, rest, value) : one))
  const holder = isPlain(root) ? root : {}
  return { ...holder, [step]: withValue(holder[step as string], rest, value) }
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf)
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copyOf(one)]))
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((step, i) => String(path[i]) === String(step))
}

function same(a: Path, b: Path): boolean {
  return a.length === b.length && isWithin(a, b)
}
