import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { Instant } from '../base/instant.ts'
import { progress } from '../base/progress.ts'
import type { Duck, DuckSession } from '../lake/duck.ts'
import { ident, literal } from '../lake/quote.ts'
import { explainerOf } from '../ml/explain/explain.ts'
import { DAY_MS, hasAge } from '../ml/model/age.ts'
import { encodeColumns, type InputColumn } from '../ml/model/encoder.ts'
import { predictAll } from '../ml/model/kinds.ts'
import { calibrateAll, type Model } from '../ml/model/model-file.ts'
import { likeliest } from '../ml/model/outcome.ts'
import { computedNames } from './score-columns.ts'

/** Rows that are scored at once, and rows of one file of scores: so much is in memory, whatever there is. */
const BATCH_ROWS = 16_384
const PART_ROWS = 2 ** 20

/** `asOf`: the T of the rows, by which dates have an age. */
type Scoring = {
  model: Model
  explain: boolean
  asOf: Instant
  rows: number
  scratch: string
  partRows?: number
}

/** Scores `features.parquet` of the folder row by row into files there, in its order; gives their paths. */
export async function writeScores(
  duck: Duck,
  { model, explain, asOf, rows, scratch, partRows = PART_ROWS }: Scoring,
): Promise<string[]> {
  const names = computedNames(model, explain)
  const from = `read_parquet(${literal(`${scratch}/features.parquet`)})`
  const parts: string[] = []
  const onProgress = progress()
  // Two sessions: one is busy with what it reads.
  return duck.session(async (write) => {
    const flush = async () => {
      const path = `${scratch}/scores-${parts.length}.parquet`
      await write.run(`COPY scores TO ${literal(path)} (FORMAT parquet)`)
      parts.push(path)
      await write.run(createTable(names))
    }
    await write.run(createTable(names))
    let [done, held] = [0, 0]
    for await (const batch of batchesOf(duck, model, from, Date.parse(asOf))) {
      const columns = scoreBatch(model, batch, explain)
      await write.append(
        'scores',
        names.map(() => 'DOUBLE' as const),
        columns,
      )
      done += batch.rows
      held += batch.rows
      onProgress({ phase: 'score', done, total: rows, unit: 'rows' })
      if (held < partRows) continue
      await flush()
      held = 0
    }
    if (held > 0 || parts.length === 0) await flush()
    return parts
  })
}

function createTable(names: readonly string[]): string {
  return `CREATE OR REPLACE TEMP TABLE scores (${names.map((name) => `${name} DOUBLE`).join(', ')})`
}

type Batch = { rows: number; inputs: InputColumn[] }

async function* batchesOf(
  duck: Pick<DuckSession, 'chunks'>,
  model: Model,
  from: string,
  asOfMs: number,
): AsyncGenerator<Batch> {
  const { inputs } = model.encoder.spec
  const isText = inputs.map(({ type }) => type === 'String')
  const select = inputs.map(({ name, type }) => {
    if (type === 'String') return ident(name)
    // The same number as ageInDays gives: both divide whole milliseconds.
    if (hasAge(type)) return `(${asOfMs} - epoch_ms(${ident(name)})) / CAST(${DAY_MS} AS DOUBLE)`
    return `CAST(${ident(name)} AS DOUBLE)`
  })
  const empty = () => inputs.map((_, i) => (isText[i] ? new Array<string>(BATCH_ROWS).fill('') : numbers()))
  const numbers = () => new Float64Array(BATCH_ROWS)
  let values = empty()
  let valid = inputs.map(() => new Uint8Array(BATCH_ROWS))
  let held = 0
  const batch = (): Batch => ({
    rows: held,
    inputs: inputs.map(({ name, type }, i) => {
      return { name, type, values: values[i]!.slice(0, held), valid: valid[i]!.subarray(0, held) }
    }),
  })
  for await (const chunk of duck.chunks(`SELECT ${select.join(', ')} FROM ${from}`)) {
    if (held + chunk.rowCount > BATCH_ROWS) {
      yield batch()
      values = empty()
      valid = inputs.map(() => new Uint8Array(BATCH_ROWS))
      held = 0
    }
    for (let i = 0; i < inputs.length; i++) take(chunk, i, values[i]!, valid[i]!, held)
    held += chunk.rowCount
  }
  if (held > 0) yield batch()
}

function take(chunk: DuckDBDataChunk, i: number, values: Float64Array | string[], valid: Uint8Array, at: number): void {
  const given = chunk.getColumnValues(i)
  for (let r = 0; r < given.length; r++) {
    const value = given[r]
    valid[at + r] = value === null ? 0 : 1
    if (value !== null) values[at + r] = value as never
  }
}

/** Column by column what is computed, as `computedNames` says. */
function scoreBatch(model: Model, { rows, inputs }: Batch, explain: boolean): Float64Array[] {
  const { outcome, learned, encoder, calibration, out } = model
  const matrix = encodeColumns(encoder, inputs, rows)
  const outputs = out.length
  const scores = calibrateAll(calibration, predictAll(learned, matrix))
  const said = Uint32Array.from({ length: rows }, (_, r) => {
    if (outcome.kind === 'binary') return scores[r]! >= outcome.threshold ? 1 : 0
    return likeliest(scores, r * outputs, outputs)
  })
  const columns = outcome.kind === 'regression' ? [] : [Float64Array.from(said)]
  for (let k = 0; k < outputs; k++) columns.push(Float64Array.from(said, (_, r) => scores[r * outputs + k]!))
  if (!explain) return columns
  const explainer = explainerOf(model)
  const [base, added] = [new Float64Array(rows), inputs.map(() => new Float64Array(rows))]
  const contributions = new Float64Array(explainer.outputs * inputs.length)
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < matrix.columns; c++) model.row[c] = matrix.values[c * rows + r]!
    explainer.contributions(model.row, contributions)
    // Of the positive class of two, of the class that is said of several.
    const of = outcome.kind === 'multiclass' ? said[r]! : 0
    base[r] = explainer.base[of]!
    for (let i = 0; i < inputs.length; i++) added[i]![r] = contributions[of * inputs.length + i]!
  }
  return [...columns, base, ...added]
}
