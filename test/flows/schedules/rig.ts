import { afterEach, beforeEach } from 'vitest'
import { manualClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { Actor } from '../../../src/flows/actor.ts'
import type { FlowBody } from '../../../src/flows/flow.ts'
import { createFlows } from '../../../src/flows/flows.ts'
import { RETENTION } from '../../../src/flows/retention.ts'
import type { ScheduleChange, SchedulingDeps, World } from '../../../src/flows/schedules/deps.ts'
import type { Rule } from '../../../src/flows/schedules/rule.ts'
import { createSchedules } from '../../../src/flows/schedules/schedules.ts'
import { type TestDatabase, testDatabase } from '../../helpers/pg.ts'

/** A schedule of the flow `toy`, each hour, with nothing else said. */
export const hourly = (more: Partial<Rule> = {}): Rule => ({
  ...{ name: 'hourly', flow: 'toy', input: { at: '{period}' }, zone: 'UTC', timing: { everyMs: 3_600_000 } },
  on: { delivered: null, withdrawn: null, labels: null, drift: null },
  ...{ overlap: 'skip', catchUpMost: 1, retries: { times: 0, firstMs: 60_000, longestMs: 240_000 } },
  ...{ timeoutMs: null, stepTimeoutMs: null, concurrency: null },
  ...more,
})

export const T0 = Date.parse('2026-05-01T00:00:00Z')
export const hour = (n: number) => T0 + n * 3_600_000

export type Rig = Awaited<ReturnType<typeof openRig>>

/** A process with flows and schedules, whose clock stands still; it looks when it is told to. */
export async function openRig(
  database: TestDatabase,
  rules: Rule[],
  {
    body = async (run) => run.step('do', async () => 'done'),
    world,
    ...more
  }: Partial<Omit<SchedulingDeps, 'world'>> & {
    body?: FlowBody
    world?: Partial<World>
  } = {},
) {
  const clock = manualClock(T0)
  const changes: ScheduleChange[] = []
  const actors = { now: () => ({ name: 'anna' }), during: <T>(_actor: Actor, act: () => T) => act() }
  const flows = createFlows({ db: database.db, log: silentLog, actors })
  flows.define('toy', body)
  await flows.start()
  const schedules = createSchedules({
    ...{ db: database.db, clock, log: silentLog, executorId: flows.executorId, build: async () => null, actors },
    ...{ rules, flows: { toy: async (input) => input }, retention: RETENTION, random: () => 0 },
    world: { complete: async () => null, holds: async () => true, periods: async () => [], ...world },
    actorOf: (schedule) => ({ name: `schedule ${schedule}` }),
    onChange: async () => {},
    onScheduleChange: async (_sql, change) => void changes.push(change),
    onNews: () => {},
    ...more,
  })
  const { scheduler } = schedules
  return {
    ...{ clock, flows, schedules, changes, db: database.db },
    look: () => scheduler.look(),
    at(ms: number) {
      clock.set(ms)
      return scheduler.look()
    },
    /** The ticks of a schedule, oldest first, as `00:00 state why`. */
    async ticks(name = 'hourly') {
      const rows = await schedules.ticks({ schedule: name, limit: 500 })
      return rows.reverse().map(({ dueAt, state, why }) => `${dueAt.slice(11, 16)} ${state}${why ? ` ${why}` : ''}`)
    },
    /** Waits for the run of the tick that is under way. */
    async ended() {
      for (const { runId } of await this.underWay()) await flows.wait(runId).catch(() => {})
    },
    underWay: () =>
      database.db.query<{ runId: string }>(
        `select run_id as "runId" from flows.tick where state = 'running' order by id`,
      ),
    runs: () =>
      database.db.query<{ input: { at: string }; state: string; by: { name: string } }>(
        'select input, state, submitted_by as by from flows.run order by submitted_at, id',
      ),
    async close() {
      await scheduler.stop()
      await flows.stop()
    },
  }
}

/** A database for each test of the file, and processes on it that are closed after it. */
export function rigsOfFile() {
  let database: TestDatabase
  let rigs: Rig[] = []
  beforeEach(async () => {
    database = await testDatabase()
  })
  afterEach(async () => {
    for (const rig of rigs) await rig.close()
    rigs = []
    await database.drop()
  })
  return {
    database: () => database,
    async open(rules: Rule[], options?: Parameters<typeof openRig>[2]): Promise<Rig> {
      const rig = await openRig(database, rules, options)
      rigs.push(rig)
      return rig
    },
  }
}
