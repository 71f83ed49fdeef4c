/**
 * Made-up history for the benchmark of features: four views of the same keys over months, and the entity rows to join
 * with them. Each value comes from a hash of seed, view, month and key, so the same parameters give the same rows, each
 * form of a view holds the same values, and a joined value tells which row it came from.
 *
 * Three forms of one history:
 * - `snapshots`: whole state, a file a month, no moments inside (a month's end stands in `months`): what Weir ingests.
 * - `feast`: the same rows with `event_timestamp` (the month's end) and `created`, one file a view.
 * - `changes`: the same rows with `event_timestamp` at random inside their month and `created` within the hour after it,
 *   a file a month. Feast on DuckDB reads them by the pattern `changesGlob`.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDuck, type Duck } from '../../src/lake/duck.ts'
import { BENCH_VIEWS, type BenchView } from './views.ts'

/** A form of the history, or the entity rows. Only what is asked for is written. */
export type BenchPart = 'snapshots' | 'feast' | 'changes' | 'entities'

export type BenchDataOptions = {
  /** Rows of a view in a month, up to 9,999,999. */
  keys?: number
  months?: number
  seed?: number
  parts?: readonly BenchPart[]
}

export type BenchViewFiles = BenchView & { snapshots: string[]; feast: string; changes: string[]; changesGlob: string }

export type BenchData = {
  dir: string
  keys: number
  /** The months' ends, such as 2023-01-31T00:00:00Z. */
  months: string[]
  views: BenchViewFiles[]
  /**
   * Parquet of `user_id`, `event_timestamp`, keys in no order. As many rows as there are keys (1 M), a tenth in `…Tenth`,
   * ten times in `tenfold`; each key once (ten times in `tenfold`).
   */
  entities: Record<EntityFile, string>
}

export type EntityFile =
  | 'oneDate'
  | 'oneDateTenth'
  /** Spread over the last twelve months' ends. */
  | 'twelveDates'
  | 'twelveDatesTenth'
  /** At random moments between the first month's end and the last. */
  | 'anyMoment'
  | 'anyMomentTenth'
  | 'tenfold'

/** Raised when what is written changes, so that older files are not taken for it. */
const FORM = 1
const PARTS: readonly BenchPart[] = ['snapshots', 'feast', 'changes', 'entities']
const PARQUET = '(FORMAT parquet, COMPRESSION snappy)'
const ENTITY_FILES: readonly EntityFile[] = [
  'oneDate',
  'oneDateTenth',
  'twelveDates',
  'twelveDatesTenth',
  'anyMoment',
  'anyMomentTenth',
  'tenfold',
]

type Plan = { keys: number; seed: number; ends: string[]; dir: string; views: BenchViewFiles[] }

/** Below `dir`, in a folder named by the parameters; a part that is complete there already is left as it is. */
export async function makeBenchData(
  dir: string,
  { keys = 1_000_000, months = 12, seed = 1, parts = PARTS }: BenchDataOptions = {},
): Promise<BenchData> {
  if (!Number.isInteger(keys) || keys < 10 || keys > 9_999_999) throw new Error(`keys is 10 to 9,999,999, not ${keys}`)
  const home = join(dir, `features-${FORM}-${keys}x${months}-${seed}`)
  const views = BENCH_VIEWS.map((view) => filesOf(view, home, months))
  const plan: Plan = { keys, seed, ends: monthEnds(months), dir: home, views }
  const entities = Object.fromEntries(ENTITY_FILES.map((name) => [name, join(home, 'entities', `${name}.parquet`)]))
  const missing = parts.filter((part) => !existsSync(join(home, part, 'complete.json')))
  if (missing.length > 0) {
    const duck = await createDuck({ memoryLimit: '2GB' })
    try {
      for (const part of missing) await writePart(duck, plan, part)
    } finally {
      duck.close()
    }
  }
  return { dir: home, keys, months: plan.ends, views, entities: entities as BenchData['entities'] }
}

/** The key of row `i`, counted from 1. */
export function benchKey(i: number): string {
  return `u${String(i).padStart(7, '0')}`
}

function filesOf(view: BenchView, home: string, months: number): BenchViewFiles {
  const monthly = (part: BenchPart) =>
    Array.from({ length: months }, (_, m) => join(home, part, view.name, `${String(m).padStart(3, '0')}.parquet`))
  return {
    ...view,
    snapshots: monthly('snapshots'),
    feast: join(home, 'feast', `${view.name}.parquet`),
    changes: monthly('changes'),
    changesGlob: join(home, 'changes', view.name, '*.parquet'),
  }
}

async function writePart(duck: Duck, plan: Plan, part: BenchPart): Promise<void> {
  const folder = join(plan.dir, part)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const since = performance.now()
  if (part === 'entities') await writeEntities(duck, plan, folder)
  else for (const [v, view] of plan.views.entries()) await writeView(duck, plan, part, v, view)
  const seconds = (performance.now() - since) / 1000
  await writeFile(join(folder, 'complete.json'), `${JSON.stringify({ seconds })}\n`)
}

/** How long a part took to write, whenever that was. */
export async function secondsToMake(data: BenchData, part: BenchPart): Promise<number> {
  const { seconds } = JSON.parse(await readFile(join(data.dir, part, 'complete.json'), 'utf8')) as { seconds: number }
  return seconds
}

async function writeView(
  duck: Duck,
  plan: Plan,
  part: Exclude<BenchPart, 'entities'>,
  v: number,
  view: BenchViewFiles,
): Promise<void> {
  const features = featureSql(view)
  const rows = (m: number, moments = '') => `SELECT user_id, ${moments}${features} FROM (${drawn(plan, v, m)})`
  if (part === 'feast') {
    // Delivered six hours after the month's end.
    const month = (m: number) =>
      rows(m, `${at(plan, m)} AS event_timestamp, ${at(plan, m)} + INTERVAL 6 HOUR AS created, `)
    const all = plan.ends.map((_, m) => month(m)).join('\nUNION ALL\n')
    await duck.run(`COPY (${all}) TO '${view.feast}' ${PARQUET}`)
    return
  }
  await mkdir(join(plan.dir, part, view.name))
  for (const [m, path] of view[part].entries()) {
    const select = part === 'snapshots' ? rows(m) : rows(m, changeMoments(plan, m))
    await duck.run(`COPY (${select}) TO '${path}' ${PARQUET}`)
  }
}

/** Its key, a hash `h` for values and another `t` for moments, for each row of a month, sorted by key. */
function drawn({ keys, seed }: Plan, view: number, month: number): string {
  const salt = (n: number) => `${seed * 1_000_000 + n * 100_000 + month}`
  return `SELECT 'u' || lpad(i::VARCHAR, 7, '0') AS user_id, hash(i, ${salt(view)}) AS h, hash(i, ${salt(view + 4)}) AS t
    FROM range(1, ${keys + 1}) r(i)`
}

/** Bits of `h` for each feature; the shares of nulls and of values are about the real months'. */
const VALUES: Record<string, string> = {
  months_active: '((h & 127) % 73)::BIGINT',
  monthly_fee: '(18 + ((h >> 7) & 8191) / 80)::FLOAT',
  paperless_billing: '((h >> 20) & 7) < 5',
  plan_stream_tv: 'CASE WHEN ((h >> 23) & 15) < 12 THEN ((h >> 27) & 1) = 1 END',
  plan_stream_movies: 'CASE WHEN ((h >> 23) & 15) < 12 THEN ((h >> 28) & 1) = 1 END',
  net_service: `CASE WHEN ((h >> 23) & 15) < 5 THEN 'DSL' WHEN ((h >> 23) & 15) < 12 THEN 'Fiber optic' ELSE 'No' END`,
  watch_hours_30d: 'CASE WHEN (h & 63) > 0 THEN (((h >> 6) & 65535) / 400)::FLOAT END',
  avg_session_mins_7d: '(((h >> 22) & 65535) / 500)::FLOAT',
  unique_devices_30d: '(1 + ((h >> 38) & 3))::BIGINT',
  skips_7d: '((h >> 40) & 15)::BIGINT',
  rebuffer_events_7d: 'CASE WHEN ((h >> 44) & 31) > 0 THEN ((h >> 49) & 7)::BIGINT END',
  failed_payments_90d: '((h & 15) // 5)::BIGINT',
  support_tickets_90d: '(h & 3)::BIGINT',
  ticket_avg_resolution_hrs_90d: 'CASE WHEN (h & 3) > 0 THEN (((h >> 2) & 4095) / 50)::FLOAT END',
}

function featureSql(view: BenchView): string {
  return Object.keys(view.features)
    .map((name) => `${VALUES[name]!} AS ${name}`)
    .join(', ')
}

/** After the end of the month before, up to this month's end; to the microsecond. */
function changeMoments(plan: Plan, m: number): string {
  const before = m === 0 ? `TIMESTAMPTZ '2023-01-01T00:00:00Z'` : at(plan, m - 1)
  const span = `(epoch_us(${at(plan, m)}) - epoch_us(${before}))::UBIGINT`
  const moment = `${before} + to_microseconds((1 + t % ${span})::BIGINT)`
  return `${moment} AS event_timestamp, ${moment} + to_microseconds((t % 3600000000)::BIGINT) AS created, `
}

async function writeEntities(duck: Duck, plan: Plan, folder: string): Promise<void> {
  const { keys, seed, ends } = plan
  const last = at(plan, ends.length - 1)
  const first = at(plan, 0)
  const lastTwelve = `[${ends.slice(-12).map((_, i, list) => at(plan, ends.length - list.length + i))}]`
  const span = `(epoch_us(${last}) - epoch_us(${first}) + 1)::UBIGINT`
  const hashed = `hash(i, ${seed * 1_000_000 + 900_000})`
  const moments = {
    oneDate: last,
    twelveDates: `${lastTwelve}[1 + (${hashed} % ${Math.min(12, ends.length)})::BIGINT]`,
    anyMoment: `${first} + to_microseconds((${hashed} % ${span})::BIGINT)`,
  }
  const write = (name: EntityFile, rows: number, moment: string) =>
    duck.run(`COPY (
      SELECT 'u' || lpad((1 + (i * ${stride(keys)}) % ${keys})::VARCHAR, 7, '0') AS user_id, ${moment} AS event_timestamp
      FROM range(${rows}) r(i)) TO '${join(folder, `${name}.parquet`)}' ${PARQUET}`)
  for (const [name, moment] of Object.entries(moments) as ['oneDate' | 'twelveDates' | 'anyMoment', string][]) {
    await write(name, keys, moment)
    await write(`${name}Tenth`, Math.floor(keys / 10), moment)
  }
  await write('tenfold', keys * 10, last)
}

/** A step that visits each key once before any twice, in no visible order. */
function stride(keys: number): number {
  let step = Math.floor(keys * 0.618033988) | 1
  while (gcd(step, keys) !== 1) step += 2
  return step
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

function monthEnds(months: number): string[] {
  return Array.from({ length: months }, (_, m) => new Date(Date.UTC(2023, m + 1, 0)).toISOString().replace('.000', ''))
}

function at({ ends }: Plan, m: number): string {
  return `TIMESTAMPTZ '${ends[m]!}'`
}
