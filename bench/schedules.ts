import { systemClock } from '../src/base/clock.ts'
import { silentLog } from '../src/base/log.ts'
import { createFlows } from '../src/flows/flows.ts'
import { RETENTION } from '../src/flows/retention.ts'
import type { Rule } from '../src/flows/schedules/rule.ts'
import { createSchedules } from '../src/flows/schedules/schedules.ts'
import { testDatabase } from '../test/helpers/pg.ts'
import { type BenchResult, median } from './harness.ts'

/**
 * 100,000 past runs of 100 schedules: how long a page of each list takes (the median of 20 reads, the limit beside it), and what
 * the scheduler takes of a core while 100 schedules wait for times of their own and one is due each minute.
 */
const RUNS = 100_000
const SCHEDULES = 100
const IDLE_MS = 60_000

export async function run(): Promise<BenchResult[]> {
  const database = await testDatabase()
  const { db } = database
  const rules = Array.from({ length: SCHEDULES }, (_, i) => rule(i))
  const actors = { now: () => ({ name: 'bench' }), during: <T>(_: unknown, body: () => T) => body() }
  const flows = createFlows({ db, log: silentLog, actors, retention: { ...RETENTION, keepRuns: RUNS } })
  flows.define('toy', async (run) => run.step('do', async () => 1))
  await flows.start()
  const schedules = createSchedules({
    ...{ db, clock: systemClock, log: silentLog, executorId: flows.executorId, build: async () => null, actors },
    ...{
      rules,
      flows: { toy: async (input) => input },
      retention: { ...RETENTION, keepRuns: RUNS },
      random: Math.random,
    },
    world: { complete: async () => null, holds: async () => true, periods: async () => [] },
    actorOf: (name) => ({ name }),
    onChange: async () => {},
    onScheduleChange: async () => {},
    onNews: () => {},
  })
  await schedules.scheduler.start()
  await fill(database)
  const last = { submittedAt: '2026-01-02T00:00:00.000000Z', id: '' }
  const reads: [string, () => Promise<unknown>][] = [
    ['flows, newest page', () => flows.page({ limit: 100 })],
    ['flows, a page in the depth', () => flows.page({ limit: 100, before: last })],
    ['flows, failed ones', () => flows.page({ limit: 100, state: 'failed' })],
    ['schedules', () => schedules.list()],
    ['history of one schedule', () => schedules.ticks({ schedule: 'schedule_7', limit: 100 })],
    ['flows of 14 days', () => flows.days('2026-01-01T00:00:00.000000Z')],
  ]
  const results: BenchResult[] = []
  for (const [name, read] of reads) {
    const took: number[] = []
    for (let i = 0; i < 20; i++) {
      const began = performance.now()
      await read()
      took.push(performance.now() - began)
    }
    const ours = median(took)
    results.push({
      name: `list of ${RUNS} runs: ${name}`,
      unit: 'ms',
      ours,
      peer: 100,
      ratio: ours / 100,
      note: `median of 20, worst ${Math.round(Math.max(...took))}; peer: the limit`,
    })
  }
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  const { user, system } = process.cpuUsage(before)
  const ours = (user + system) / 10 / IDLE_MS
  results.push({
    name: `worker with ${SCHEDULES} schedules, idle`,
    unit: '% of a core',
    ours,
    peer: 1,
    ratio: ours,
    note: 'with the engine of flows; peer: the limit',
  })
  await schedules.scheduler.stop()
  await flows.stop()
  await database.drop()
  return results
}

function rule(i: number): Rule {
  return {
    ...{ name: `schedule_${i}`, flow: 'toy', input: {}, zone: 'Europe/Paris' },
    timing: { cron: i === 0 ? '* * * * *' : `${i % 60} ${i % 24} ${1 + (i % 28)} 1 *`, zone: 'Europe/Paris' },
    on: { delivered: null, withdrawn: null, labels: null, drift: null },
    ...{ overlap: 'skip', catchUpMost: 1, retries: { times: 0, firstMs: 1, longestMs: 1 } },
    ...{ timeoutMs: null, stepTimeoutMs: null, concurrency: null },
  }
}

async function fill({ db }: Awaited<ReturnType<typeof testDatabase>>): Promise<void> {
  await db.query(
    `insert into flows.run (id, flow, key, state, input, output, error, submitted_at, started_at, finished_at, told, tick)
     select 'r' || n, 'toy', 'k' || n, case when n % 20 = 0 then 'failed' else 'succeeded' end, '{"model":"churn","asOf":"2026-01-01"}',
       case when n % 20 > 0 then '1'::json end, case when n % 20 = 0 then '{"name":"Error","message":"no"}'::json end,
       at, at, at + interval '1 second', true, n
     from (select n, timestamptz '2026-01-01' + n * interval '1 minute' as at from generate_series(1, ${RUNS}) n) s`,
  )
  await db.query(
    `insert into flows.tick (schedule, origin, key, period, due_at, state, not_before, ended_at, run_id, attempts)
     select 'schedule_' || n % ${SCHEDULES}, 'time', 'old' || n, at, at, 'succeeded', at, at, 'r' || n, 1
     from (select n, timestamptz '2026-01-01' + n * interval '1 minute' as at from generate_series(1, ${RUNS}) n) s`,
  )
  await db.query('analyze flows.run')
  await db.query('analyze flows.tick')
}
