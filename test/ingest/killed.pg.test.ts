import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JANUARY, openRig, projectOf, type Rig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

test('kill -9 within the commit leaves no row, and the next ingest of the month goes through', async () => {
  const project = projectOf({
    users: { key: 'user_id', columns: { user_id: 'String' } },
    labels: { key: 'user_id', columns: { user_id: 'String', churn: 'Bool' } },
  })
  const dir = await rig.folder({ 'users.csv': 'user_id\na\n', 'labels.csv': 'user_id,churn\na,True\n' })
  await killWhenWritten({ url: rig.url, objects: join(rig.dir, 'objects'), dir, asOf: JANUARY, project })

  expect(await rig.lake.list()).toEqual([])
  // The lock of the dead process's transaction ends with its connection, so this does not wait for it.
  const report = await rig.ingest(project).ingestMonth({ dir, asOf: JANUARY })
  expect(report.sources.map((s) => [s.outcome, s.version])).toEqual([
    ['accepted', 1],
    ['accepted', 1],
  ])
  expect(await rig.ingest(project).deliveries()).toMatchObject([{ state: 'accepted' }])
  const stored = (await rig.objects.list('')).map((o) => o.key)
  expect(stored).toEqual((await rig.lake.list()).map((s) => s.objectKey).sort())
})

async function killWhenWritten(given: object): Promise<void> {
  const script = fileURLToPath(new URL('killed-ingest.mjs', import.meta.url))
  const dist = fileURLToPath(new URL('../../dist', import.meta.url))
  const child = spawn(process.execPath, [script, dist, JSON.stringify(given)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [said] = await Promise.race([once(child.stdout, 'data'), ended])
  expect(String(said)).toContain('written 2')
  child.kill('SIGKILL')
  await ended
}
