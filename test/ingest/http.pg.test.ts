import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { limitOf } from '../../src/wire/limits.ts'
import { type Door, formOf, openDoor } from './http-rig.ts'
import { openRig, projectOf, type Rig, usersOf } from './rig.ts'

let rig: Rig
let days = 0
const doors: Door[] = []
beforeAll(async () => {
  rig = await openRig()
})
afterEach(async () => {
  for (const { server } of doors.splice(0)) await server.close()
})
afterAll(() => rig.close())

const nextDay = () => new Date(Date.UTC(2020, 0, 1 + 2 * days++)).toISOString().slice(0, 10)
const open = async (...args: Parameters<typeof openDoor> extends [Rig, ...infer Rest] ? Rest : never) => {
  const door = await openDoor(rig, ...args)
  doors.push(door)
  return door
}
const USERS = usersOf({ age: 'Int64' })
const two = () =>
  projectOf({
    users: { key: 'user_id', columns: { user_id: 'String', age: 'Int64' } },
    orders: { key: 'user_id', columns: { user_id: 'String', spend: 'Float64' } },
  })
const GOOD = { 'users.csv': 'user_id,age\na,1\nb,2\n' }
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

test('a delivery over HTTP is the same snapshot as by the command, and is told with its files and who brought it', async () => {
  const project = two()
  const door = await open(project)
  const [first, second] = [nextDay(), nextDay()]
  const files = { 'users.csv': '\ufeffuser_id,age\na,1\nb,2\n', 'orders.csv': 'user_id,spend\na,1.5\n' }
  const authorization = `Basic ${Buffer.from('ana:x').toString('base64')}`
  const answer = await door.post(`as_of=${first}`, files, { authorization })
  const { told } = answer
  expect([answer.status, answer.headers.get('location')]).toEqual([201, `/deliveries/${told.id}`])
  const byCommand = await rig.deliver(project, files, second)
  expect(told.sources.map((s: { digest: string }) => s.digest)).toEqual(byCommand.sources.map((s) => s.digest))
  expect(await door.get(`/deliveries/${told.id}`)).toEqual({
    id: told.id,
    as_of: `${first}T00:00:00.000000Z`,
    state: 'accepted',
    actor: 'ana (http)',
    from: '(upload)',
    started_at: expect.any(String),
    finished_at: expect.any(String),
    sources: told.sources,
    files: [
      { source: 'users', file: 'users.csv', bytes: 23, digest: sha256(files['users.csv']) },
      { source: 'orders', file: 'orders.csv', bytes: 20, digest: sha256(files['orders.csv']) },
    ],
    findings: [],
  })
  expect((await door.get('/snapshots?limit=4')).snapshots.map((s: { id: string }) => s.id).sort()).toEqual(
    [first, second].flatMap((day) => [`orders/${day}/v1`, `users/${day}/v1`]).sort(),
  )
  expect((await door.post(`as_of=${first}`, files)).told.state).toBe('unchanged')
})

test('a file may be called as its source, whatever its own name; only the named sources are asked for', async () => {
  const door = await open(two())
  const form = new FormData()
  form.append('users', new Blob(['user_id,age\na,1\n']), 'export (3).csv')
  const answer = await door.send(`as_of=${nextDay()}&source=users`, form)
  expect([answer.status, answer.told.sources.map((s: { source: string }) => s.source)]).toEqual([201, ['users']])
})

test('a refused delivery is 422 with each finding by file, column and row; nothing is taken, and it is kept', async () => {
  const door = await open(two())
  const day = nextDay()
  const answer = await door.post(`as_of=${day}`, {
    'users.csv': 'user_id,age\na,1\nb,x\n',
    'Orders.csv': 'user_id,spend\n',
  })
  const { told } = answer
  expect([answer.status, answer.headers.get('content-type')]).toEqual([422, expect.stringContaining('problem+json')])
  expect(told).toMatchObject({ error: 'delivery_refused', as_of: `${day}T00:00:00.000000Z` })
  const by = (rule: string) => told.findings.find((f: { rule: string }) => f.rule === rule)
  expect(by('type')).toMatchObject({
    file: 'users.csv',
    source: 'users',
    column: 'age',
    severity: 'error',
    count: 1,
    rows: [{ line: 3, key: 'b', value: 'x' }],
    message: expect.stringContaining('write digits alone'),
  })
  expect(by('file').message).toContain("there is 'Orders.csv': names must be equal to the letter")
  expect(await door.get(`/deliveries/${told.id}`)).toMatchObject({ state: 'refused', findings: told.findings })
  expect((await door.get('/snapshots')).snapshots.filter((s: { id: string }) => s.id.includes(day))).toEqual([])
  expect(await door.scratch()).toEqual([])
})

test('a delivery that is watched tells how far it is by its name, and its end however it ended', async () => {
  const told: string[] = []
  const door = await open(USERS, {
    progressOf:
      ({ delivery }) =>
      () =>
        void told.push(delivery),
    onEnded: ({ delivery }) => void told.push(`${delivery} ended`),
  })
  const bad = { 'users.csv': 'user_id,age\na,x\n' }
  for (const [watch, files] of [
    ['good', GOOD],
    ['refused', bad],
  ] as const) {
    await door.post(`as_of=${nextDay()}&watch=${watch}`, files)
  }
  await door.raw(`${head(door, 'Content-Length: 100000\r\n').replace('as_of=', 'watch=cut&as_of=')}x`, 'break')
  await expect.poll(() => told.at(-1)).toBe('cut ended')
  expect([...new Set(told)]).toEqual(['good', 'good ended', 'refused', 'refused ended', 'cut ended'])
})

test('dry_run finds the same and keeps nothing, not even that it was asked', async () => {
  const door = await open(USERS)
  const before = await door.get('/deliveries')
  const good = await door.post(`as_of=${nextDay()}&dry_run=true`, GOOD)
  expect([good.status, good.told]).toEqual([
    200,
    { as_of: expect.any(String), state: 'checked', sources: [{ source: 'users', rows: 2, same: null }], findings: [] },
  ])
  const bad = await door.post(`as_of=${nextDay()}&dry_run=true`, { 'users.csv': 'user_id,age\na,x\n' })
  expect([bad.status, bad.told.findings.length]).toEqual([422, 1])
  expect(await door.get('/deliveries')).toEqual(before)
  expect(await door.scratch()).toEqual([])
})

test('100,000 rows in several parts at once: as many rows come out, and the server answers meanwhile', async () => {
  const door = await open(two())
  const rows = Array.from({ length: 100_000 }, (_, i) => `user${i},${i}\n`).join('')
  const day = nextDay()
  const sent = door.post(`as_of=${day}`, {
    'users.csv': `user_id,age\n${rows}`,
    'orders.csv': `user_id,spend\n${rows}`,
  })
  let looks = 0
  let done = false
  sent.finally(() => {
    done = true
  })
  while (!done) {
    expect((await fetch(`${door.url}/deliveries?limit=1`)).status).toBe(200)
    looks++
  }
  expect((await sent).told.sources.map((s: { rows: number }) => s.rows)).toEqual([100_000, 100_000])
  expect(looks).toBeGreaterThan(1)
})

const head = (door: Door, more: string, day = nextDay()) =>
  `POST /deliveries?as_of=${day} HTTP/1.1\r\nHost: ${new URL(door.url).host}\r\nContent-Type: multipart/form-data; boundary=B\r\n${more}\r\n`
const part = (name: string, content: string) =>
  `--B\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n\r\n${content}`
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

test('an upload that is broken off, or ends too early, leaves neither file nor row', async () => {
  const door = await open(USERS)
  const before = await door.get('/deliveries')
  const half = part('users.csv', 'user_id,age\na,1\n')
  await door.raw(`${head(door, 'Content-Length: 100000\r\n')}${half}`, 'break')
  await door.raw(`${head(door, 'Transfer-Encoding: chunked\r\n')}${chunk(half)}`, 'break')
  const ended = await door.raw(
    `${head(door, 'Transfer-Encoding: chunked\r\nConnection: close\r\n')}${chunk(half)}0\r\n\r\n`,
  )
  expect(ended).toContain('HTTP/1.1 400')
  expect(ended).toContain('nothing was taken')
  await expect.poll(door.scratch).toEqual([])
  expect(await door.get('/deliveries')).toEqual(before)
})

test('of several that came whole one is taken in at a time: checking takes all cores', async () => {
  const real = rig.ingest(USERS)
  let atWork = 0
  let most = 0
  const ingest = {
    ...real,
    ingestMonth: async (month: Parameters<typeof real.ingestMonth>[0]) => {
      most = Math.max(most, ++atWork)
      return real.ingestMonth(month).finally(() => atWork--)
    },
  }
  const door = await open(USERS, { ingest })
  const answers = await Promise.all([1, 2, 3].map(() => door.post(`as_of=${nextDay()}`, GOOD)))
  expect([answers.map(({ status }) => status), most]).toEqual([[201, 201, 201], 1])
})

test('two at once are both taken; beyond the limit one is told when to come again, before it has sent its files', async () => {
  const door = await open(USERS)
  const both = await Promise.all([door.post(`as_of=${nextDay()}`, GOOD), door.post(`as_of=${nextDay()}`, GOOD)])
  expect(both.map((answer) => answer.status)).toEqual([201, 201])
  const waiting = Array.from({ length: limitOf('deliveriesOpen') }, () =>
    door.raw(`${head(door, 'Content-Length: 100000\r\nConnection: close\r\n')}${part('users.csv', 'user_id')}`),
  )
  await expect.poll(async () => (await door.scratch()).length).toBeGreaterThanOrEqual(limitOf('deliveriesOpen'))
  const answer = await door.raw(head(door, 'Content-Length: 100000\r\n'))
  expect(answer).toContain('HTTP/1.1 503')
  expect(answer).toMatch(/retry-after: 10/i)
  doors.splice(doors.indexOf(door), 1)
  await Promise.all([door.server.close(), ...waiting])
  await expect.poll(door.scratch).toEqual([])
}, 30_000)

test('a delivery over the size is refused, said beforehand or not, and leaves nothing', async () => {
  const door = await open(USERS, { bytesMax: 50_000 })
  const rows = `user_id,age\n${'a,1\n'.repeat(20_000)}`
  const said = await door.post(`as_of=${nextDay()}`, { 'users.csv': rows })
  expect([said.status, said.told.detail]).toEqual([413, expect.stringContaining('WEIR_DELIVERY_BYTES_MAX')])
  const body = chunk(part('users.csv', rows))
  const unsaid = await door.raw(`${head(door, 'Transfer-Encoding: chunked\r\n')}${body}`)
  expect(unsaid).toContain('HTTP/1.1 413')
  await expect.poll(door.scratch).toEqual([])
})

describe('the names of files lead nowhere else', () => {
  test.each([
    ['../users.csv'],
    ['/etc/users.csv'],
    ['a/../../users.csv'],
    ['a/b/c.csv'],
    ['..\\users.csv'],
    ['C:users.csv'],
    ['.hidden'],
    ['.'],
    ['a//b.csv'],
    ['a\u0000b.csv'],
    ['a\u202eb.csv'],
    ['x'.repeat(201)],
  ])('%j is refused', async (name) => {
    const door = await open(USERS)
    const text = `${head(door, `Content-Length: ${Buffer.byteLength(part(name, 'x')) + 9}\r\nConnection: close\r\n`)}${part(name, 'x')}\r\n--B--\r\n`
    const answer = await door.raw(text)
    expect(answer).toContain('HTTP/1.1 400')
    expect(answer).toContain('is not a file name')
    await expect.poll(door.scratch).toEqual([])
  })

  test('two of one name, a part without a name, one that is not a file, none at all: each is said', async () => {
    const door = await open(USERS)
    const send = async (body: FormData | string, type?: string) => {
      const headers = type === undefined ? undefined : { 'content-type': type }
      const answer = await door.send(`as_of=${nextDay()}`, body, headers)
      return [answer.status, answer.told.detail]
    }
    const twice = formOf(GOOD)
    twice.append('files', new Blob(['x']), 'users.csv')
    expect(await send(twice)).toEqual([400, expect.stringContaining('is there twice')])
    const field = formOf(GOOD)
    field.append('as_of', '2024-01-31')
    expect(await send(field)).toEqual([400, expect.stringContaining('the part "as_of" is not a file')])
    expect(await send(new FormData())).toEqual([422, expect.stringContaining('the file is missing')])
    expect(await send('x', 'multipart/form-data')).toEqual([415, expect.any(String)])
    expect(await send('x', 'multipart/form-data; x=y')).toEqual([400, expect.stringContaining('Boundary')])
    expect(await send('x', 'multipart/form-data; boundary=B')).toEqual([
      400,
      expect.stringContaining('nothing was taken'),
    ])
    const many = new FormData()
    for (let i = 0; i <= limitOf('deliveryFiles'); i++) many.append('files', new Blob(['']), `f${i}`)
    expect(await send(many)).toEqual([400, expect.stringContaining('limit deliveryFiles')])
  })
})

test.each([
  ['as_of=2999-01-01', 'as-of'],
  ['as_of=yesterday', 'as_of'],
  ['as_of=2020-01-01&source=nobody', "no source 'nobody'"],
  ['as_of=2020-01-01&known_at=2020-01-01', "the address has 'known_at', which is unknown; leave it out"],
  ['', "the address lacks 'as_of'; add ?as_of="],
])('?%s is refused before the body is read', async (query, says) => {
  const door = await open(USERS)
  const text = head(door, 'Content-Length: 100000\r\nConnection: close\r\n').replace(/as_of=[^ ]*/, query)
  const answer = await door.raw(text)
  expect(answer).toContain('HTTP/1.1 400')
  expect(answer).toContain(says)
})

describe('a page of another origin', () => {
  test.each([
    ['names its origin', { origin: 'https://evil.example' }],
    ['is sandboxed', { origin: 'null' }],
    ['is another port of this machine', { origin: 'http://127.0.0.1:1' }],
    [
      'is cross-site by what the browser says',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ],
    ['is same-site', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }],
    ['is told by its address alone', { referer: 'https://evil.example/form.html' }],
    ['has an address that is none', { referer: 'about:blank' }],
  ])('cannot deliver with a form of files: it %s', async (_what, headers) => {
    const door = await open(USERS)
    const before = await door.get('/deliveries')
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const body = `${part('users.csv', 'user_id,age\na,1\n')}\r\n--B--\r\n`
    const answer = await door.raw(
      `${head(door, `Connection: close\r\nContent-Length: ${body.length}\r\n${lines.join('')}`)}${body}`,
    )
    expect(answer).toContain('HTTP/1.1 403')
    expect(await door.get('/deliveries')).toEqual(before)
    expect(await door.scratch()).toEqual([])
  })

  test('and without the token nobody can; a page of our own can', async () => {
    const closed = await open(USERS, { token: 'secret' })
    expect((await closed.post(`as_of=${nextDay()}`, GOOD)).status).toBe(401)
    const door = await open(USERS)
    const own = await door.post(`as_of=${nextDay()}`, GOOD, { origin: door.url, 'sec-fetch-site': 'same-origin' })
    expect(own.status).toBe(201)
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json', 'application/octet-stream', ''])(
    'content type %j is none that a delivery has, and multipart is none that any other route has',
    async (type) => {
      const door = await open(USERS)
      const sent = door.url.replace('http://', '')
      const answer = await door.raw(
        `POST /deliveries?as_of=2020-01-01 HTTP/1.1\r\nHost: ${sent}\r\nConnection: close\r\n${type && `Content-Type: ${type}\r\n`}Content-Length: 2\r\n\r\n{}`,
      )
      expect(answer).toContain('HTTP/1.1 415')
    },
  )
})

test('the lists are newest first, in pages, by source and state; a snapshot that was taken back says so', async () => {
  const project = two()
  const door = await open(project)
  const day = nextDay()
  const sent = [
    await door.post(`as_of=${day}&source=users`, GOOD),
    await door.post(`as_of=${day}&source=orders`, { 'orders.csv': 'user_id,spend\na,x\n' }),
    await door.post(`as_of=${day}&source=users`, { 'users.csv': 'user_id,age\na,3\n' }),
  ]
  const ids = sent.map((answer) => answer.told.id as number).reverse()
  const idsOf = async (query: string) =>
    (await door.get(`/deliveries?as_of=${day}&${query}`)).deliveries.map((d: { id: number }) => d.id)
  expect(await idsOf('')).toEqual(ids)
  expect(await idsOf('source=orders')).toEqual([ids[1]])
  expect(await idsOf('source=users&state=accepted')).toEqual([ids[0], ids[2]])
  expect(await idsOf('state=refused')).toEqual([ids[1]])
  const pages: number[] = []
  for (let token = ''; ; ) {
    const page = await door.get(`/deliveries?as_of=${day}&limit=1${token && `&page_token=${token}`}`)
    pages.push(...page.deliveries.map((d: { id: number }) => d.id))
    if (page.next_page_token === null) break
    token = page.next_page_token
  }
  expect(pages).toEqual(ids)
  await rig.lake.withdraw({
    source: 'users',
    validAt: `${day}T00:00:00.000000Z` as never,
    version: 2,
    actor: 'ana',
    reason: 'wrong',
    request: 'r1',
  })
  const snapshots = async (query: string) =>
    (await door.get(`/snapshots?as_of=${day}&source=users${query}`)).snapshots.map(
      (s: { version: number; withdrawn: { actor: string } | null }) => [s.version, s.withdrawn?.actor],
    )
  expect(await snapshots('')).toEqual([
    [2, 'ana'],
    [1, undefined],
  ])
  expect(await snapshots('&withdrawn=true')).toEqual([[2, 'ana']])
  expect(await snapshots('&withdrawn=false&limit=1')).toEqual([[1, undefined]])
  expect((await fetch(`${door.url}/deliveries?limit=0`)).status).toBe(400)
  expect((await fetch(`${door.url}/deliveries?page_token=x`)).status).toBe(400)
  expect((await fetch(`${door.url}/deliveries/99999999`)).status).toBe(404)
  expect((await fetch(`${door.url}/deliveries/x`)).status).toBe(404)
})

test('deliveries from before this was kept are found by their source, too', async () => {
  const door = await open(USERS)
  const [{ id } = { id: 0 }] = await rig.db.query<{ id: number }>(
    `insert into ingest.delivery (as_of, directory, state, started_at, finished_at, sources, findings)
     values ('2019-01-01', '/old', 'refused', now(), now(), '[]', '[{"source": "old", "severity": "error"}]') returning id`,
  )
  const found = (await rig.ingest(USERS).deliveries({ source: 'old' })).map((d) => d.id)
  expect(found).toEqual([id])
  await rig.db.query('delete from ingest.delivery where id = $1', [id])
  expect(door.url).toContain('http')
})

test('a fault of ours in the middle leaves nothing', async () => {
  const broken = { ...rig.lake, commit: () => Promise.reject(new PlatformError('unavailable', 'away')) }
  const door = await open(USERS, { ingest: rig.ingest(USERS, broken) })
  const before = await door.get('/deliveries')
  expect((await door.post(`as_of=${nextDay()}`, GOOD)).status).toBe(503)
  expect(await door.get('/deliveries')).toEqual(before)
  expect(await door.scratch()).toEqual([])
})

test('a dry run of a file that is written in another way says what to write in the project, and that the file fits then', async () => {
  const door = await open(two())
  const files = { 'users.csv': 'user_id;age\na;1\nb;2\n', 'orders.csv': 'user_id,spend\na,1.5\n' }
  const dry = await door.post(`as_of=${nextDay()}&dry_run=true`, files)
  expect(dry.status).toBe(422)
  expect(dry.told.proposals).toMatchObject([
    { source: 'users', file: 'users.csv', would_fit: true, rows: 2, block: "format: { delimiter: ';' }," },
  ])
  expect(dry.told.id).toBeUndefined()
  // What is no matter of the format is told as before; what was asked for in earnest is not looked at twice.
  const other = await door.post(`as_of=${nextDay()}&dry_run=true&source=users`, { 'users.csv': 'user_id,age\n,1\n' })
  expect([other.status, other.told.proposals]).toEqual([422, []])
  expect((await door.post(`as_of=${nextDay()}`, files)).told.proposals).toBeUndefined()
})
