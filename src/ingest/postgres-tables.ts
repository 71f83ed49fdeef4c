import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { messageOf, PlatformError } from '../base/errors.ts'
import type { Instant } from '../base/instant.ts'
import { withinMs } from '../base/within.ts'
import { isLost } from '../base/world.ts'
import { writeFileBy } from '../base/write-file.ts'
import type { PostgresOrigin, Source } from '../config/project.ts'
import { USUAL_FORMAT } from '../config/usual-format.ts'
import { destroy, endClient, valueSettings } from '../db/session.ts'
import type { Lake } from '../lake/lake.ts'
import type { DeliveredFile } from './delivered.ts'
import { type Finding, finding, shown } from './finding.ts'

/** The first moment there is, for a source that was never delivered. */
const BEGINNING: Instant = '0001-01-01T00:00:00.000000Z'
const BOOLEAN_OID = 16
const CONNECT_MS_MAX = 30_000
const KEEP_ALIVE_MS = 10_000

/**
 * Tables and queries of other PostgreSQL databases, as CSV files: PostgreSQL writes nulls and empty texts as ingest reads
 * them. All tables of one database are read in one transaction that cannot write, so they are of one moment. The
 * address comes from the environment variable that the project names, never from the project itself.
 */
export function openPostgresTables(deps: { lake: Lake; env: Record<string, string | undefined>; asOf: Instant }) {
  const clients = new Map<string, Promise<pg.Client>>()

  function connect(origin: PostgresOrigin): Promise<pg.Client> {
    const known = clients.get(origin.connection)
    if (known) return known
    const opening = openClient(origin.connection, deps.env[origin.connection])
    clients.set(origin.connection, opening)
    return opening
  }

  async function take(source: Source, target: string): Promise<DeliveredFile | Finding> {
    const origin = source.postgres
    if (origin === null) throw new Error(`source ${source.name} does not come from PostgreSQL`)
    const client = await connect(origin)
    const previous = await deps.lake.previous(source.name, deps.asOf)
    const select = selectOf(origin, client, { as_of: deps.asOf, since: previous?.validAt ?? BEGINNING })
    const hash = createHash('sha256')
    let bytes = 0
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        bytes += chunk.length
        done(null, chunk)
      },
    })
    try {
      // Each in a savepoint: one that fails leaves the transaction to the others.
      await client.query('savepoint source')
      const { fields } = await client.query(`select * from (${select}\n) q limit 0`)
      const columns = fields.map((f) => {
        const name = pg.escapeIdentifier(f.name)
        return f.dataTypeID === BOOLEAN_OID ? `${name}::text as ${name}` : name
      })
      const copy = copyTo(`copy (select ${columns.join(', ')} from (${select}\n) q) to stdout (format csv, header)`)
      await writeFileBy(target, (file) => pipeline(client.query(copy), meter, file))
      await client.query('release savepoint source')
    } catch (error) {
      // That it went away says nothing of the delivery, which is asked for again.
      if (isLost(error)) {
        const says = `the database of ${origin.connection} went away while '${source.name}' was read: ${messageOf(error)}`
        throw new PlatformError('unavailable', `${says}; nothing was taken in, give the command again`, {
          cause: error,
        })
      }
      await client.query('rollback to savepoint source')
      const what = origin.table === null ? 'the query' : `table '${origin.table}'`
      return finding(source, { rule: 'postgres', says: `${what} cannot be read: ${shown(messageOf(error))}` })
    }
    const part = { name: source.file, path: target, ended: bytes > 0, linesBefore: 0 }
    const ours = { ...source, format: USUAL_FORMAT }
    return { source: ours, format: 'csv', parts: [part], fileDigest: hash.digest('hex'), size: bytes, findings: [] }
  }

  async function close(): Promise<void> {
    const opened = await Promise.allSettled(clients.values())
    await Promise.all(opened.map((client) => (client.status === 'fulfilled' ? endClient(client.value) : undefined)))
  }

  return { take, close }
}

async function openClient(variable: string, url: string | undefined): Promise<pg.Client> {
  if (!url) {
    throw new PlatformError(
      'config_invalid',
      `a source is read from PostgreSQL, but ${variable} is not set; set it to the URL of that database`,
    )
  }
  const client = new pg.Client({
    connectionString: url,
    application_name: 'weir ingest',
    connectionTimeoutMillis: CONNECT_MS_MAX,
    // A query may work for an hour before its first row; a server that is gone is found by the system.
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  })
  client.on('error', () => {})
  try {
    await withinMs('it', CONNECT_MS_MAX, async () => {
      await client.connect()
      await client.query(`${valueSettings()}; begin isolation level repeatable read, read only`)
    })
    return client
  } catch (error) {
    destroy(client)
    throw new PlatformError('unavailable', `the database of ${variable} does not answer: ${messageOf(error)}`)
  }
}

/** `{as_of}` and `{since}` (the moment of the delivery before) stand for moments, written as text literals. */
function selectOf(origin: PostgresOrigin, client: pg.Client, moments: Record<string, Instant>): string {
  if (origin.query === null) {
    const name = (origin.table ?? '').split('.').map((part) => pg.escapeIdentifier(part))
    return `select * from ${name.join('.')}`
  }
  const query = origin.query.trim().replace(/;$/, '')
  return query.replaceAll(/\{(as_of|since)\}/g, (_, name: string) => client.escapeLiteral(moments[name] ?? ''))
}
