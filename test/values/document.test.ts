import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { typesTable } from '../../scripts/types-table.ts'

test('docs/reference/types.md has the table as it is in the source', () => {
  const text = readFileSync(new URL('../../docs/reference/types.md', import.meta.url), 'utf8')
  expect(text, 'npx tsx scripts/types-table.ts prints it').toContain(typesTable())
})
