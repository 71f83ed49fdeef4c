// A process that runs toy flows on dist/: `node toy-process.mjs URL work` is a worker, `… run FLOW INPUT` a command.
// Each step writes one row to toy.done, says so on stdout, and passes the gate that the test may hold (toy.pass).

import { PlatformError } from '../../dist/base/errors.js'
import { silentLog } from '../../dist/base/log.js'
import { openDatabase } from '../../dist/db/db.js'
import { createFlows } from '../../dist/flows/flows.js'

const [url, role, flow, input] = process.argv.slice(2)
const say = (event, more = {}) => console.log(JSON.stringify({ event, pid: process.pid, ...more }))
const db = await openDatabase({ home: '/nowhere', url, log: silentLog })
const flows = createFlows({ db, log: silentLog })

const step = (run, name, gate) =>
  run.step(name, async () => {
    await db.query('insert into toy.started (run, step, pid) values ($1, $2, $3)', [run.id, name, process.pid])
    say('step', { name, run: run.id })
    // Held by the test as long as it wants to have the process in this step.
    if (gate) await db.tx((sql) => sql.query('select pg_advisory_xact_lock_shared($1)', [gate]))
    await db.query('insert into toy.done (run, step, pid) values ($1, $2, $3)', [run.id, name, process.pid])
    return { name, pid: process.pid }
  })

flows.define('three_steps', async (run, { gate }) => {
  const first = await step(run, 'first', null)
  const second = await step(run, 'second', gate)
  const third = await step(run, 'third', null)
  return [first, second, third].map((s) => s.name)
})
flows.define('refused', async (run) => {
  await step(run, 'first', null)
  await run.step('refuse', async () => {
    await db.query('insert into toy.done (run, step, pid) values ($1, $2, $3)', [run.id, 'refuse', process.pid])
    throw new PlatformError('delivery_refused', 'users.csv is not as declared', {
      details: { findings: [{ count: 3 }] },
    })
  })
})

if (role === 'work') {
  await flows.start()
  say('ready')
  process.once('SIGTERM', async () => {
    await flows.stop()
    await db.close()
    say('stopped')
  })
} else {
  const runId = await flows.submit(flow, JSON.parse(input))
  say('submitted', { run: runId })
  try {
    const output = await flows.wait(runId, { onStep: (s) => say('recorded', { name: s.name }) })
    say('output', { output })
  } catch (error) {
    say('error', {
      platform: error instanceof PlatformError,
      code: error.code,
      message: error.message,
      details: error.details,
    })
  }
  await flows.stop()
  await db.close()
}
