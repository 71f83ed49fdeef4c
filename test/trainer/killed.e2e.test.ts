import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openPlace } from '../e2e/weir.ts'
import { AS_OF, config, type OwnProject, openOwnProject } from './own-project.ts'
import { isRunning } from './running.ts'

let own: OwnProject
let place: Awaited<ReturnType<typeof openPlace>>
beforeAll(async () => {
  own = await openOwnProject()
  place = await openPlace({ DATABASE_URL: own.database.url, WEIR_OBJECTS: join(own.dir, 'objects') })
  const pids = join(own.dir, 'pids.json')
  await writeFile(join(own.dir, 'weir.config.ts'), config({ command: ['node', 'train.mjs', 'hang', pids] }))
  await place.run('ingest', join(own.dir, 'data'), '--as-of', AS_OF, '--project', own.dir)
}, 60_000)
afterAll(async () => {
  await place.end()
  await own.end()
})

const WAIT = { timeout: 30_000, interval: 50 }
const logs = () =>
  readdirSync(join(own.dir, 'objects'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /trainer\.log$/.test(name),
  )

test('a process that is killed while it follows a trainer leaves nothing running, and a failed run with its log', async () => {
  const train = ['train', 'churn', '--as-of', AS_OF, '--project', own.dir]
  const first = place.start(...train)
  const said = () => readFileSync(join(own.dir, 'objects', logs()[0]!), 'utf8')
  await vi.waitFor(() => expect(said()).toContain('child is there'), WAIT)
  const { pids, folder } = JSON.parse(readFileSync(join(own.dir, 'pids.json'), 'utf8'))
  for (const pid of pids) expect(isRunning(pid)).toBe(true)
  first.child.kill('SIGKILL')
  await first.ended
  for (const pid of pids) await vi.waitFor(() => expect(isRunning(pid), String(pid)).toBe(false), WAIT)
  await vi.waitFor(() => expect(existsSync(folder)).toBe(false), WAIT)

  // The same command resumes what was interrupted.
  const { exit, stderr } = await place.start(...train).ended
  expect(exit).toBe(1)
  expect(stderr).toContain('the process that followed it ended before it was done; give the command again')
  expect(await own.database.db.query('select status from tracking.run')).toEqual([{ status: 'FAILED' }])
  expect(await own.database.db.query('select version from registry.version')).toEqual([])
  expect(said()).toMatch(/^learning churn from \d+ rows\nchild is there\n$/)
}, 90_000)
