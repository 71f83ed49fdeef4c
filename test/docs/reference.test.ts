import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { referencePages } from '../../scripts/docs/pages.ts'
import { projectSections } from '../../scripts/docs/project-file-page.ts'

const pages = await referencePages()

test.each(Object.keys(pages))('docs/reference/%s is what npm run docs prints', (name) => {
  const file = new URL(`../../docs/reference/${name}`, import.meta.url)
  expect(readFileSync(file, 'utf8'), 'run: npm run docs').toBe(pages[name])
})

test('every field of the project file says what it means, with an example', () => {
  const bare = projectSections().flatMap(({ path, fields }) =>
    fields
      .filter(({ schema }) => !schema.description || schema.examples?.[0] === undefined)
      .map(({ path: name }) => `${path}.${name}`),
  )
  expect(bare).toEqual([])
})

test('no page names a path of the machine that made it', () => {
  for (const text of Object.values(pages)) expect(text).not.toMatch(/(?<![\w.])\/(work|home|tmp|Users|root)\b/)
})

test('every route and every command of the product has its part', async () => {
  for (const part of ['### POST /predict', '### GET /features/{key}', '### POST /push', '### POST /deliveries']) {
    expect(pages['routes.md']).toContain(`${part}\n`)
  }
  for (const command of ['demo', 'predict', 'ingest', 'forget']) {
    expect(pages['commands.md']).toContain(`### weir ${command}\n`)
  }
})
