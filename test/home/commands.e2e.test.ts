import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { openPlace } from '../e2e/weir.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

/** Two projects, one shared DATABASE_URL, homes of their own. */
let place: Awaited<ReturnType<typeof openPlace>>
let database: TestDatabase
let penguins: string
let baseball: string
let month: string

beforeAll(async () => {
  database = await testDatabase()
  place = await openPlace({ DATABASE_URL: database.url })
  penguins = await place.project(3)
  baseball = join(place.dir, 'baseball')
  await cp(penguins, baseball, { recursive: true })
  await rename(penguins, 'penguins')
  await rename(baseball, 'baseball')
  await writeMonths(join(place.dir, 'months'), 1, { customers: 60 })
  month = join(place.dir, 'months/month_000')
  await place.run('ingest', month, '--as-of', '2024-01-31', '--project', penguins)
})
afterAll(async () => {
  await place.end()
  await database.drop()
})

async function rename(project: string, name: string): Promise<void> {
  const file = join(project, 'weir.config.ts')
  await writeFile(file, (await readFile(file, 'utf8')).replace("name: 'streamflow'", `name: '${name}'`))
}

test('deliveries 1: every command of another project on a shared database is refused, and changes nothing', async () => {
  const before = await place.run('snapshots', '--json', '--project', penguins)
  const commands = [
    ['ingest', month, '--as-of', '2024-01-31'],
    ['train', 'streamflow_churn', '--as-of', '2024-01-31'],
    ['up', '--port', '0'],
    ['serve', '--port', '0'],
    ['worker'],
    ['materialize'],
    ['snapshots'],
  ]
  for (const command of commands) {
    const { exit, stderr } = await place.start(...command, '--project', baseball).ended
    expect({ command, exit }).toEqual({ command, exit: 1 })
    expect(stderr).toContain("belongs to the project 'penguins', and this is the project 'baseball'")
    expect(stderr).toContain('weir adopt')
    expect(stderr).not.toContain('fault of Weir')
  }
  expect((await place.run('snapshots', '--json', '--project', penguins)).stdout).toBe(before.stdout)
})

test('X7: a worker that says another store is refused; adopt moves the home to a new name on purpose', async () => {
  const elsewhere = place.start('worker', '--project', penguins, '--online', 'redis://127.0.0.1:1')
  expect(await elsewhere.ended).toMatchObject({ exit: 1, stderr: expect.stringContaining('weir adopt --online') })
  const { stdout } = await place.run('adopt', '--json', '--project', baseball)
  expect(JSON.parse(stdout)).toMatchObject({
    project: 'baseball',
    changes: [{ what: 'project', from: 'penguins', to: 'baseball' }],
  })
  await place.run('snapshots', '--project', baseball)
  expect((await place.start('snapshots', '--project', penguins).ended).exit).toBe(1)
})
