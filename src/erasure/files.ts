import { createReadStream } from 'node:fs'
import { open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { nextMention } from '../base/mentions.ts'
import type { Subject } from '../lake/subject.ts'

/** Files of a home that hold people's values beside the object store and the database, by what becomes of them. */
const LOG = join('pg', 'server.log')
const GENERATED = 'demo-months'

/** What is said of the subject in files of this home: the database server's log, and the tables that the demo made up. */
export async function findInFiles(home: string, subject: Subject): Promise<string[]> {
  const found: string[] = []
  const log = await readFile(join(home, LOG), 'latin1').catch(() => '')
  if (subject.key.some((part) => quotedPlaces(log, part).length > 0)) found.push(LOG)
  for (const file of await filesBelow(join(home, GENERATED))) {
    if (await holdsRow(file, subject)) return [...found, GENERATED]
  }
  return found
}

/** The log keeps its lines with stars in the key's place; the made-up tables go, and are made again from their seed. */
export async function eraseFromFiles(home: string, subject: Subject): Promise<string[]> {
  const found = await findInFiles(home, subject)
  if (found.includes(LOG)) await starOut(join(home, LOG), subject)
  if (found.includes(GENERATED)) await rm(join(home, GENERATED), { recursive: true, force: true })
  return found
}

/** In place and of the same length: the server goes on writing to the end of it. */
async function starOut(path: string, subject: Subject): Promise<void> {
  const text = await readFile(path, 'latin1')
  const handle = await open(path, 'r+')
  try {
    for (const part of subject.key) {
      const bytes = Buffer.byteLength(part)
      for (const at of quotedPlaces(text, part)) await handle.write(Buffer.alloc(bytes, '*'), 0, bytes, at)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Where PostgreSQL says a value it does so in quotes or brackets; anything else may be a date or a number of its own. */
function quotedPlaces(log: string, part: string): number[] {
  const bytes = Buffer.from(part).toString('latin1')
  const places: number[] = []
  for (let at = nextMention(log, bytes, 0); at >= 0; at = nextMention(log, bytes, at + bytes.length)) {
    if (/[("'=,]/.test(log[at - 1] ?? '') && /[)"',]/.test(log[at + bytes.length] ?? '')) places.push(at)
  }
  return places
}

async function holdsRow(path: string, subject: Subject): Promise<boolean> {
  let rest = ''
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    if (lines.some((line) => subject.key.every((part) => line.split(',').includes(part)))) return true
  }
  return subject.key.every((part) => rest.split(',').includes(part))
}

async function filesBelow(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true }).catch(() => [])
  const paths = names.map((name) => join(dir, name))
  const files = await Promise.all(paths.map(async (path) => ((await stat(path)).isFile() ? [path] : [])))
  return files.flat()
}
