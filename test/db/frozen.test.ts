import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readMigrations } from '../../src/db/migrate.ts'

const frozen = JSON.parse(
  readFileSync(new URL('../../src/db/frozen-migrations.json', import.meta.url), 'utf8'),
) as Record<string, string>
const present = new Map(readMigrations().map(({ name, digest }) => [name, digest]))

test('a migration that was frozen is there and has the bytes of then', () => {
  const now = Object.fromEntries(Object.keys(frozen).map((name) => [name, present.get(name) ?? 'missing']))
  expect(now, 'a released migration is never edited: write a new one (npm run db:new)').toEqual(frozen)
})

test('from the first freeze on, every migration is frozen with the change that brings it', () => {
  const missing = Object.keys(frozen).length === 0 ? [] : [...present.keys()].filter((name) => !(name in frozen))
  expect(missing, 'run: npm run db:freeze').toEqual([])
})
