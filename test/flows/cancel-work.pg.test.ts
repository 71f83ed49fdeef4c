import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { App } from '../../src/app.ts'
import { withCancel } from '../../src/base/cancel.ts'
import { withProgress } from '../../src/base/progress.ts'
import { createDuck } from '../../src/lake/duck.ts'
import { BOOSTING_DEFAULTS } from '../../src/ml/learn/boosting/params.ts'
import { AS_OF, type OwnProject, openOwnProject } from '../trainer/own-project.ts'
import { isRunning } from '../trainer/running.ts'

let own: OwnProject
let app: App
let pidsFile: string
const WHY = new Error('somebody does not want it any more')

beforeAll(async () => {
  own = await openOwnProject()
  pidsFile = join(own.dir, 'pids.json')
  app = await own.open({ command: ['node', 'train.mjs', 'hang', pidsFile] })
})
afterAll(() => own.end())

test('a delivery that is cancelled is not taken in, and not said to be refused', async () => {
  const stop = new AbortController()
  // At the last step before it is recorded.
  const onProgress = ({ phase }: { phase: string }) => phase === 'write snapshots' && stop.abort(WHY)
  const delivering = withCancel(stop.signal, () =>
    withProgress(onProgress, () => app.ingest.ingestMonth({ asOf: AS_OF, dir: join(own.dir, 'data') })),
  )
  await expect(delivering).rejects.toBe(WHY)
  expect(await app.ingest.deliveries({ limit: 10, before: null })).toEqual([])
  expect(await app.lake.newestVersion('bills', '2024-01-31T00:00:00.000000Z')).toBeUndefined()
})

test('a cancelled flow ends a trainer with all that it started; its run is KILLED and has no version', async () => {
  await app.ingestMonth({ asOf: AS_OF, dir: join(own.dir, 'data') })
  const training = app.trainBaseline({ model: 'churn', asOf: AS_OF })
  const ended = expect(training).rejects.toThrow(/was cancelled by .*: it hangs/)
  await vi.waitFor(() => expect(existsSync(pidsFile)).toBe(true), 60_000)
  const { pids, folder } = await vi.waitFor(
    () => JSON.parse(readFileSync(pidsFile, 'utf8')) as { pids: number[]; folder: string },
  )
  const [run] = await app.flows.page({ state: 'running', limit: 1 })
  expect(run!.step).toBe('fit')
  await app.flows.cancel(run!.id, { why: 'it hangs' })
  await ended
  for (const pid of pids) await vi.waitFor(() => expect(isRunning(pid), String(pid)).toBe(false))
  expect(existsSync(folder)).toBe(false)
  const story = await app.flows.story(run!.id)
  expect(story.steps.map(({ name, state }) => [name, state]).at(-1)).toEqual(['fit', 'cancelled'])
  const { runId } = story.steps[0]!.output.value as { runId: string }
  expect((await app.tracking.runs.get(runId)).status).toBe('KILLED')
  expect(await app.registry.versionsOf('churn').catch(() => [])).toEqual([])
  // Who did it is in the trail.
  const rows = await app.db.query(`select why from identity.audit where action = 'flow.cancelled' and on_name = $1`, [
    run!.id,
  ])
  expect(rows).toEqual([{ why: 'it hangs' }])
}, 90_000)

test('a fit that is cancelled ends in its thread, and nothing of it is kept', async () => {
  const pinned = await app.training.pin({ model: 'churn', asOf: AS_OF })
  const dataset = await app.training.buildDataset(pinned)
  const learner = { kind: 'gradient_boosting' as const, ...BOOSTING_DEFAULTS, rounds: 10_000, monotone: {} }
  Object.assign(pinned.definitions.model, { learner })
  const kept = async () => (await app.objects.list('models/')).length
  const before = await kept()
  const stop = new AbortController()
  const fitting = withCancel(stop.signal, () =>
    withProgress(
      ({ done }) => done > 0 && stop.abort(WHY),
      () => app.training.fit(pinned, dataset),
    ),
  )
  await expect(fitting).rejects.toBe(WHY)
  expect(await kept()).toBe(before)
}, 30_000)

test('a statement of DuckDB is interrupted, and none begins after the cancel', async () => {
  const duck = await createDuck()
  const stop = new AbortController()
  const long = 'select sum(sin(a.range * b.range)) from range(10000000) a, range(10000) b'
  const asking = withCancel(stop.signal, () =>
    duck.session(async (session) => {
      const rows = session.rows(long)
      stop.abort(WHY)
      return rows
    }),
  )
  await expect(asking).rejects.toBe(WHY)
  await expect(withCancel(stop.signal, () => duck.rows('select 1'))).rejects.toBe(WHY)
  expect(await duck.rows('select 1 as one')).toEqual([{ one: 1 }])
  duck.close()
}, 30_000)
