import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { openDirectoryStore } from '../../src/lake/directory-store.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { createTracking } from '../../src/tracking/tracking.ts'
import { openProjectPlace } from '../e2e/weir.ts'

let at: Awaited<ReturnType<typeof openProjectPlace>>
beforeAll(async () => {
  at = await openProjectPlace()
})
afterAll(() => at.end())

test('weir promote says on stderr that a version whose files are elsewhere is not served, and says it of Production alone', async () => {
  const { database, place, project } = at
  const { db: sql } = database
  const objects = await openDirectoryStore(join(place.dir, 'home', 'objects'))
  const tracking = createTracking({ sql, objects, clock: systemClock })
  const registry = createRegistry({ sql, tracking, clock: systemClock })
  await registry.createModel({ name: 'theirs' })
  await registry.createVersion({ name: 'theirs', source: 's3://elsewhere/model' })
  const promote = (stage: string) => place.run('promote', 'theirs', '1', '--stage', stage, '--project', project)

  expect(await promote('Staging')).toMatchObject({ stdout: 'theirs 1: Staging\n', stderr: '' })
  const { stdout, stderr } = await promote('Production')
  expect(stdout).toBe('theirs 1: Production\n')
  expect(stderr).toBe(
    "not served: the files of version 1 of 'theirs' are at 's3://elsewhere/model', which this server never opens; " +
      'register a version whose files are artifacts of this server\n',
  )
})
