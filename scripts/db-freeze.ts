// Adds the digests of new migrations to the list of those that are never edited again: npm run db:freeze
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readMigrations } from '../src/db/migrate.ts'

const list = fileURLToPath(new URL('../src/db/frozen-migrations.json', import.meta.url))
const frozen = JSON.parse(readFileSync(list, 'utf8')) as Record<string, string>
const migrations = readMigrations()
for (const { name, digest } of migrations) {
  if (frozen[name] !== undefined && frozen[name] !== digest) {
    console.error(`${name} was edited after it was frozen: put it back, and write a new migration (npm run db:new)`)
    process.exit(1)
  }
}
const added = migrations.filter(({ name }) => frozen[name] === undefined)
for (const { name, digest } of added) frozen[name] = digest
const sorted = Object.fromEntries(Object.entries(frozen).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(list, `${JSON.stringify(sorted, null, 2)}\n`)
console.log(`${added.length} migrations frozen, ${migrations.length} in all`)
