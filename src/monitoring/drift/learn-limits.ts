import { must } from '../../base/assert.ts'
import { messageOf, PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant, instantOfMs } from '../../base/instant.ts'
import { requireModel } from '../../config/find.ts'
import type { DriftReport, DriftTest } from '../../wire/drift.ts'
import { pairOf } from './compare-column.ts'
import { type CountedColumn, countColumns, kindOf, type TableColumn } from './count-columns.ts'
import { ALPHA, type Past, thresholdsFromHistory } from './history.ts'
import { type OpenSide, openSide, type SideDeps } from './open-side.ts'
import type { DriftOptions, Side } from './sides.ts'
import { chooseTest, TESTS } from './tests/tests.ts'

/** So many periods before the reference are looked at. */
const PERIODS = 23
/** A column of a past period is kept in this many values at most; of more they are thinned evenly. */
const VALUES = 20_000

export type Limits = {
  of: ReadonlyMap<string, number>
  history: NonNullable<DriftReport['history']>
  warnings: string[]
}

/** Thresholds of columns from the periods before the reference, and from the reference itself. */
export async function learnLimits(
  deps: SideDeps,
  { reference, current }: { reference: Side; current: Side },
  sides: { reference: OpenSide; current: OpenSide },
  names: readonly string[],
  options: DriftOptions,
  scratch: string,
): Promise<Limits> {
  const leftOut: string[] = []
  const past: { side: OpenSide; at: Instant }[] = []
  for (const side of await periodsBefore(deps, reference)) {
    try {
      past.push({ side: await openSide(deps, side, scratch, `past-${past.length}`), at: momentOf(side) })
    } catch (error) {
      // A period that cannot be read teaches nothing; the comparison itself is not in danger.
      if (!(error instanceof PlatformError)) throw error
      leftOut.push(`${displayInstant(momentOf(side))}: ${messageOf(error)}`)
    }
  }
  const warnings =
    leftOut.length === 0 ? [] : [`${leftOut.length} earlier periods are left out of the history; ${leftOut.at(-1)}`]
  past.push({ side: sides.reference, at: momentOf(reference) })
  const usable = past.filter(({ side }) => names.every((name) => side.table.columns.some((c) => c.name === name)))
  const columns: Past[] = []
  const learned: string[] = []
  for (const name of names) {
    const periods: CountedColumn[] = []
    for (const { side } of usable) periods.push(thin(await countedOf(deps, side, name)))
    const now = await countedOf(deps, sides.current, name)
    const before = periods.at(-1)!
    if (before.valued === 0 || now.valued === 0) continue
    learned.push(name)
    columns.push({ test: testOf(options, name, before, now), periods, rows: [before.valued, now.valued] })
  }
  const thresholds = columns.length === 0 ? [] : thresholdsFromHistory(columns)
  const count = usable.length
  const says =
    count < 3
      ? `There are fewer than 3 periods, so the thresholds know what chance does among rows, and not how periods differ.`
      : `The thresholds are what ${count} periods came to among each other, and what chance does among rows.`
  return {
    of: new Map(learned.map((name, i) => [name, thresholds[i]!])),
    history: { periods: usable.map(({ at }) => displayInstant(at)), alpha: ALPHA, says },
    warnings: [
      ...warnings,
      ...(momentOf(current) <= momentOf(reference) ? ['the current side is not after the reference'] : []),
    ],
  }
}

/** Sides of the same kind, of the moments before; of predictions windows of the same length. */
async function periodsBefore(deps: SideDeps, side: Side): Promise<Side[]> {
  if (side.kind === 'predictions') {
    const [from, to] = [Date.parse(side.from), Date.parse(side.to)]
    return Array.from({ length: PERIODS }, (_, i) => i + 1)
      .map((back) => ({
        ...side,
        from: instantOfMs(from - back * (to - from)),
        to: instantOfMs(to - back * (to - from)),
      }))
      .reverse()
  }
  const source = side.kind === 'snapshot' ? side.source : firstSource(deps, side.model)
  const known = side.knownAt === undefined ? {} : { knownAt: side.knownAt }
  const moments = await deps.lake.moments({ source, to: side.asOf, ...known })
  return moments
    .filter((at) => at < side.asOf)
    .slice(-PERIODS)
    .map((asOf) => ({ ...side, asOf }))
}

function firstSource({ project, features }: SideDeps, model: string): string {
  return features.service(requireModel(project, model).featureService).views[0]!.source
}

function momentOf(side: Side): Instant {
  return side.kind === 'predictions' ? side.to : side.asOf
}

async function countedOf({ duck }: SideDeps, { table }: OpenSide, name: string): Promise<CountedColumn> {
  const column = table.columns.find((c) => c.name === name) as TableColumn
  let only: CountedColumn | undefined
  for await (const counted of countColumns(duck, { ...table, columns: [column] })) only = counted
  return must(only, `column ${name}`)
}

function testOf(options: DriftOptions, name: string, before: CountedColumn, now: CountedColumn): DriftTest {
  const any = options.tests?.['*']
  const kind = kindOf(now.type)
  const asked = options.tests?.[name] ?? (any !== undefined && TESTS[any].of.includes(kind) ? any : undefined)
  return asked ?? chooseTest(kind, pairOf(before, now))
}

/** Many different numbers are kept as every so many-th of their order: what a distance of periods needs. */
function thin(column: CountedColumn): CountedColumn {
  const { numbers } = column
  if (numbers === null || numbers.values.length <= VALUES) return column
  const values = new Float64Array(VALUES)
  const counts = new Float64Array(VALUES)
  for (let i = 0; i < numbers.values.length; i++) {
    const place = Math.floor((i * VALUES) / numbers.values.length)
    if (counts[place] === 0) values[place] = numbers.values[i]!
    counts[place]! += numbers.counts[i]!
  }
  return { ...column, numbers: { values, counts } }
}
