// Writes src/db/schema.sql: what the migrations make, for reviewers. Run it after you have added a migration.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { testDatabase, testServer } from '../test/helpers/pg.ts'
import { dumpSchema } from '../test/helpers/schema-dump.ts'

const file = fileURLToPath(new URL('../src/db/schema.sql', import.meta.url))
const { db, drop } = await testDatabase()
writeFileSync(file, await dumpSchema(db))
await drop()
;(await testServer()).release()
console.log(`wrote ${file}`)
