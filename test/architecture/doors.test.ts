import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

/** Every file of these is a door: collections of small things, one idea a file, or one flow a file. */
const OPEN = ['base', 'values', 'wire', 'mlflow', 'config', 'ml', 'plots', 'pipelines']

/** Rooms without a file of their own name, and the one door of each. */
const ONE_DOOR: Record<string, string> = {
  generator: 'streamflow.ts',
  http: 'server.ts',
  monitoring: 'metrics.ts',
  cli: 'main.ts',
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))

describe('a room', () => {
  it('is entered only by the files that its header names as its doors', () => {
    const wrong = entries()
      .filter(({ room, file }) => !OPEN.includes(room) && !doorsOf(room).includes(file))
      .map(({ from, room, file }) => `${from} enters ${room} by ${file}`)
    expect(wrong).toEqual([])
  })

  it('names no door that nobody uses, and none that is not there', () => {
    const used = new Set(entries().map(({ room, file }) => `${room}/${file}`))
    const rooms = [...new Set(files.map(roomOf))].filter(
      (room) => !room.endsWith('.ts') && !OPEN.includes(room) && !ONE_DOOR[room],
    )
    const unused = rooms.flatMap((room) =>
      doorsOf(room)
        .filter((file) => file !== (ONE_DOOR[room] ?? `${room}.ts`) && file !== 'routes.ts')
        .map((file) => `${room}/${file}`)
        .filter((door) => !used.has(door)),
    )
    expect(unused).toEqual([])
  })
})

/** Its own file and its routes; beside them what its header says after "Doors:". */
function doorsOf(room: string): string[] {
  const first = ONE_DOOR[room] ?? `${room}.ts`
  const opening = files.find((f) => f === `${room}/${first}`)
  const header = opening ? readFileSync(join(SRC, opening), 'utf8').split('*/')[0]! : ''
  const named = /Doors: ([^.]*(?:\.ts[^.]*)*)\./.exec(header.replace(/\s*\n \*\s*/g, ' '))?.[1] ?? ''
  return [first, ...(ONE_DOOR[room] ? [] : ['routes.ts']), ...named.split(', ').filter(Boolean)]
}

function entries(): { from: string; room: string; file: string }[] {
  return files.flatMap((from) => {
    const text = readFileSync(join(SRC, from), 'utf8')
    const targets = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((m) =>
      relative(SRC, resolve(dirname(join(SRC, from)), m[1]!)),
    )
    return targets
      .filter((target) => target.includes('/') && roomOf(target) !== roomOf(from))
      .map((target) => ({ from, room: roomOf(target), file: target.slice(roomOf(target).length + 1) }))
  })
}

function roomOf(file: string): string {
  return file.split('/')[0]!
}
