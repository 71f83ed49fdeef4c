// A worker on dist/ that may lead: `node toy-scheduler.mjs URL` has one schedule, every 200 ms, whose flow writes a row.

import { systemClock } from '../../../dist/base/clock.js'
import { silentLog } from '../../../dist/base/log.js'
import { openDatabase } from '../../../dist/db/db.js'
import { createFlows } from '../../../dist/flows/flows.js'
import { RETENTION } from '../../../dist/flows/retention.js'
import { createSchedules } from '../../../dist/flows/schedules/schedules.js'

const [url] = process.argv.slice(2)
const say = (event) => console.log(JSON.stringify({ event, pid: process.pid }))
const db = await openDatabase({ home: '/nowhere', url, log: silentLog })
const actors = { now: () => ({ name: 'toy' }), during: (_actor, body) => body() }
const flows = createFlows({ db, log: silentLog, actors })
flows.define('toy', (run, { at }) =>
  run.step('write', async () => {
    await db.query('insert into toy.done (at, pid) values ($1, $2)', [at, process.pid])
  }),
)
const rule = {
  ...{ name: 'often', flow: 'toy', input: { at: '{period}' }, zone: 'UTC', timing: { everyMs: 200 } },
  on: { delivered: null, withdrawn: null, labels: null, drift: null },
  ...{ overlap: 'queue', catchUpMost: 1000, retries: { times: 0, firstMs: 1, longestMs: 1 } },
  ...{ timeoutMs: null, stepTimeoutMs: null, concurrency: null },
}
const { scheduler } = createSchedules({
  ...{ db, clock: systemClock, log: silentLog, executorId: flows.executorId, build: async () => null, actors },
  ...{ rules: [rule], flows: { toy: async (input) => input }, retention: RETENTION, random: Math.random },
  world: { complete: async () => null, holds: async () => true, periods: async () => [] },
  actorOf: (schedule) => ({ name: schedule }),
  onChange: async () => {},
  onScheduleChange: async () => {},
  onNews: () => {},
})
await flows.start()
await scheduler.start()
say('ready')
process.once('SIGTERM', async () => {
  await scheduler.stop()
  await flows.stop()
  await db.close()
})
