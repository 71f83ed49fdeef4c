import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256Hex } from '../../src/base/hash.ts'
import { limitOf } from '../../src/wire/limits.ts'
import { type IdentityRig, openIdentityRig } from './rig.ts'

let rig: IdentityRig
beforeEach(async () => {
  rig = await openIdentityRig({ token: 'operator' })
})
afterEach(() => rig.close())

const OWN = { origin: 'http://localhost:8000' }
const signIn = (headers: Record<string, string> = OWN, token = 'operator') =>
  rig.call('POST /sessions', { body: { token }, headers })
const plain = (cookie: string) => cookie.split(';')[0]!

test('a cookie that no script reads and no other page sends, for a week; over TLS it goes over TLS alone', async () => {
  const { status, json, cookie } = await signIn()
  expect([status, json]).toMatchObject([201, { name: 'WEIR_TOKEN', role: 'admin', signed_in: 'cookie' }])
  expect(cookie).toMatch(/^weir_session_8000=[\w-]{43}; Max-Age=60\d{4}; Path=\/; HttpOnly; SameSite=Strict$/)
  const behind = { origin: 'https://localhost:8000', 'x-forwarded-proto': 'https' }
  expect((await signIn(behind)).cookie).toMatch(/; Secure;/)
  const kept = await rig.db.query<{ digest: string }>('select digest from identity.session order by began_at')
  expect(kept[0]!.digest).toBe(sha256Hex(plain(cookie).split('=')[1]!))
})

test('it stands for its token, and signs nobody in at another port of the same host', async () => {
  const cookie = plain((await signIn()).cookie)
  expect((await rig.call('GET /sessions/current', { cookie, at: 1 })).json).toMatchObject({
    signed_in: 'cookie',
    kind: 'token',
  })
  const elsewhere = await rig.call('GET /sessions/current', { cookie, headers: { host: 'localhost:9000' } })
  expect(elsewhere.status).toBe(401)
  const wrong = await signIn(OWN, 'guessed')
  expect([wrong.status, wrong.cookie]).toEqual([401, ''])
})

const PAGES: [string, Record<string, string>, number][] = [
  ['its own page', OWN, 200],
  ['its own page, as the browser says', { 'sec-fetch-site': 'same-origin' }, 200],
  ['nobody who says so', {}, 403],
  ['a page of another origin', { origin: 'http://evil.example' }, 403],
  ['a page of another port', { origin: 'http://localhost:9000' }, 403],
  ['a page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ['a page without an origin', { origin: 'null' }, 403],
]

test('a change that a cookie sends comes from a page of its own, and says so', async () => {
  const cookie = plain((await signIn()).cookie)
  for (const [who, headers, status] of PAGES) {
    expect((await rig.call('POST /push', { cookie, headers, body: {} })).status, who).toBe(status)
  }
})

test('a token that is sent counts, whatever the cookie says', async () => {
  const cookie = plain((await signIn()).cookie)
  expect((await rig.call('GET /snapshots', { cookie, token: 'wrong' })).status).toBe(401)
  expect((await rig.call('POST /push', { cookie, token: 'operator', body: {} })).status).toBe(200)
})

test('signing out ends it at every server, and takes the cookie away', async () => {
  const cookie = plain((await signIn()).cookie)
  for (const at of [0, 1] as const) expect((await rig.call('GET /snapshots', { cookie, at })).status).toBe(200)
  const out = await rig.call('DELETE /sessions/current', { cookie, headers: OWN })
  expect([out.status, out.cookie]).toEqual([200, 'weir_session_8000=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict'])
  expect((await rig.call('GET /snapshots', { cookie })).status).toBe(401)
  await rig.until(async () => (await rig.call('GET /snapshots', { cookie, at: 1 })).status === 401)
  // Once more is no fault.
  expect((await rig.call('DELETE /sessions/current', { cookie, headers: OWN })).status).toBe(200)
  const trail = await rig.db.query<{ action: string }>('select action from identity.audit order by seq')
  expect(trail.map(({ action }) => action)).toEqual(['session.began', 'session.ended'])
})

test('it ends with its time', async () => {
  const cookie = plain((await signIn()).cookie)
  await rig.db.query("update identity.session set expires_at = now() - interval '1 second'")
  expect((await rig.call('GET /snapshots', { cookie })).json.detail).toBe(
    'this session is over; sign in again with a token',
  )
})

test('it lasts no longer than its token', async () => {
  const body = { name: 'ben', role: 'viewer', expires_in_days: 0.5 }
  const { token, expires_at } = (await rig.call('POST /tokens', { token: 'operator', body })).json
  await rig.until(async () => (await rig.call('GET /snapshots', { token })).status === 200)
  expect((await signIn(OWN, token)).json.expires_at).toBe(expires_at)
})

test('one token has so many sessions; the oldest ends for one more', async () => {
  const first = plain((await signIn()).cookie)
  const most = limitOf('sessionsOfToken')
  const digest = sha256Hex('operator')
  await rig.db.query(
    `insert into identity.session (digest, token_digest, expires_at)
     select encode(sha256(n::text::bytea), 'hex'), $1, now() + interval '1 day' from generate_series(2, ${most}) n`,
    [digest],
  )
  await signIn()
  expect(await rig.db.query('select count(*)::int as n from identity.session')).toEqual([{ n: most }])
  expect((await rig.call('GET /snapshots', { cookie: first })).status).toBe(401)
})
