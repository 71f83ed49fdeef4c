import { type Calibration, findCalibrationFault } from './calibration.ts'
import { type EncodedColumn, type EncoderSpec, INPUT_TYPES, type InputType } from './encoder.ts'
import { CLASSES_MAX, isYesOrNo, type Label, type Outcome, yesOrNo } from './outcome.ts'

/** Bounds of what is loaded; also in the table of limits (wire/limits.ts), which this room does not know. */
export const MODEL_TREES_MAX = 10_000
/** What the bits of a set can hold (boosted.ts). */
const MODEL_SET_CATEGORIES_MAX = 256
/** The number of a column is 16 bits. */
export const MODEL_COLUMNS_MAX = 32_767

/** The description in a model file; `all` has what else the kind wrote. */
export type ModelHeader = {
  kind: string
  label: string
  outcome: Outcome
  encoder: EncoderSpec
  calibration: Calibration | null
  all: Record<string, unknown>
}

export type Refusal = (reason: string) => Error

/** Reads the JSON of a model file, everything checked: a file is outside data even when its checksum fits. */
export function parseModelHeader(text: string, refusal: Refusal): ModelHeader {
  const header = objectOf(jsonOf(text, refusal), 'the description', refusal)
  const encoder = objectOf(header.encoder, 'encoder', refusal)
  const inputs = listOf(encoder.inputs, 'encoder.inputs', refusal).map((input) => readInput(input, refusal))
  const columns = listOf(encoder.columns, 'encoder.columns', refusal).map((column) => readColumn(column, refusal))
  atMost(MODEL_COLUMNS_MAX, columns.length, 'columns', refusal)
  refuseTwice(
    inputs.map((input) => input.name),
    'input',
    refusal,
  )
  refuseTwice(
    columns.map((column) => JSON.stringify([column.input, column.kind === 'one_hot' ? column.category : null])),
    'column',
    refusal,
  )
  refuseOtherOrder({ inputs, columns }, refusal)
  return {
    kind: textOf(header.kind, 'kind', refusal),
    label: textOf(header.label, 'label', refusal),
    outcome: readOutcome(header, refusal),
    encoder: { inputs, columns },
    calibration: header.calibration === undefined ? null : readCalibration(header.calibration, refusal),
    all: header,
  }
}

function readCalibration(value: unknown, refusal: Refusal): Calibration {
  const { kind, ...given } = objectOf(value, 'calibration', refusal)
  const numbersOf = (list: unknown) =>
    listOf(list, 'points of the calibration', refusal).map((x) => finiteOf(x, 'a point of the calibration', refusal))
  const lineOf = (x: unknown) => finiteOf(x, 'the line of the calibration', refusal)
  if (kind !== 'platt' && kind !== 'isotonic') throw refusal(`calibration '${String(kind)}' is unknown`)
  const calibration: Calibration =
    kind === 'platt'
      ? { kind, slope: lineOf(given.slope), offset: lineOf(given.offset) }
      : { kind, from: numbersOf(given.from), to: numbersOf(given.to) }
  const fault = findCalibrationFault(calibration)
  if (fault !== undefined) throw refusal(fault)
  return calibration
}

/** Files of before there were others tell no and yes apart. */
function readOutcome(header: Record<string, unknown>, refusal: Refusal): Outcome {
  if (header.outcome === undefined) return yesOrNo(shareOf(header.threshold, 'threshold', refusal))
  const { kind, classes } = objectOf(header.outcome, 'the outcome', refusal)
  if (kind === 'regression') return { kind }
  if (kind !== 'binary' && kind !== 'multiclass') throw refusal(`an outcome '${String(kind)}' is unknown`)
  const labels = listOf(classes, 'the classes', refusal).map((label) => {
    if (typeof label === 'string' || Number.isSafeInteger(label)) return label as Label
    throw refusal('a class is neither a text nor a whole number')
  })
  refuseTwice(
    labels.map((label) => JSON.stringify(label)),
    'class',
    refusal,
  )
  atMost(CLASSES_MAX, labels.length, 'classes', refusal)
  if (new Set(labels.map((label) => typeof label)).size > 1) throw refusal('its classes are texts and numbers')
  const [no, yes] = labels
  if (no === undefined || yes === undefined) throw refusal('it has fewer than two classes')
  if (kind === 'multiclass') return { kind, classes: labels }
  if (labels.length > 2) throw refusal(`it has ${labels.length} classes instead of two`)
  return { kind, classes: [no, yes], threshold: shareOf(header.threshold, 'threshold', refusal) }
}

/** What a description says of the outcome. */
export function describeOutcome(outcome: Outcome): Record<string, unknown> {
  if (outcome.kind !== 'binary') return { outcome }
  const { threshold, ...rest } = outcome
  return isYesOrNo(outcome) ? { threshold } : { threshold, outcome: rest }
}

function readInput(value: unknown, refusal: Refusal): EncoderSpec['inputs'][number] {
  const input = objectOf(value, 'an input', refusal)
  const type = INPUT_TYPES.find((known): known is InputType => known === input.type)
  if (type === undefined) throw refusal(`input type '${String(input.type)}' is unknown`)
  return { name: textOf(input.name, 'the name of an input', refusal), type, nullable: input.nullable === true }
}

function readColumn(value: unknown, refusal: Refusal): EncodedColumn {
  const column = objectOf(value, 'a column', refusal)
  const input = textOf(column.input, 'the input of a column', refusal)
  if (column.kind === 'numeric') return { kind: 'numeric', input }
  if (column.kind === 'one_hot') {
    return { kind: 'one_hot', input, category: textOf(column.category, `a category of ${input}`, refusal) }
  }
  if (column.kind === 'category' || column.kind === 'target_mean') {
    const categories = listOf(column.categories, `the categories of ${input}`, refusal).map((category) =>
      textOf(category, `a category of ${input}`, refusal),
    )
    refuseTwice(categories, `category of ${input}:`, refusal)
    if (column.kind === 'category') {
      atMost(MODEL_SET_CATEGORIES_MAX, categories.length, `categories of ${input}`, refusal)
      return { kind: 'category', input, categories }
    }
    const means = listOf(column.means, `the means of ${input}`, refusal).map((mean) =>
      finiteOf(mean, 'a mean', refusal),
    )
    if (means.length !== categories.length) {
      throw refusal(`${input} has ${categories.length} categories and ${means.length} means`)
    }
    return { kind: 'target_mean', input, categories, means }
  }
  throw refusal(`column kind '${String(column.kind)}' is unknown`)
}

/** Columns stand in the order of their inputs: one for a number; for a string any number of one-hot, or one of another kind. */
function refuseOtherOrder({ inputs, columns }: EncoderSpec, refusal: Refusal): void {
  let at = 0
  for (const { name, type } of inputs) {
    const start = at
    while (columns[at]?.input === name && (columns[at]?.kind === 'numeric') === (type !== 'String')) at++
    const own = columns.slice(start, at)
    if (own.length === 1 || (type === 'String' && own.every(({ kind }) => kind === 'one_hot'))) continue
    throw refusal(`input ${name} does not have exactly one column`)
  }
  if (at !== columns.length) throw refusal(`column ${at} (of ${columns[at]?.input}) does not follow the inputs`)
}

function jsonOf(text: string, refusal: Refusal): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refusal('its description is not JSON')
  }
}

function objectOf(value: unknown, what: string, refusal: Refusal): Record<string, unknown> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  throw refusal(`${what} is not an object`)
}

function listOf(value: unknown, what: string, refusal: Refusal): unknown[] {
  if (Array.isArray(value)) return value
  throw refusal(`${what} is not a list`)
}

function textOf(value: unknown, what: string, refusal: Refusal): string {
  if (typeof value === 'string') return value
  throw refusal(`${what} is not a text`)
}

/** A probability. */
function shareOf(value: unknown, what: string, refusal: Refusal): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value
  throw refusal(`${what} is not a number from 0 to 1`)
}

export function atMost(most: number, count: number, what: string, refusal: Refusal): number {
  if (count <= most) return count
  throw refusal(`it has ${count} ${what}, more than ${most}`)
}

function refuseTwice(names: readonly string[], what: string, refusal: Refusal): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw refusal(`${what} ${name.slice(0, 100)} is there twice`)
    seen.add(name)
  }
}

/** A count of something in a description, 1 or more unless `least` says 0. */
export function countOf(value: unknown, what: string, refusal: Refusal, least = 1): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value < 2 ** 31) return value
  throw refusal(`${what} is not a count`)
}

export function treesOf(header: Record<string, unknown>, refusal: Refusal): number {
  return atMost(MODEL_TREES_MAX, countOf(header.trees, 'trees', refusal), 'trees', refusal)
}

/** Whether the arrays of a description have covers: none did before layout 3, and a file of it may have none. */
export function hasCover(header: Record<string, unknown>, refusal: Refusal): boolean {
  if (header.cover === undefined || header.cover === true) return header.cover === true
  throw refusal('cover is neither true nor left out')
}

export function finiteOf(value: unknown, what: string, refusal: Refusal): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw refusal(`${what} is not a finite number`)
}
