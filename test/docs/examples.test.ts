import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { commandsByGroup } from '../../src/cli/command-table.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { blocksOf } from './page-blocks.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TUTORIAL = 'docs/tutorial/README.md'

const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => join('docs', file))
  .concat('README.md')
const blocks = (page: string) => blocksOf(readFileSync(join(ROOT, page), 'utf8'))

type Part = Record<string, unknown>

/** What stands in braces, read as the project file is: as JavaScript. */
function evaluated(text: string): Part {
  return new Function(`return {${text}}`)() as Part
}

function merged(under: Part, over: Part): Part {
  const both = Object.entries(over).map(([key, value]) => {
    const below = under[key]
    return [key, isPart(below) && isPart(value) ? merged(below, value) : value]
  })
  return { ...under, ...Object.fromEntries(both) }
}

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The project of the tutorial, which the guide's examples add to. */
function tutorialProject(): Part {
  const file = blocks(TUTORIAL).find(({ note }) => note === 'weir.config.ts')!.text
  return evaluated(file.slice(file.indexOf('defineProject({') + 'defineProject({'.length, file.lastIndexOf('})')))
}

describe('what a page tells a reader to write', () => {
  const withProject = pages.filter((page) => blocks(page).some(({ note }) => note === 'project'))

  test.each(withProject)('%s: its parts of a project are accepted, added to the tutorial', (page) => {
    const parts = blocks(page).filter(({ note }) => note === 'project')
    const project = parts.reduce((all, { text }) => merged(all, evaluated(text)), tutorialProject())
    expect(() => normalizeProject(project, '/project')).not.toThrow()
  })

  test.each(pages)('%s: its commands are commands, with options that they have', async (page) => {
    const lines = blocks(page)
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => text.split('\n'))
    const wrong: string[] = []
    for (const line of lines) {
      const args = argumentsOf(line)
      if (args && !(await isTaken(args))) wrong.push(line)
    }
    expect(wrong).toEqual([])
  })
})

/** What comes after `weir`, up to what the shell or a comment takes; quotes as the shell reads them. */
function argumentsOf(line: string): string[] | undefined {
  const [, rest] = /(?:^|\s)(?:npx )?weir ([a-z].*)$/.exec(line.replace(/\s#.*$|\s[|>&].*$/g, '')) ?? []
  const words = rest?.match(/'[^']*'|"[^"]*"|\S+/g)
  return words?.map((word) =>
    word
      .replace(/^(['"])(.*)\1$/, '$2')
      .replace(/^DATE$/, '2024-01-31')
      .replace(/^TIME$/, '2024-01-31'),
  )
}

async function isTaken([name, ...args]: string[]): Promise<boolean> {
  const entry = commandsByGroup()
    .flatMap(([, entries]) => entries)
    .find((command) => command.name === name)
  if (!entry) return false
  const command = new Command(name).exitOverride().configureOutput({ writeErr() {}, writeOut() {} })
  const module = await entry.load()
  module.define(command)
  command.action(() => {})
  return command.parseAsync(args, { from: 'user' }).then(
    () => true,
    () => false,
  )
}
