import { Writable } from 'node:stream'
import pino from 'pino'
import { expect, test } from 'vitest'
import { connectDatabase } from '../../src/db/db.ts'
import { testDatabase } from '../helpers/pg.ts'

test('Looks: a server that ends connections while a command closes is no news for its user', async () => {
  const database = await testDatabase()
  let said = ''
  const into = new Writable({
    write(chunk, _encoding, done) {
      said += chunk
      done()
    },
  })
  const db = await connectDatabase({ url: database.url, log: pino({ level: 'warn' }, into) })
  try {
    // One idle in each pool, and one that listens.
    await Promise.all([
      db.query('select 1'),
      db.query('select 1'),
      db.serving.query('select 1'),
      db.listen('x', () => {}),
    ])
    const [ended] = await database.db.query<{ n: number }>(
      `select count(pg_terminate_backend(pid)) as n from pg_stat_activity
       where datname = current_database() and application_name like 'weir%' and pid <> pg_backend_pid() and state = 'idle'`,
    )
    expect(ended?.n).toBeGreaterThan(1)
  } finally {
    await db.close()
    await database.drop()
  }
  expect(said).toBe('')
})
