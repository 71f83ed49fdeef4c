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

test('a materialization that is killed in its third view goes on there, and verify finds nothing wrong', async () => {
  const { database, place, project } = at
  const materialize = ['materialize', '--project', project]
  const gate = new pg.Client({ connectionString: database.url })
  await gate.connect()
  try {
    await gate.query('begin')
    await gate.query(`select pg_advisory_xact_lock(hashtextextended('features.online_table payments_agg_90d_fv', 0))`)
    const first = place.start(...materialize)
    await first.says(/^materialize usage_agg_30d_fv: /m)
    first.child.kill('SIGKILL')
    expect((await first.ended).exit).toBe('SIGKILL')
  } finally {
    await gate.end()
  }
  const half = await database.db.query<{ view: string }>('select view from features.online_table order by 1')
  expect(half.map((row) => row.view)).toEqual(['subs_profile_fv', 'usage_agg_30d_fv'])

  const again = JSON.parse((await place.run(...materialize, '--json')).stdout) as { outcome: string; rows: number }[]
  expect(again.map((view) => [view.outcome, view.rows])).toEqual(Array(4).fill(['materialized', 400]))
  const steps = await database.db.query<{ name: string; times: number }>(
    `select name, count(*)::int as times from flows.step where name like 'materialize %' group by 1`,
  )
  expect(new Set(steps.map((step) => step.times))).toEqual(new Set([1]))
  const verified = JSON.parse((await place.run('verify', '--project', project, '--json')).stdout) as {
    checked: number
    differences: unknown[]
  }[]
  expect(verified.map((view) => [view.checked, view.differences])).toEqual(Array(4).fill([400, []]))
})
