import type { Source, ValueType } from '../../config/project.ts'
import type { Duck } from '../../lake/duck.ts'
import { valueText } from '../../values/text.ts'
import type { FeatureValue } from '../../wire/features.ts'
import type { ViewDefinition } from '../define/definitions.ts'
import { ident } from '../define/quote.ts'
import { duckType, plainInDuck } from '../define/value-types.ts'
import { featureSql } from '../offline/view-rows.ts'

/** The features of pushed rows: by the same expressions, in the same engine, as in a training set. */
export async function computeFeatures(
  duck: Duck,
  source: Source,
  view: ViewDefinition,
  rows: ReadonlyMap<string, FeatureValue[]>,
  count: number,
): Promise<FeatureValue[][]> {
  if (view.features.every((f) => f.sql === null && typeOf(source, f.column) === f.type)) {
    return view.features.map((f) => rows.get(f.column ?? '') ?? [])
  }
  const objects = Array.from({ length: count }, (_, i) => {
    const text = (value: FeatureValue | undefined) => (value === null || value === undefined ? null : valueText(value))
    return Object.fromEntries(source.columns.map((c) => [c.name, text(rows.get(c.name)?.[i])]))
  })
  const typed = source.columns.map((c) => {
    const path = `$."${c.name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
    return `CAST(j->>'${path.replaceAll("'", "''")}' AS ${duckType(c.type)}) AS ${ident(c.name)}`
  })
  const features = view.features.map((f, i) => `${plainInDuck(featureSql(f), f.type)} AS f${i}`)
  const found = await duck.rows<Record<string, FeatureValue>>(
    `SELECT ${features.join(', ')} FROM (SELECT ${typed.join(', ')} FROM (SELECT unnest(CAST($1 AS JSON[])) AS j))`,
    [JSON.stringify(objects)],
  )
  return view.features.map((_, i) => found.map((row) => row[`f${i}`] ?? null))
}

function typeOf(source: Source, column: string | null): ValueType | undefined {
  return source.columns.find((c) => c.name === column)?.type
}
