import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { openProjectPlace } from './weir.ts'

let at: Awaited<ReturnType<typeof openProjectPlace>>
beforeAll(async () => {
  at = await openProjectPlace()
  const { place, project } = at
  await writeMonths(join(place.dir, 'months'), 1, { customers: 400 })
  await place.run('ingest', join(place.dir, 'months/month_000'), '--as-of', '2024-01-31', '--project', project)
})
afterAll(() => at.end())

test('a training that is killed before its version is registered goes on when it is started again, nothing twice', async () => {
  const { database, place, project } = at
  const train = ['train', 'streamflow_churn', '--as-of', '2024-01-31', '--project', project]
  const gate = new pg.Client({ connectionString: database.url })
  await gate.connect()
  try {
    await gate.query('begin')
    // Writes wait, and the look at what is in Production does not.
    await gate.query('lock table registry.version in exclusive mode')
    const first = place.start(...train)
    await first.says(/^log run: /m)
    first.child.kill('SIGKILL')
    expect((await first.ended).exit).toBe('SIGKILL')
  } finally {
    await gate.end()
  }

  const again = await place.run(...train, '--json')
  const report = JSON.parse(again.stdout) as { version: number; runId: string }
  expect(report).toMatchObject({ version: 1, reused: false })
  const steps = await database.db.query<{ name: string; times: number }>(
    `select name, count(*)::int as times from flows.step group by 1 order by 1`,
  )
  expect(steps.filter((step) => step.name === 'fit')).toEqual([{ name: 'fit', times: 1 }])
  expect(await database.db.query('select version, run_id from registry.version')).toEqual([
    { version: 1, run_id: report.runId },
  ])
  expect(await database.db.query('select run_id, status from tracking.run')).toEqual([
    { run_id: report.runId, status: 'FINISHED' },
  ])
})

test('a second training makes a version of the same bytes; with --reuse there is none', async () => {
  const { database, place, project } = at
  const train = async (...more: string[]) => {
    const { stdout } = await place.run(
      ...['train', 'streamflow_churn', '--as-of', '2024-01-31', '--project', project, '--json', ...more],
    )
    return JSON.parse(stdout) as { version: number; reused: boolean; trainingSet: string }
  }
  const first = await train('--reuse')
  const second = await train('--threads', '1')
  expect([first, second]).toMatchObject([
    { version: 1, reused: true },
    { version: 2, reused: false, trainingSet: first.trainingSet },
  ])
  const digests = await database.db.query<{ value: string }>(
    "select value from registry.version_tag where key = 'weir.model_digest' order by version",
  )
  expect(digests).toHaveLength(2)
  expect(digests[1]).toEqual(digests[0])
})
