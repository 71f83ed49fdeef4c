import { divide } from '../../ml/measure/divisions.ts'
import { type Segment, segmentTable } from '../../ml/measure/segments.ts'
import type { InputColumn } from '../../ml/model/encoder.ts'
import type { Measured } from '../measured.ts'
import { saidAndTrue } from './said-and-true.ts'

/**
 * How the model does among the rows that measure it, by the values of features: of the named ones, or else of every text and
 * boolean. A feature that cannot be divided (one value, or too many texts) has no lines.
 */
export function segmentsOf(
  inputs: readonly InputColumn[],
  rows: Uint32Array,
  measured: Measured,
  named: readonly string[] | null,
): Segment[] {
  const wanted = inputs.filter(({ name, type }) =>
    named === null ? type === 'String' || type === 'Bool' : named.includes(name),
  )
  const divisions = wanted.map((input) => divide(input, rows)).filter((division) => division !== undefined)
  const input = { ...saidAndTrue(measured), entities: measured.entities, binary: measured.target.kind === 'binary' }
  return segmentTable(input, divisions)
}
