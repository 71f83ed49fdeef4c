import { PlatformError } from '../../base/errors.ts'
import type { ColumnDrift, DriftTest } from '../../wire/drift.ts'
import { type CountedColumn, isWhole, kindOf } from './count-columns.ts'
import { histogramOf } from './histogram.ts'
import { nullsOf } from './nulls.ts'
import { type Paired, pairCategories, pairNumbers } from './tests/paired.ts'
import { chooseTest, isBeyond, TESTS } from './tests/tests.ts'
import { type Strictness, unseenOf } from './unseen.ts'
import { saysOf } from './words.ts'

export type Wanted = Strictness & {
  /** Instead of the one that is chosen. */
  test?: DriftTest | undefined
  /** Instead of that of the test; by history where thresholds are learned. */
  threshold?: ((test: DriftTest) => number | undefined) | undefined
}

/** One column of both sides: the values by the test, the nulls, the categories never seen. */
export function compareColumn(reference: CountedColumn, current: CountedColumn, wanted: Wanted): ColumnDrift {
  const pair = pairOf(reference, current)
  const nulls = nullsOf(reference, current, wanted.columns)
  const unseen = unseenOf(reference, current, wanted)
  const found = valued(reference, current, pair, wanted)
  const names = pair.values === null ? namesOf(reference, current) : null
  const drift = {
    column: current.name,
    type: current.type,
    ...found,
    drifted: found.moved || nulls.drifted || unseen.unseen_drifted,
    nulls,
    ...unseen,
    effect: null,
    summary: { reference: summaryOf(reference), current: summaryOf(current) },
    histogram: histogramOf(pair, names),
  }
  return { ...drift, says: saysOf(drift) }
}

export function pairOf(reference: CountedColumn, current: CountedColumn): Paired {
  if (reference.numbers && current.numbers) {
    return pairNumbers(reference.numbers, current.numbers, isWhole(reference) && isWhole(current))
  }
  return pairCategories(reference.categories!, current.categories!)
}

function valued(reference: CountedColumn, current: CountedColumn, pair: Paired, { test: asked, threshold }: Wanted) {
  const kind = kindOf(current.type)
  if (asked !== undefined && !TESTS[asked].of.includes(kind)) throw doesNotFit(current, asked)
  if (reference.valued === 0 || current.valued === 0) return { test: null, value: null, threshold: null, moved: false }
  const test = asked ?? chooseTest(kind, pair)
  const value = TESTS[test].value(pair)
  const limit = threshold?.(test) ?? TESTS[test].threshold
  return { test, value, threshold: limit, moved: value !== null && isBeyond(TESTS[test], value, limit) }
}

function doesNotFit({ name, type }: CountedColumn, test: DriftTest): PlatformError {
  const kind = kindOf(type)
  const fit = Object.entries(TESTS).filter(([, { of }]) => of.includes(kind))
  return new PlatformError(
    'invalid_argument',
    `column '${name}' is ${type}: the test ${test} is not for it; take one of ${fit.map(([name]) => name).join(', ')}`,
  )
}

function namesOf(reference: CountedColumn, current: CountedColumn): string[] {
  return [...new Set([...reference.categories!.values, ...current.categories!.values])]
}

function summaryOf({ rows, valued, numbers, categories }: CountedColumn): ColumnDrift['summary']['reference'] {
  if (numbers === null) return { rows, distinct: categories!.values.length, mean: null, min: null, max: null }
  const { values, counts } = numbers
  if (valued === 0) return { rows, distinct: 0, mean: null, min: null, max: null }
  let total = 0
  for (let i = 0; i < values.length; i++) total += (values[i]! - values[0]!) * counts[i]!
  return { rows, distinct: values.length, mean: values[0]! + total / valued, min: values[0]!, max: values.at(-1)! }
}
