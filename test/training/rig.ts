import { silentLog } from '../../src/base/log.ts'
import type { Project, Source } from '../../src/config/project.ts'
import { ident } from '../../src/features/define/quote.ts'
import { duckType } from '../../src/features/define/value-types.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { createTracking } from '../../src/tracking/tracking.ts'
import { createTraining, type Training } from '../../src/training/training.ts'
import { openRig } from '../features/rig.ts'

export type TrainingRig = Awaited<ReturnType<typeof openTrainingRig>>

/** A training room with its neighbours on a real database. */
export async function openTrainingRig(project: Project) {
  const rig = await openRig()
  rig.clock.set(Date.UTC(2024, 2, 15))
  const tracking = createTracking({ sql: rig.db, objects: rig.objects, clock: rig.clock })
  const registry = createRegistry({ sql: rig.db, tracking, clock: rig.clock })
  const training = createTraining({
    project,
    lake: rig.lake,
    features: rig.features(project),
    objects: rig.objects,
    tracking,
    registry,
    clock: rig.clock,
    log: silentLog,
    versions: async () => ({ weir: '0.0.0-test', duckdb: rig.duck.version }),
  })
  const { db: sql, lake, duck, clock } = rig
  const ingest = createIngest({ sql, lake, duck, project, clock, log: silentLog })
  return { ...rig, project, ingest, tracking, registry, training }
}

/** All steps in order, as the flow takes them. */
export async function train(training: Training, request: Parameters<Training['pin']>[0]) {
  const pinned = await training.pin(request)
  const dataset = await training.buildDataset(pinned)
  const fit = await training.fit(pinned, dataset)
  const run = await training.logRun(pinned, dataset, fit)
  const version = await training.register(pinned, run)
  return { pinned, dataset, fit, run, version }
}

/** `count` customers in any streamflow source: values from a hash of customer and column, nulls where the data has them. */
export function madeUpSql(source: Source, count: number, salt: string): string {
  const noNet = "hash(i, 'net') % 5 = 0"
  const value = (column: Source['columns'][number]) => {
    const part = (n: number) => `CAST(hash(i, '${column.name}', '${salt}') % ${n} AS BIGINT)`
    if (column.name === 'user_id') return "printf('%04d-ABCDE', i)"
    if (column.name === 'net_service')
      return `CASE WHEN ${noNet} THEN 'No' ELSE ['DSL', 'Fiber optic'][1 + CAST(hash(i, 'f') % 2 AS BIGINT)] END`
    if (column.name.startsWith('plan_')) return `CASE WHEN ${noNet} THEN NULL ELSE ${part(2)} = 1 END`
    if (column.name === 'churn_label')
      return `CAST(hash(i, 'months_active', '${salt}') % 40 AS BIGINT) + ${part(30)} > 40`
    if (column.type === 'Date') return `DATE '2022-01-01' + CAST(${part(300)} AS INTEGER)`
    if (column.type === 'Bool') return `${part(2)} = 1`
    if (column.type === 'String') return `['a', 'b', 'c'][1 + ${part(3)}]`
    return column.type === 'Float32' || column.type === 'Float64' ? `${part(100000)} / 997.0` : part(40)
  }
  const columns = source.columns.map((c) => `CAST(${value(c)} AS ${duckType(c.type)}) AS ${ident(c.name)}`)
  return `SELECT ${columns.join(', ')} FROM range(${count}) t(i)`
}
