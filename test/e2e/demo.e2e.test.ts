import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPlace } from './weir.ts'

let place: Awaited<ReturnType<typeof openPlace>>

beforeAll(async () => {
  place = await openPlace()
})
afterAll(() => place.end())

type Document = {
  months: { as_of: string; state: string; sources: { source: string; rows: number; digest: string }[] }[]
  training: { rows: number; features: number; metrics: Record<string, number>; reused: boolean }
  model: { name: string; version: number }
  prediction: Record<string, unknown>
  repeated: boolean
}

test('the demo does the main job, and says the second time that everything was there', async () => {
  const first = JSON.parse((await place.run('demo', '--no-serve', '--json')).stdout) as Document
  expect(first.months.map((month) => month.as_of)).toEqual(['2024-01-31', '2024-02-29'])
  for (const month of first.months) {
    expect(month.state).toBe('accepted')
    expect(month.sources.map((s) => s.rows)).toEqual([7043, 7043, 7043, 7043, 7043, 7043])
    for (const { digest } of month.sources) expect(digest).toMatch(/^[0-9a-f]{64}$/)
  }
  expect(first.training).toMatchObject({ rows: 7043, features: 14, reused: false })
  expect(first.training.metrics.val_auc).toBeGreaterThanOrEqual(0.8)
  expect(first.training.metrics.val_auc).toBeLessThanOrEqual(0.84)
  expect(first).toMatchObject({
    model: { name: 'streamflow_churn', version: 1 },
    prediction: { user_id: '7590-VHVEG', model: { version: '1' }, features_as_of: '2024-01-31T00:00:00Z' },
    repeated: false,
  })
  expect(Object.keys(first.prediction.features_used as object)).toHaveLength(14)

  const again = await place.run('demo', '--no-serve')
  expect(again.stdout).toContain('was there already')
  expect(again.stdout).toContain('streamflow_churn version 1 trained before')
  expect(again.stdout).toContain('Everything was there already')
  // Each step once: not when it begins and again when it is done.
  const said = `${again.stdout}${again.stderr}`
  for (const step of ['ingest 2024-01-31', 'materialize 2024-01-31', 'train 2024-01-31', 'promote', 'prediction  '])
    expect(said.split(`  ${step}`)).toHaveLength(2)
  await place.serverGone()
})

test('the demo serves until Ctrl-C, and leaves nothing running', async () => {
  const demo = place.start('demo', '--port', '0')
  const [, url] = await demo.says(/predictions\s+POST (http:\S+)\/predict/)
  await demo.says(/Ctrl-C ends it/)
  expect((await fetch(`${url}/ready`)).status).toBe(200)
  // Another one beside it takes the next port and says so; a server that is asked for this very port refuses at once.
  const { port } = new URL(url!)
  const up = await place.start('up', '--port', port, '--project', 'examples/streamflow').ended
  expect([up.exit, up.stderr]).toEqual([1, expect.stringMatching(/port \d+ .* is taken.*--port/)])
  const second = place.start('demo', '--port', port)
  await second.says(new RegExp(`port ${port} is taken; this demo takes \\d+`))
  second.child.kill('SIGKILL')
  await second.ended
  demo.child.kill('SIGINT')
  expect((await demo.ended).exit).toBe(0)
  await place.serverGone()
})
