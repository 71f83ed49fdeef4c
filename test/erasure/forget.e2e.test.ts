import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { createDuck } from '../../src/lake/duck.ts'
import { openPlace } from '../e2e/weir.ts'

let place: Awaited<ReturnType<typeof openPlace>>
let project: string

beforeAll(async () => {
  place = await openPlace()
  project = await place.project()
  await writeMonths(join(place.dir, 'months'), 1, { customers: 300 })
})
afterAll(() => place.end())

/** The home from its first byte to its last: database with its log of writes, server's log, objects, scratch. */
async function filesWith(key: string): Promise<string[]> {
  await place.serverGone()
  const home = join(place.dir, 'home')
  const duck = await createDuck()
  const found: string[] = []
  for (const name of await readdir(home, { recursive: true })) {
    const path = join(home, name)
    if (!(await stat(path)).isFile()) continue
    const parquet = name.endsWith('.parquet')
    const rows = parquet ? await duck.rows(`SELECT CAST(t AS VARCHAR) AS row FROM read_parquet('${path}') t`) : []
    const bytes = `${(await readFile(path)).toString('latin1')}${rows.map((r) => r.row).join('\n')}`
    if (bytes.includes(key)) found.push(name)
  }
  duck.close()
  return found
}

test('F4, B3: forget that is killed and asked for again leaves the person in no byte of the home', async () => {
  const month = join(place.dir, 'months/month_000')
  const text = await readFile(join(month, 'users.csv'), 'utf8')
  const key = /^([^,\n]+),/.exec(text.split('\n')[5] ?? '')?.[1] ?? ''
  await place.run('ingest', month, '--as-of', '2024-01-31', '--project', project)
  await place.run('materialize', '--project', project)
  expect((await filesWith(key)).length).toBeGreaterThan(3)

  const forget = ['forget', 'user', key, '--reason', 'asked to', '--yes', '--project', project]
  const first = place.start(...forget)
  await first.says(/^lake: /m)
  first.child.kill('SIGKILL')
  expect((await first.ended).exit).toBe('SIGKILL')
  const report = JSON.parse((await place.run(...forget, '--json')).stdout) as { wal: { files: number } }
  expect(report.wal.files).toBe(0)
  const find = await place.run('forget', 'user', key, '--find', '--project', project, '--json')
  expect(JSON.parse(find.stdout)).toEqual([])

  // The person is in the next delivery too.
  const next = await place.run('ingest', month, '--as-of', '2024-02-29', '--project', project)
  expect(next.stdout + next.stderr).toContain('users.csv: 1 row of an erased key left out')
  expect(await filesWith(key)).toEqual([])
})
