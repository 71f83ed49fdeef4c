/**
 * Drift: what differs between two sides of a model's or a source's data, column by column.
 *
 * Owns no table (reports are kept by monitoring/reports). Invariants:
 * - The test that is chosen, its value, threshold and verdict are those of Evidently 0.7 on the values that are there.
 * - A share of nulls that moved, and categories that the reference never had, are drift by themselves.
 * - A column that is empty on one side, or on both, breaks nothing: the others are told as without it.
 * - With thresholds from history no more than 5 % of reports on unchanged data say that anything drifted.
 * - No report names who somebody is: keys are not compared, and a text of more than 200 different values is counted, not named.
 * - Memory is that of one column of both sides, whatever the rows.
 */
import { must } from '../../base/assert.ts'
import { PlatformError } from '../../base/errors.ts'
import { DRIFT_SHARE } from '../../config/drift-shapes.ts'
import { requireModel } from '../../config/find.ts'
import type { Model } from '../../ml/model/model-file.ts'
import type { ColumnDrift, DriftReport } from '../../wire/drift.ts'
import { type Effects, effectsOf, readInputs, scoresOf } from './ask-model.ts'
import { compareColumn } from './compare-column.ts'
import { type CountedColumn, countColumns, kindOf, type TableColumn } from './count-columns.ts'
import { learnLimits } from './learn-limits.ts'
import { type OpenSide, openSide, type SideDeps } from './open-side.ts'
import { type CountTable, rememberColumns } from './remembered-columns.ts'
import type { DriftOptions, Side } from './sides.ts'
import { TESTS } from './tests/tests.ts'
import { byEffect, reportSays, saysOf } from './words.ts'

export type DriftDeps = SideDeps & {
  /** The version that answers for a model; null where none does, or what answers cannot be opened here. */
  liveModel(name: string): Promise<{ version: number; model: Model } | null>
}

export type Drift = {
  /** How the current side differs from the reference; refuses sides that have no column in common. */
  between(reference: Side, current: Side, options?: DriftOptions): Promise<DriftReport>
}

export function createDrift(given: DriftDeps): Drift {
  const deps = { ...given, count: rememberColumns() }
  return {
    // An erasure waits until nothing reads what it takes out.
    between: (reference, current, options = {}) =>
      deps.lake.work.during(() =>
        deps.lake.withScratch(async (scratch) => {
          const sides: Sides = {
            reference: await openSide(deps, reference, scratch, 'reference'),
            current: await openSide(deps, current, scratch, 'current'),
          }
          return compare(deps, { reference, current }, sides, options, scratch)
        }),
      ),
  }
}

type Sides = { reference: OpenSide; current: OpenSide }

async function compare(
  deps: DriftDeps & { count: CountTable },
  asked: { reference: Side; current: Side },
  sides: Sides,
  options: DriftOptions,
  scratch: string,
): Promise<DriftReport> {
  const { names, warnings } = commonColumns(sides, options)
  const model = sides.current.model ?? sides.reference.model
  const watched = model === null ? null : requireModel(deps.project, model).monitoring
  const thresholds = options.thresholds ?? watched?.driftThresholds ?? 'fixed'
  const strict = thresholds === 'history'
  const limits = strict ? await learnLimits(deps, asked, sides, names, options, scratch) : null
  warnings.push(...(limits?.warnings ?? []))
  const wantedOf = (name: string) => ({
    ...{ columns: names.length, strict },
    test: options.tests?.[name] ?? anyTest(options, name, sides.current.table.columns),
    threshold: () => options.limits?.[name] ?? limits?.of.get(name),
  })
  const columns: ColumnDrift[] = []
  const [reference, current] = [sides.reference, sides.current].map((side) => {
    return deps.count(deps.duck, { ...side.table, columns: names.map((name) => columnOf(side, name)) })
  })
  for await (const before of reference!) {
    const { value: after } = await current!.next()
    columns.push(compareColumn(before, after as CountedColumn, wantedOf(before.name)))
  }
  const label = await compareLabels(deps, sides)
  const asks = await askModel(deps, sides, options)
  warnings.push(...asks.warnings)
  const weighed = byEffect(columns.map((column) => weigh(column, asks.effects)))
  const compared = columns.filter(({ nulls }) => nulls.reference < 1 || nulls.current < 1).length
  const drifted = columns.filter((column) => column.drifted).length
  const share = compared === 0 ? null : drifted / compared
  const driftShare = options.driftShare ?? watched?.driftShare ?? DRIFT_SHARE
  const report = {
    reference: { ...sides.reference.said, rows: sides.reference.table.rows },
    current: { ...sides.current.said, rows: sides.current.table.rows },
    model: asks.model,
    version: asks.version,
    share,
    drift_share: driftShare,
    drifted: share !== null && drifted > 0 && share >= driftShare,
    compared,
    drifted_columns: drifted,
    thresholds,
    history: limits?.history ?? null,
    columns: weighed,
    prediction: asks.prediction,
    label,
    warnings,
  }
  return { ...report, says: reportSays(report) }
}

/** A column that stands on one side only, or is of another kind there, is told of and left out. */
function commonColumns({ reference, current }: Sides, { columns: wanted }: DriftOptions) {
  const before = new Map(reference.table.columns.map((column) => [column.name, column]))
  const after = new Map(current.table.columns.map((column) => [column.name, column]))
  const warnings: string[] = []
  const names: string[] = []
  for (const name of wanted ?? new Set([...before.keys(), ...after.keys()])) {
    const [a, b] = [before.get(name), after.get(name)]
    if (a && b && kindOf(a.type) === kindOf(b.type)) names.push(name)
    else if (a && b) warnings.push(`column '${name}' is ${a.type} in the reference and ${b.type} now: not compared`)
    else if (a || b)
      warnings.push(`column '${name}' is only in ${a ? 'the reference' : 'the current side'}: not compared`)
    else {
      const there = [...after.keys()].join(', ') || 'none'
      throw new PlatformError('not_found', `there is no column '${name}' in ${current.said.says}; there are ${there}`)
    }
  }
  if (names.length === 0) {
    const says = `${reference.said.says} and ${current.said.says} have no column in common that can be compared`
    throw new PlatformError('invalid_argument', says)
  }
  return { names, warnings }
}

function columnOf(side: OpenSide, name: string): TableColumn {
  return side.table.columns.find((column) => column.name === name)!
}

function anyTest({ tests }: DriftOptions, name: string, columns: readonly TableColumn[]) {
  const test = tests?.['*']
  const { type } = columns.find((column) => column.name === name)!
  return test !== undefined && TESTS[test].of.includes(kindOf(type)) ? test : undefined
}

async function compareLabels(deps: DriftDeps, { reference, current }: Sides): Promise<ColumnDrift | null> {
  if (reference.label === null || current.label === null) return null
  const [before, after] = await Promise.all([only(deps, reference.label.table), only(deps, current.label.table)])
  return compareColumn(before, after, { columns: 1, strict: false })
}

async function only(deps: DriftDeps, table: OpenSide['table']): Promise<CountedColumn> {
  let only: CountedColumn | undefined
  for await (const column of countColumns(deps.duck, table)) only = column
  return must(only, 'a column of the table')
}

/** What the model says of both sides, and what it makes of each column. */
async function askModel(deps: DriftDeps, sides: Sides, options: DriftOptions) {
  const name = options.model === undefined ? (sides.current.model ?? sides.reference.model) : options.model
  const nothing = {
    model: name,
    version: null,
    effects: new Map() as Effects,
    prediction: null,
    warnings: [] as string[],
  }
  if (name === null) return nothing
  requireModel(deps.project, name)
  const live = await deps.liveModel(name)
  if (live === null) {
    const why = `no version of ${name} answers here, so columns are not weighed and predictions are compared as they were logged`
    nothing.warnings.push(why)
  }
  const scored = async (side: OpenSide): Promise<CountedColumn | null> => {
    if (side.score !== null) return only(deps, { ...side.table, columns: [side.score] })
    if (side.momentMs === null || live === null || side.model !== name) return null
    return scoresOf(live.model, await readInputs(deps.duck, live.model, side))
  }
  const [before, after] = [await scored(sides.reference), await scored(sides.current)]
  const same = before && after && kindOf(before.type) === kindOf(after.type)
  const prediction = same
    ? { ...compareColumn(before, after, { columns: 1, strict: false }), column: 'prediction' }
    : null
  const weighable = [sides.current, sides.reference].find((side) => side.momentMs !== null && side.model === name)
  if (live === null || weighable === undefined) return { ...nothing, prediction, version: live?.version ?? null }
  const effects = effectsOf(live.model, await readInputs(deps.duck, live.model, weighable))
  return { ...nothing, prediction, version: live.version, effects }
}

function weigh(column: ColumnDrift, effects: Effects): ColumnDrift {
  const weighed = { ...column, effect: effects.get(column.column) ?? null }
  return { ...weighed, says: saysOf(weighed) }
}
