import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SELF = 'test/docs/words.test.ts'
/** Migrations that were applied stay as they are. */
const APPLIED = /^src\/db\/(migrations\/|schema\.sql)/

/** What we decided against, and what is said instead. */
const DECIDED_AGAINST: [words: RegExp, instead: string][] = [
  [/\bgone on (with|for|by)\b/, 'resumed'],
  [/\bwhich (is|are) no [A-Z]/, 'which is not a …'],
  [/\bin the place of\b/, 'instead of'],
  [/(?<!there )\bis no (value|column|expression|folder|number|share) (of|that|to)\b/, 'is not a …'],
  [/\b(he|she|him|his|her) (is|was|has|sends|asks|gets|own|must|may|will)\b/, 'they, or the caller'],
  [
    /contracts?\/(feature-store|mlflow)\.md|\bcontract, section|\bDESIGN\.md|\bsection \d of the design|\bof the design\b/,
    'a page of docs/',
  ],
]

/** Names that were given up; as words of their own, in source and documents. */
const OLD_NAMES: [name: RegExp, instead: string][] = [
  [/\b(mayStep)\b/, 'waitForTurn'],
  [/\bwhereabouts\b/, 'locateEntity'],
  [/\bmadeUpName\b/, 'generatedName'],
  [/\bkeptWithout\b/, 'negationMatchesMissing'],
  [/\bunsteady\b/, 'nonDeterministic'],
  [/src\/foreign\b|\.\.\/foreign\//, 'remote-mlflow'],
  [/\brun-documents\b/, 'run-json-cache'],
]

const filesOf = (folder: string, ending: RegExp) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => ending.test(file) && file !== SELF && !APPLIED.test(file))

const files = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'],
  ...filesOf('docs', /\.md$/),
  ...['src', 'test', 'bench'].flatMap((folder) => filesOf(folder, /\.(ts|sql)$/)),
]

it.each([
  ['words that we decided against', DECIDED_AGAINST],
  ['names that were given up', OLD_NAMES],
])('%s are in no message, document or comment', (_, list) => {
  const found = files.flatMap((file) =>
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .flatMap((line, i) =>
        list
          .filter(([words]) => words.test(line))
          .map(([, instead]) => `${file}:${i + 1}: say ${instead}: ${line.trim()}`),
      ),
  )
  expect(found).toEqual([])
})
