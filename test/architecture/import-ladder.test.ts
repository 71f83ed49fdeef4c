import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

/** A room may import only rooms that stand strictly to its left; see ARCHITECTURE.md, "Import order". */
const LADDER: string[][] = [
  ['base'],
  ['values'],
  ['wire', 'plots'],
  ['mlflow', 'ml', 'db', 'generator'],
  ['config', 'lake', 'flows', 'trainer', 'identity'],
  ['home', 'events', 'ingest', 'features', 'tracking'],
  ['registry', 'predictions'],
  ['remote-mlflow'],
  ['training', 'serving', 'monitoring'],
  ['erasure', 'reproduce', 'score', 'overview'],
  ['pipelines'],
  ['http'],
  ['trainer-tracking.ts'],
  ['app.ts'],
  ['server.ts'],
  ['cli'],
]

/** Narrower than the ladder: what a room may import at most. */
const ONLY: Record<string, string[]> = {
  ml: ['base'],
  generator: ['base'],
  flows: ['base', 'wire', 'db'],
  identity: ['base', 'wire', 'db'],
  trainer: ['base'],
  base: [],
  plots: [],
  values: ['base'],
  http: ['base', 'wire', 'identity'],
  mlflow: ['base', 'wire'],
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.ts'))
  .map((f) => join(SRC, f))

describe('the house', () => {
  it('has only rooms that stand on the ladder', () => {
    const rooms = new Set(files.map(roomOf))
    rooms.delete('index.ts')
    expect([...rooms].filter((room) => levelOf(room) < 0)).toEqual([])
  })

  it('imports only to the left', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => !allowed(file, target))
        .map((target) => `${relative(SRC, file)} imports ${relative(SRC, target)}`),
    )
    expect(wrong).toEqual([])
  })

  it('keeps serving apart from learning', () => {
    const wrong = files
      .filter((file) => roomOf(file) === 'serving')
      .filter((file) => importsOf(file).some((t) => relative(SRC, t).startsWith('ml/learn')))
    expect(wrong).toEqual([])
  })

  it('has no import cycles', () => {
    expect(findCycle()).toBeUndefined()
  })
})

function roomOf(file: string): string {
  return relative(SRC, file).split('/')[0]!
}

function levelOf(room: string): number {
  return LADDER.findIndex((level) => level.includes(room))
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((m) => m[1]!)
  return found.map((specifier) => resolve(dirname(file), specifier)).filter((target) => target.startsWith(SRC))
}

function allowed(file: string, target: string): boolean {
  const [from, to] = [roomOf(file), roomOf(target)]
  if (from === to || from === 'index.ts') return true
  const only = ONLY[from]
  if (only) return only.includes(to)
  return levelOf(to) < levelOf(from)
}

/** Type-only imports count too: a cycle of types is a cycle of understanding. */
function findCycle(): string[] | undefined {
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].map((f) => relative(SRC, f))
    if (done.has(file)) return undefined
    path.push(file)
    for (const target of importsOf(file)) {
      const cycle = target.endsWith('.ts') ? visit(target) : undefined
      if (cycle) return cycle
    }
    path.pop()
    done.add(file)
    return undefined
  }
  for (const file of files) {
    const cycle = visit(file)
    if (cycle) return cycle
  }
  return undefined
}
