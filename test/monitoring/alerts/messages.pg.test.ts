import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { openDatabase } from '../../../src/db/db.ts'
import { openAlertRig, openReceiver } from './rig.ts'

const DRIFTS = { metric: 'drift.share', above: 0.3, severity: 'critical', next: 'Call the data team.' }

let rig: Awaited<ReturnType<typeof openAlertRig>>
let receiver: Awaited<ReturnType<typeof openReceiver>>
beforeEach(async () => {
  rig = await openAlertRig()
  receiver = await openReceiver()
})
afterEach(async () => {
  await receiver.close()
  await rig.close()
})
const toReceiver = () => ({ channels: { team: { webhook: 'ops' } }, webhooks: new Map([['ops', receiver.url]]) })
const messages = () =>
  rig.db.query<{ state: string; tries: number; error: string | null }>(
    'select state, tries, error from monitoring.alert_message order by id',
  )

it('a webhook is sent what is wrong, what to do and a link, as JSON with a text for chat rooms', async () => {
  const alerts = rig.make({ drifts: DRIFTS }, toReceiver())
  await rig.measure({ value: 0.5 })
  await alerts.look()
  expect(receiver.got).toHaveLength(1)
  const { body, headers } = receiver.got[0]!
  expect(headers['idempotency-key']).toMatch(/^weir-alert-\d+$/)
  expect(body).toMatchObject({
    event: 'opened',
    rule: 'drifts',
    severity: 'critical',
    link: 'http://weir.example/#/watch',
  })
  expect(body.text).toMatch(/\[critical\] drifts[\s\S]*drift.share of model churn[\s\S]*Call the data team\./)
})

it('a message that is not taken is tried again, later and later, under the same id; its answer and the address are told nobody', async () => {
  const alerts = rig.make({ drifts: DRIFTS }, toReceiver())
  receiver.says.status = 503
  await rig.measure({ value: 0.5 })
  await alerts.look()
  await alerts.look()
  expect(receiver.got).toHaveLength(1)
  rig.forward(10_000)
  await alerts.look()
  rig.forward(10_000)
  await alerts.look()
  expect(receiver.got).toHaveLength(2)
  const standing = await alerts.standing()
  expect(standing.channels).toEqual([
    { name: 'team', kind: 'webhook', waiting: 1, problem: 'the webhook ops answered 503' },
  ])
  receiver.says.status = 204
  rig.forward(10_000)
  await alerts.look()
  expect(await messages()).toEqual([{ state: 'sent', tries: 3, error: null }])
  expect(new Set(receiver.got.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
})

it('an address that the setting does not name is not called, and an answer leads to no other one', async () => {
  const { webhooks, ...unset } = toReceiver()
  await rig.measure({ value: 0.5 })
  await rig.make({ drifts: DRIFTS }, unset).look()
  expect(receiver.got).toEqual([])
  expect((await messages())[0]!.error).toMatch(/WEIR_ALERT_WEBHOOKS.*'ops'/)

  const other = await openReceiver()
  receiver.says.status = 307
  receiver.says.location = other.url
  rig.forward(10_000)
  await rig.make({ drifts: DRIFTS }, { ...unset, webhooks }).look()
  expect([receiver.got.length, other.got.length]).toEqual([1, 0])
  expect((await messages())[0]).toMatchObject({ state: 'waiting', error: expect.not.stringContaining('TOKEN') })
  await other.close()
})

it('what a process that died was about to send is sent by another one', async () => {
  await rig.measure({ value: 0.5 })
  await rig.make({ drifts: DRIFTS }, toReceiver()).look()
  // As it stands after a kill between taking the message and noting that it was sent.
  await rig.db.query(`update monitoring.alert_message set state = 'waiting', sent_at = null, next_at = $1`, [rig.now()])
  await rig.make({ drifts: DRIFTS }, toReceiver()).look()
  expect(receiver.got).toHaveLength(2)
  expect(receiver.got[0]!.body.id).toBe(receiver.got[1]!.body.id)
  expect(await messages()).toMatchObject([{ state: 'sent' }])
})

it('two processes that look at the same time open one alert and send one message', async () => {
  const second = await openDatabase({ home: '', url: rig.url, log: silentLog })
  await rig.measure({ value: 0.5 })
  const [one, two] = [
    rig.make({ drifts: DRIFTS }, toReceiver()),
    rig.make({ drifts: DRIFTS }, { ...toReceiver(), sql: second }),
  ]
  for (let round = 0; round < 5; round++) {
    await Promise.all([one.look(), two.look()])
    rig.forward(60_000)
  }
  expect(receiver.got).toHaveLength(1)
  expect(await one.list({ state: 'all', rule: null, before: null, limit: 10 })).toHaveLength(1)
  await second.close()
})

it('a mail goes through the server of the setting to all who are named', async () => {
  const mails: { to: string[]; text: string }[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      let text = ''
      stream.on('data', (part) => {
        text += String(part)
      })
      stream.on('end', () => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text })
        done()
      })
    },
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.server.address() as AddressInfo
  const alerts = rig.make(
    { drifts: DRIFTS },
    { channels: { care: { mail: ['a@example.com', 'b@example.com'] } }, smtpUrl: `smtp://127.0.0.1:${port}` },
  )
  await rig.measure({ value: 0.5 })
  await alerts.look()
  expect(mails).toMatchObject([{ to: ['a@example.com', 'b@example.com'] }])
  expect(mails[0]!.text).toMatch(/Subject: \[critical\] drifts[\s\S]*From|From[\s\S]*Subject: \[critical\] drifts/)
  await new Promise<void>((closed) => server.close(closed))
})

it('a channel is tried at once, and what went wrong is said', async () => {
  const alerts = rig.make({}, toReceiver())
  await alerts.tryChannel('team')
  expect(receiver.got[0]!.body).toMatchObject({ event: 'test' })
  receiver.says.status = 404
  await expect(alerts.tryChannel('team')).rejects.toThrow('the webhook ops answered 404')
  await expect(alerts.tryChannel('tea')).rejects.toThrow(/'tea'.*team/)
})
