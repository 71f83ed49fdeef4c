import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { testDatabase } from '../helpers/pg.ts'
import { dumpSchema } from '../helpers/schema-dump.ts'

test('src/db/schema.sql is what the migrations make (else: npm run db:dump)', async () => {
  const { db, drop } = await testDatabase()
  const written = readFileSync(fileURLToPath(new URL('../../src/db/schema.sql', import.meta.url)), 'utf8')
  expect(await dumpSchema(db)).toBe(written)
  await drop()
})
