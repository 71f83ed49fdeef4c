// Makes the next migration: npm run db:new -- room_or_topic
import { readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../src/db/migrations/', import.meta.url))
const name = process.argv[2] ?? ''
if (!/^[a-z0-9_]+$/.test(name)) {
  console.error('usage: npm run db:new -- NAME   (small letters, digits and _; for example tracking_tags)')
  process.exit(2)
}
const last = Math.max(0, ...readdirSync(folder).map((file) => Number(/^\d{4}/.exec(file)?.[0] ?? 0)))
const file = `${folder}${String(last + 1).padStart(4, '0')}_${name}.sql`
writeFileSync(file, '-- What changes, and why.\n\n', { flag: 'wx' })
console.log(
  `${file}\nWrite it, then: npm run db:dump and npm run db:freeze. It runs once, in a transaction; after a release it is never edited.`,
)
