/**
 * Which rows a model learns from, which measure it, and which are kept from every fit. With several periods an entity stands
 * in several rows that are much alike: where one of them is learned from and another measures, the measure flatters. So
 * the default is by entity when there is more than one period.
 */
import { PlatformError } from '../../base/errors.ts'
import { heldOut, placeOfEntity } from './hold-out.ts'
import { splitRows } from './split-rows.ts'
import { classesOf, hasTwoOutcomes, rowsOfTarget, type Target, takeTarget } from './task.ts'

/** `null`: by entity where there is more than one period, else by rows. */
export type SplitBy = 'rows' | 'entity' | 'time'

export type SplitRule = {
  by: SplitBy | null
  testShare: number
  seed: number
  /** Null: where there are classes. */
  stratify: boolean | null
  /** The share of the entities that no fit sees, by the hash of their key; 0 for none. */
  holdOut: number
}

/** What stands in each row beside its features. */
export type SplitInput = {
  target: Target
  /** Which entity, as a place in `entityKeys`. */
  entities: Uint32Array
  entityKeys: readonly string[]
  /** Which period, as a place in `periods`, which rise. */
  moments: Uint32Array
  periods: readonly string[]
}

/** Rows in ascending order; every row is in one of the three. */
export type Split = { by: SplitBy; train: Uint32Array; test: Uint32Array; holdOut: Uint32Array }

/** Refuses (invalid_argument) rows that cannot be split so, or that leave nothing to learn or to measure. */
export function splitTrainingSet(input: SplitInput, rule: SplitRule): Split {
  const by = rule.by ?? (input.periods.length > 1 ? 'entity' : 'rows')
  const rows = rowsOfTarget(input.target)
  const held = heldOut(input.entityKeys, rule.holdOut)
  const open = rowsWhere(rows, (row) => held[input.entities[row]!] === 0)
  const holdOut = rowsWhere(rows, (row) => held[input.entities[row]!] === 1)
  const { train, test } = SPLITS[by](input, open, rule)
  requireBoth(input.target, train, 'are learned from', by)
  requireBoth(input.target, test, 'measure the model', by)
  return { by, train, test, holdOut }
}

type Parts = { train: Uint32Array; test: Uint32Array }

const SPLITS: Record<SplitBy, (input: SplitInput, open: Uint32Array, rule: SplitRule) => Parts> = {
  rows: byRows,
  entity: byEntity,
  time: byTime,
}

function byRows({ target }: SplitInput, open: Uint32Array, rule: SplitRule): Parts {
  const of = (places: Uint32Array) => places.map((i) => open[i]!)
  const { train, test } = splitRows(takeTarget(target, open), rule)
  return { train: of(train), test: of(test) }
}

/**
 * Whole entities, until the test part has its share of the rows; stratified, of those that were ever positive and of the
 * others each. Which entities does not depend on the order of rows.
 */
function byEntity({ target, entities, entityKeys }: SplitInput, open: Uint32Array, rule: SplitRule): Parts {
  const rowsOf = new Uint32Array(entityKeys.length)
  for (const row of open) rowsOf[entities[row]!]!++
  const there = entityKeys.flatMap((key, e) =>
    rowsOf[e]! > 0 ? [{ e, place: placeOfEntity(key, `split ${rule.seed}`) }] : [],
  )
  there.sort((a, b) => a.place - b.place || a.e - b.e)
  const telling = rule.stratify === false ? null : tellingClasses(target, entities, open, entityKeys.length)
  const strata = telling
    ? Array.from({ length: classesOf(target) }, (_, c) => there.filter(({ e }) => telling[e] === c))
    : [there]
  const tested = new Uint8Array(entityKeys.length)
  for (const stratum of strata) {
    const all = stratum.reduce((sum, { e }) => sum + rowsOf[e]!, 0)
    let taken = 0
    for (const { e } of stratum) {
      // Half of an entity over the share is nearer to it than half of one below.
      if (taken + rowsOf[e]! / 2 > rule.testShare * all) break
      tested[e] = 1
      taken += rowsOf[e]!
    }
  }
  return partsBy(open, (row) => tested[entities[row]!] === 1)
}

/** Of each entity the class that says most of it: of two the positive one if it ever was that, of several the rarest that it ever was. */
function tellingClasses(target: Target, entities: Uint32Array, open: Uint32Array, count: number): Uint8Array | null {
  if (target.kind === 'regression') return null
  const { labels } = target
  const rows = new Array<number>(classesOf(target)).fill(0)
  for (const row of open) rows[labels[row]!]!++
  const saysMore = (a: number, b: number) =>
    target.kind === 'binary' ? a > b : rows[a]! < rows[b]! || (rows[a] === rows[b] && a > b)
  const telling = new Uint8Array(count)
  const known = new Uint8Array(count)
  for (const row of open) {
    const e = entities[row]!
    if (known[e] === 0 || saysMore(labels[row]!, telling[e]!)) telling[e] = labels[row]!
    known[e] = 1
  }
  return telling
}

/** The newest periods, so many that their rows come nearest to the share; at least one is learned from. */
function byTime({ moments, periods }: SplitInput, open: Uint32Array, rule: SplitRule): Parts {
  if (periods.length < 2) {
    throw new PlatformError(
      'invalid_argument',
      `a split by time needs two periods, and all rows are of ${periods[0] ?? 'none'}: give a range with --from`,
    )
  }
  const rowsOf = new Uint32Array(periods.length)
  for (const row of open) rowsOf[moments[row]!]!++
  let first = periods.length - 1
  let taken = rowsOf[first]!
  const wanted = rule.testShare * open.length
  // One period more where that comes nearer to the share.
  while (first > 1 && taken + rowsOf[first - 1]! / 2 < wanted) taken += rowsOf[--first]!
  return partsBy(open, (row) => moments[row]! >= first)
}

function partsBy(open: Uint32Array, isTest: (row: number) => boolean): Parts {
  return { train: open.filter((row) => !isTest(row)), test: open.filter(isTest) }
}

function rowsWhere(rows: number, is: (row: number) => boolean): Uint32Array {
  const found = new Uint32Array(rows)
  let n = 0
  for (let row = 0; row < rows; row++) if (is(row)) found[n++] = row
  return found.slice(0, n)
}

function requireBoth(target: Target, rows: Uint32Array, what: string, by: SplitBy): void {
  if (hasTwoOutcomes(takeTarget(target, rows))) return
  const found = rows.length === 0 ? 'there is none' : `all ${rows.length} have the same label`
  throw new PlatformError(
    'invalid_argument',
    `of the rows that ${what} (split by ${by}) ${found}; take more periods with --from, or another split`,
  )
}
