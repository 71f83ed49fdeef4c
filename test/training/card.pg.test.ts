import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MODEL, openServerRig } from '../serving/rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>

beforeAll(async () => {
  rig = await openServerRig({ trees: 5 })
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
  await rig.train()
})
afterAll(() => rig.close())

test('GET /models/{model}/versions/{version}/card is the card of that version as a page that runs nothing', async () => {
  const page = await rig.get(`/models/${MODEL}/versions/1/card`)
  expect(page).toMatchObject({ status: 200, type: expect.stringContaining('text/html') })
  expect(page.text).toContain('<h2>Segments</h2>')
  expect(page.text.match(/<img alt="[^"]+" src="data:image\/svg\+xml;base64,/g)).toHaveLength(5)
  const answer = await fetch(`${rig.url}/models/${MODEL}/versions/1/card`)
  expect(answer.headers.get('content-security-policy')).toMatch(
    // The page of a version shows it in a frame.
    /default-src 'none'.*sandbox.*frame-ancestors 'self'/,
  )
})

test('a version that is not there, or that nobody trained here, has none', async () => {
  expect((await rig.get(`/models/${MODEL}/versions/99/card`)).status).toBe(404)
  expect((await rig.get('/models/nobody/versions/1/card')).status).toBe(404)
  for (const version of ['x', '0', '-1', '1e3', '99999999999']) {
    expect((await rig.get(`/models/${MODEL}/versions/${version}/card`)).status, version).toBe(400)
  }
  await rig.app.registry.createModel({ name: 'theirs' })
  await rig.app.registry.createVersion({
    name: 'theirs',
    source: 's3://bucket/x',
    runId: null,
    description: '',
    tags: {},
  } as never)
  const none = await rig.get('/models/theirs/versions/1/card')
  expect(none).toMatchObject({ status: 404 })
  expect(none.text).toContain('has no model card')
})
