import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CONSOLE = join(ROOT, 'console')

const files = readdirSync(CONSOLE, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => join(CONSOLE, file))

const imports = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/import\s+(type\s)?[^'"]*?'(\.[^']+)'|import\('(\.[^']+)'\)/g)].map((m) => ({
    file,
    typeOnly: m[1] !== undefined,
    target: relative(ROOT, resolve(dirname(file), m[2] ?? m[3]!)),
  })),
)

test('console imports only wire and plots', () => {
  expect(files.length).toBeGreaterThan(20)
  const wrong = imports.filter(({ target }) => !/^(console|src\/wire|src\/plots)\//.test(target))
  expect(wrong).toEqual([])
})

test('of wire the console takes types alone: no check of a server goes to the browser', () => {
  expect(imports.filter(({ target, typeOnly }) => target.startsWith('src/wire') && !typeOnly)).toEqual([])
})

test('ui knows no page and no shape of an answer', () => {
  const wrong = imports.filter(
    ({ file, target }) =>
      file.startsWith(join(CONSOLE, 'ui')) && /^(console\/(pages|components|shell)|src)\//.test(target),
  )
  expect(wrong).toEqual([])
})

test('no file of the console names a colour but tokens.css', () => {
  const sheets = readdirSync(CONSOLE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.css'))
  const wrong = sheets
    .filter((file) => !file.endsWith('tokens.css'))
    .filter((file) => /#[0-9a-f]{3,8}\b(?![^{]*\{)/i.test(readFileSync(join(CONSOLE, file), 'utf8')))
  expect(wrong).toEqual([])
})
