/** Which files the trainers of a project are made of, as far as it says: files that arguments name, and those under `files`. */
import { readdir, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'

const FILES_MAX = 1_000

/** Absolute paths, each once. The definition has not been checked. */
export async function trainerFiles(definition: unknown, dir: string): Promise<string[]> {
  const models = membersOf((definition as { models?: unknown } | null)?.models)
  const found = new Set<string>()
  for (const model of models) {
    const { command, files } = ((model as { trainer?: unknown } | null)?.trainer ?? {}) as Record<string, unknown>
    for (const argument of textsOf(command)) {
      if (isAbsolute(argument)) continue
      const path = resolve(dir, argument)
      if ((await kindOf(path)) === 'file') found.add(path)
    }
    for (const name of textsOf(files)) for (const path of await below(resolve(dir, name))) found.add(path)
  }
  return [...found]
}

/** Whether one of `files` of a trainer is among the files of the code. */
export function isThere(name: string, paths: readonly string[]): boolean {
  const place = relative('.', join('.', name)).replaceAll(sep, '/')
  return paths.some((path) => place === '' || path === place || path.startsWith(`${place}/`))
}

async function below(path: string): Promise<string[]> {
  const kind = await kindOf(path)
  if (kind === 'file') return [path]
  if (kind !== 'folder') return []
  const found: string[] = []
  const open = [path]
  for (let folder = open.pop(); folder !== undefined && found.length < FILES_MAX; folder = open.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules' || entry.name === '__pycache__') continue
      if (entry.isDirectory()) open.push(join(folder, entry.name))
      else if (entry.isFile()) found.push(join(folder, entry.name))
    }
  }
  return found.sort().slice(0, FILES_MAX)
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() ? 'file' : found?.isDirectory() ? 'folder' : undefined
}

function membersOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((part): part is string => typeof part === 'string') : []
}
