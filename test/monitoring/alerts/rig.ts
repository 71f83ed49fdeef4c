import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '../../../src/base/clock.ts'
import { instantOfMs } from '../../../src/base/instant.ts'
import { silentLog } from '../../../src/base/log.ts'
import { alertChannel, alert as alertShape } from '../../../src/config/alert-shapes.ts'
import { alertsOf, channelsOf } from '../../../src/config/alerts.ts'
import { createAlerts } from '../../../src/monitoring/alerts/alerts.ts'
import type { SentMessage } from '../../../src/monitoring/alerts/message.ts'
import type { Probe } from '../../../src/monitoring/alerts/readings.ts'
import { type Measure, recordMeasures } from '../../../src/monitoring/measures.ts'
import { testDatabase } from '../../helpers/pg.ts'

/** Alerts on a database of their own, with a clock that is set by hand and a file for what they tell. */
export async function openAlertRig() {
  const { db, url, drop } = await testDatabase()
  const dir = await mkdtemp(join(tmpdir(), 'weir-alerts-'))
  const file = join(dir, 'told', 'alerts.jsonl')
  // The database gives the moment of a measure: the clock of the test runs from now on.
  const clock = manualClock(Date.now())
  const heard: unknown[] = []
  const make = (
    rules: Record<string, object>,
    options: {
      channels?: Record<string, object>
      probes?: Record<string, Probe>
      webhooks?: Map<string, string>
      smtpUrl?: string
      sql?: typeof db
    } = {},
  ) => {
    const channels = Object.fromEntries(
      Object.entries(options.channels ?? { log: { file: true } }).map(([name, one]) => [name, alertChannel.parse(one)]),
    )
    const written = Object.fromEntries(Object.entries(rules).map(([name, one]) => [name, alertShape.parse(one)]))
    return createAlerts({
      sql: options.sql ?? db,
      project: { alerts: alertsOf(written, channels), alertChannels: channelsOf(channels) },
      settings: {
        webhooks: options.webhooks ?? new Map(),
        smtpUrl: options.smtpUrl ?? null,
        mailFrom: 'weir@example.com',
        file,
        link: 'http://weir.example/#/watch',
      },
      probes: options.probes ?? {},
      events: { tell: (event) => void heard.push(event) },
      clock,
      log: silentLog,
    })
  }
  return {
    db,
    url,
    file,
    heard,
    clock,
    make,
    forward: (ms: number) => clock.set(clock.nowMs() + ms),
    now: () => instantOfMs(clock.nowMs()),
    measure: (...measures: Partial<Measure>[]) =>
      recordMeasures(
        db,
        measures.map((one) => ({
          ...{
            metric: 'drift.share',
            on: { kind: 'model' as const, name: 'churn' },
            version: 1,
            arm: null,
            part: null,
          },
          ...{ from: null, at: instantOfMs(clock.nowMs()), value: 0, low: null, high: null, details: {} },
          ...one,
        })),
      ),
    told: async (): Promise<SentMessage[]> => {
      const text = await readFile(file, 'utf8').catch(() => '')
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as SentMessage)
    },
    close: async () => {
      await drop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A real server that a webhook may call; answers with `status` until that is changed. */
export async function openReceiver() {
  const got: { headers: IncomingMessage['headers']; body: Record<string, unknown> }[] = []
  const says = { status: 200, location: undefined as string | undefined }
  const server: Server = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => {
      text += String(part)
    })
    request.on('end', () => {
      got.push({ headers: request.headers, body: JSON.parse(text) as Record<string, unknown> })
      response
        .writeHead(says.status, says.location === undefined ? {} : { location: says.location })
        .end('secret answer')
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    got,
    says,
    url: `http://127.0.0.1:${port}/hook/TOKEN`,
    close: () => new Promise<void>((closed) => server.close(() => closed())),
  }
}
