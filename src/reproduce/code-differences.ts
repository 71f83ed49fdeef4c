import { createTwoFilesPatch } from 'diff'
import type { ProjectCode } from '../config/project-code.ts'
import { listed } from './listed.ts'

/** A file of the project that differs; `diff` is a unified one, null where a text was not kept or it would be too long. */
export type ChangedFile = { path: string; what: 'changed' | 'new' | 'gone'; diff: string | null }

const DIFF_CHARS_MAX = 20_000
/** What two long files have in common is not looked for any longer. */
const DIFF_MS = 2_000

/** Which files of Weir itself differ, in one line; undefined where none does. */
export function weirFiles(
  then: readonly (readonly [path: string, digest: string])[],
  now: readonly (readonly [path: string, digest: string])[],
): string | undefined {
  const changed = differing(new Map(then), new Map(now))
  if (changed.length === 0) return undefined
  return `files of Weir: ${listed(changed.map(({ path, what }) => `${path} (${what})`))}`
}

export function projectFiles(then: ProjectCode, now: ProjectCode): ChangedFile[] {
  const digests = ({ files }: ProjectCode) => new Map(files.map(({ path, digest }) => [path, digest]))
  const text = ({ files }: ProjectCode, path: string) => files.find((file) => file.path === path)?.text
  return differing(digests(then), digests(now)).map(({ path, what }) => {
    const before = what === 'new' ? '' : text(then, path)
    const after = what === 'gone' ? '' : text(now, path)
    const diff = typeof before === 'string' && typeof after === 'string' ? diffOf(path, before, after) : null
    return { path, what, diff }
  })
}

/** Of the packages that the code of the project uses, and those that they use. */
export function projectPackages(then: ProjectCode, now: ProjectCode): string[] {
  const found = ({ packages }: ProjectCode) => {
    const byName = new Map<string, string[]>()
    for (const { name, version } of packages) byName.set(name, [...(byName.get(name) ?? []), version ?? 'unknown'])
    return new Map([...byName].map(([name, versions]) => [name, versions.join(', ')]))
  }
  const sealed = ({ packages }: ProjectCode) =>
    new Map(packages.map(({ name, version, integrity }) => [`${name}@${version}`, integrity]))
  const [before, after] = [found(then), found(now)]
  const others = [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [was, is] = [before.get(name) ?? 'none', after.get(name) ?? 'none']
    return was === is ? [] : [`package ${name}: ${was} then, ${is} now`]
  })
  const nowSealed = sealed(now)
  const swapped = [...sealed(then)].flatMap(([name, integrity]) => {
    const is = nowSealed.get(name)
    return is === undefined || is === integrity ? [] : [`package ${name} has other content (integrity) now`]
  })
  return [...others, ...swapped]
}

type Changed = { path: string; what: ChangedFile['what'] }

function differing(then: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): Changed[] {
  return [...new Set([...then.keys(), ...now.keys()])].sort().flatMap((path): Changed[] => {
    if (!now.has(path)) return [{ path, what: 'gone' }]
    if (!then.has(path)) return [{ path, what: 'new' }]
    return then.get(path) === now.get(path) ? [] : [{ path, what: 'changed' }]
  })
}

function diffOf(path: string, before: string, after: string): string | null {
  const diff = createTwoFilesPatch(`then/${path}`, `now/${path}`, before, after, '', '', { timeout: DIFF_MS })
  return diff === undefined || diff.length > DIFF_CHARS_MAX ? null : diff
}
