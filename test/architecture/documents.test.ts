import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ORDER = ['tutorial', 'guide', 'reference', 'concepts', 'decisions']

const filesOf = (folder: string, ending: RegExp) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file) && !/node_modules|^results\//.test(file))
    .map((file) => join(folder, file))
    .sort()

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const pages = filesOf('docs', /\.md$/)
const texts = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...pages]
const sources = ['src', 'test', 'bench', 'scripts', 'examples'].flatMap((folder) => filesOf(folder, /\.(ts|mjs|sql)$/))

it('docs/README.md names every page once, in the order tutorial, guide, reference, concepts, decisions', () => {
  const named = linksOf(read('docs/README.md'))
  expect([...named].sort(), 'add a line to docs/README.md for each page').toEqual(
    pages.filter((page) => page !== 'docs/README.md').map((page) => relative('docs', page)),
  )
  const folders = named.map((link) => ORDER.indexOf(link.split('/')[0]!))
  expect(folders).toEqual([...folders].sort())
})

it('every relative link of a document leads to a file', () => {
  const broken = texts.flatMap((text) =>
    linksOf(read(text))
      .filter((link) => !existsSync(join(ROOT, dirname(text), link)))
      .map((link) => `${text}: ${link}`),
  )
  expect(broken).toEqual([])
})

it('every path of the repository that a document or a comment names is there', () => {
  const known = new Set(sources.map((file) => basename(file)))
  const broken = [...texts, ...sources].flatMap((file) =>
    pathsIn(file.endsWith('.md') ? withoutItsOwnFiles(read(file)) : commentsOf(read(file)))
      .filter((path) => !isThere(path, file, known))
      .map((path) => `${file}: ${path}`),
  )
  expect(broken).toEqual([])
})

function linksOf(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link))
}

/** A page may have its reader make files: a fence names them. */
function withoutItsOwnFiles(page: string): string {
  const made = [...page.matchAll(/^```\w+ ([\w.-]+\.\w+)$/gm)].map(([, name]) => name!)
  return made.reduce((text, name) => text.replaceAll(name, ''), page)
}

function commentsOf(code: string): string {
  return [...code.matchAll(/\/\*[\s\S]*?\*\/|(?:^|\s)(?:\/\/|--) .*$/gm)].map(([comment]) => comment).join('\n')
}

/** Paths from the top, and files of ours by name or with their room. Patterns and placeholders are none. */
function pathsIn(text: string): string[] {
  const words = text.split(/[\s`'"(),;[\]{}|<>…]+/).map((word) => word.replace(/^\.\//, '').replace(/[.:]+$/, ''))
  const fromTop = /^(src|test|docs|bench|scripts|examples|bin)\/[\w./-]+$/
  const ofOurs = /^([a-z0-9-]+\/)*[a-z0-9-]+(\.(test|pg\.test|e2e\.test))?\.(ts|mjs|sql)$/
  return [
    ...new Set(words.filter((word) => (fromTop.test(word) || ofOurs.test(word)) && !/[A-Z]{4}|\bNAME\b/.test(word))),
  ]
}

/** From the top, from `src`, beside the file that names it, or in a room; a bare name anywhere. */
function isThere(path: string, file: string, known: ReadonlySet<string>): boolean {
  const places = ['', 'src', dirname(file), dirname(dirname(file))]
  if (places.some((place) => existsSync(join(ROOT, place, path)) || existsSync(join(ROOT, place, `${path}.test.ts`))))
    return true
  if (!path.includes('/')) return known.has(path)
  return sources.some((source) => source.endsWith(`/${path}`) || source.startsWith(path))
}
