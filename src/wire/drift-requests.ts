/** `/drift-reports`: what is to be compared, and the reports that were made. */
import { z } from 'zod'
import { ARMS } from './arm-names.ts'
import { DRIFT_TESTS, driftReport } from './drift.ts'
import { limitOf } from './limits.ts'
import { pageOf, pageQuery } from './page.ts'

const moment = z.string().max(40)
const name = z.string().max(limitOf('modelName'))
const known = moment.optional().meta({ description: 'As the snapshots were known at this time; now where left out.' })
const model = name.meta({ description: 'A model of the project.' })

const side = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('snapshot'), source: name, as_of: moment, known_at: known }),
  z.strictObject({ kind: z.literal('training_set'), model, as_of: moment, known_at: known }),
  z.strictObject({ kind: z.literal('features'), model, as_of: moment, known_at: known }),
  z.strictObject({
    kind: z.literal('predictions'),
    model,
    from: moment,
    to: moment.meta({ description: 'Not in the window itself.' }),
    version: z.string().max(40).optional(),
    arm: z.enum(ARMS).optional(),
  }),
])

const test = z.enum(DRIFT_TESTS)

export const driftReportBody = z.strictObject({
  reference: side,
  current: side,
  tests: z
    .record(name, test)
    .optional()
    .meta({ description: 'Instead of the test that is chosen, by column; * for every column that it fits.' }),
  limits: z.record(name, z.number()).optional().meta({ description: 'Instead of the threshold, by column.' }),
  drift_share: z.number().gt(0).max(1).optional(),
  thresholds: z.enum(['fixed', 'history']).optional(),
  columns: z.array(name).min(1).max(limitOf('listItems')).optional(),
  model: name.nullable().optional().meta({ description: 'By which columns are weighed; null for none.' }),
})

export const driftReportId = z.object({ id: z.string().max(64) })

const line = {
  id: z.string(),
  of: z.object({ kind: z.enum(['model', 'source']), name: z.string() }),
  at: z.string().meta({ format: 'date-time', description: 'The moment that the current side describes.' }),
  share: z.number().nullable(),
  drifted: z.boolean(),
  says: z.string(),
  made_at: z.string().meta({ format: 'date-time' }),
  made_by: z.string(),
}

export const driftReportLine = z.object(line)
export const driftReportAnswer = z.object({ ...line, report: driftReport })
export const driftReportsQuery = pageQuery({
  of: name.optional().meta({ description: 'Only those of this model or source.' }),
})
export const driftReportsAnswer = pageOf('reports', driftReportLine)

export type DriftSideBody = z.output<typeof side>
export type DriftReportBody = z.output<typeof driftReportBody>
export type DriftReportLine = z.output<typeof driftReportLine>
export type DriftReportAnswer = z.output<typeof driftReportAnswer>
export type DriftReportsQuery = z.output<typeof driftReportsQuery>
export type DriftReportsAnswer = { reports: DriftReportLine[]; next_page_token: string | null }
