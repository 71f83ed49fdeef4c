import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { must } from '../../src/base/assert.ts'
import { loadProject } from '../../src/config/load.ts'
import type { Project, Source } from '../../src/config/project.ts'
import { ident, literal } from '../../src/features/define/quote.ts'
import { duckType } from '../../src/features/define/value-types.ts'
import { realMonths } from '../helpers/real-data.ts'
import type { Rig } from './rig.ts'

export const JANUARY = '2024-01-31'
export const FEBRUARY = '2024-02-29'

export const loadStreamflow = (): Promise<Project> =>
  loadProject(fileURLToPath(new URL('../../examples/streamflow', import.meta.url)))

export async function deliverMonth(rig: Rig, project: Project, folder: string, at: string): Promise<void> {
  for (const source of project.sources) await rig.deliver(source, at, csvSql(source, folder))
}

/** The rows of a real file with the types of its source; `extra` goes behind the FROM. */
export function csvSql(source: Source, folder: string, replace = ''): string {
  const path = literal(join(must(realMonths(), 'real months'), folder, source.file))
  const types = source.columns.map((c) => `${literal(c.name)}: ${literal(duckType(c.type))}`).join(', ')
  const columns = source.columns.map((c) => ident(c.name)).join(', ')
  const rows = `SELECT ${columns} FROM read_csv(${path}, header = true, columns = {${types}})`
  return replace === '' ? rows : `SELECT * REPLACE (${replace}) FROM (${rows})`
}

/** What January has of customer 7590-VHVEG, real or generated, in the order of the feature service. */
export const KNOWN_FEATURES = {
  months_active: 1,
  monthly_fee: 29.850000381469727,
  paperless_billing: true,
  plan_stream_tv: false,
  plan_stream_movies: false,
  net_service: 'DSL',
  watch_hours_30d: 24.48365020751953,
  avg_session_mins_7d: 29.14104461669922,
  unique_devices_30d: 3,
  skips_7d: 4,
  rebuffer_events_7d: 1,
  failed_payments_90d: 1,
  support_tickets_90d: 0,
  ticket_avg_resolution_hrs_90d: 16,
}
