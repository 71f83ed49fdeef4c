import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { worldError } from '../../src/base/world.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import { openDirectoryStore } from '../../src/lake/directory-store.ts'
import { createDuck } from '../../src/lake/duck.ts'
import { createLake } from '../../src/lake/lake.ts'
import { type SmallDisk, smallDisk } from '../helpers/small-disk.ts'
import { openRig, type Rig, usersOf } from '../ingest/rig.ts'
import { openMlflowRig } from '../tracking/rig.ts'

const probe = smallDisk('1m')
afterAll(() => probe?.close())

describe.skipIf(probe === undefined)('a disk that is full (needs Linux, root and mount)', () => {
  let disk: SmallDisk
  beforeEach(() => {
    disk = smallDisk('3m') as SmallDisk
  })
  afterEach(() => disk.close())

  test('F6: a delivery is refused as storage_full and leaves nothing; with room it comes in', async () => {
    const rig: Rig = await openRig()
    const objects = await openDirectoryStore(disk.dir)
    const duck = await createDuck({ directories: objects.directories })
    const lake = createLake({ sql: rig.db, objects, duck, clock: rig.clock })
    const project = usersOf({ note: 'String' })
    try {
      const lines = Array.from({ length: 70_000 }, (_, i) => `u${i},${randomBytes(48).toString('base64')}`)
      const dir = await rig.folder({ 'users.csv': `user_id,note\n${lines.join('\n')}\n` })
      const ingest = createIngest({ sql: rig.db, lake, duck, project, clock: rig.clock, log: silentLog })
      const deliver = () => ingest.ingestMonth({ dir, asOf: '2024-01-31' })
      const error = await deliver().then(
        () => undefined,
        (e: unknown) => e,
      )
      expect(worldError(error)).toMatchObject({ code: 'storage_full' })
      expect([await lake.list(), await objects.list('snapshots')]).toEqual([[], []])
      disk.grow('64m')
      expect((await deliver()).sources).toMatchObject([{ outcome: 'accepted', rows: 70_000 }])
    } finally {
      duck.close()
      await rig.close()
    }
  })

  test('F6: an artifact that finds no room is a 507 in MLflow’s form and is not there; with room it is taken', async () => {
    const rig = await openMlflowRig({ objects: disk.dir })
    try {
      const put = () =>
        rig.server.app.inject({
          method: 'PUT',
          url: '/api/2.0/mlflow-artifacts/artifacts/0/large.bin',
          headers: { host: 'localhost', 'content-type': 'application/octet-stream' },
          payload: randomBytes(8 << 20),
        })
      const answer = await put()
      expect([answer.statusCode, answer.json().error_code]).toEqual([507, 'RESOURCE_EXHAUSTED'])
      expect(answer.body).not.toContain(disk.dir)
      expect(await rig.objects.list('artifacts')).toEqual([])
      disk.grow('64m')
      expect((await put()).statusCode).toBe(200)
    } finally {
      await rig.close()
    }
  })
})
