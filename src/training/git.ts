/**
 * What git says of a project's folder: the commit, and what is not committed. Git is asked alone, without a program that the
 * repository's configuration names. Of an ignored file, and of one whose name says that it holds a secret, no content is taken.
 */
import { execFile } from 'node:child_process'
import { realpath } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '../base/errors.ts'

export const DIFF_BYTES_MAX = 1_000_000
export const NAMES_MAX = 200
const GIT_MS = 10_000

/** Whether a file is called like one that holds a secret. */
export const namedSecret = (path: string) =>
  /(^|\/)(\.env[^/]*|\.npmrc|\.netrc|\.pgpass|id_[a-z0-9]+|[^/]*(secret|credential|password)[^/]*|[^/]*\.(pem|key|p12|pfx))$/i.test(
    path,
  )

export type GitState =
  | { kind: 'none'; reason: string }
  | {
      kind: 'git'
      /** Null before the first commit. */
      commit: string | null
      dirty: boolean
      /** Of the files of the project's code, seen from its folder: not in the commit at all. */
      untracked: string[]
      /** Of the same: what git ignores or what is called like a secret; their content is not kept. */
      withheld: string[]
      /** Changed files whose changes are not in the diff, for the same reason; seen from the top of the repository. */
      leftOut: string[]
      /** Other files that are new, by name alone; no more than `NAMES_MAX`. */
      newFiles: string[]
      /** Whether the diff was longer than `DIFF_BYTES_MAX`. */
      cut: boolean
    }

/** `code` are the files of the project's code, seen from `dir`. */
export async function readGit(dir: string, code: readonly string[]): Promise<{ state: GitState; diff: string | null }> {
  try {
    return await ask(await realpath(dir), code)
  } catch (error) {
    return { state: { kind: 'none', reason: reasonOf(error) }, diff: null }
  }
}

async function ask(dir: string, code: readonly string[]) {
  const git = gitIn(dir)
  const top = (await git(['rev-parse', '--show-toplevel'])).replace(/\n$/, '')
  const commit = (await git(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']).catch(orNothing)).trim() || null
  const own = code.filter((path) => !relative(top, join(dir, path)).startsWith('..'))
  const places = ['.', ...own.filter((path) => path.startsWith('../'))].map((path) => `:(literal)${path}`)
  const [tracked, ignored, forced, changed] = await Promise.all([
    commit === null || own.length === 0 ? '' : git(['ls-files', '-z', '--', ...own.map((p) => `:(literal)${p}`)]),
    own.length === 0 ? '' : git(['check-ignore', '--no-index', '-z', '--stdin'], own.join('\0')).catch(orNothing),
    git(['ls-files', '-z', '-c', '-i', '--exclude-standard', '--full-name', '--', ...places]),
    git(['status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=all', '--', ...places]),
  ])
  const there = new Set(names(tracked))
  const hidden = new Set(names(ignored))
  const untracked = code.filter((path) => !there.has(path))
  const withheld = code.filter((path) => hidden.has(path) || namedSecret(path))
  const entries = names(changed).map((entry) => ({ isNew: entry.startsWith('??'), path: entry.slice(3) }))
  const forcedIn = new Set(names(forced))
  const edited = entries.filter(({ isNew }) => !isNew)
  const leftOut = edited.map(({ path }) => path).filter((path) => forcedIn.has(path) || namedSecret(path))
  const newFiles = entries.filter(({ isNew }) => isNew).map(({ path }) => path)
  const dirty = entries.length > 0 || untracked.length > 0
  const { diff, cut } = commit === null || edited.length === 0 ? NOTHING : await diffOf(git, places, leftOut)
  const named = { untracked, withheld, leftOut: leftOut.slice(0, NAMES_MAX), newFiles: newFiles.slice(0, NAMES_MAX) }
  return { state: { kind: 'git' as const, commit, dirty, ...named, cut }, diff }
}

const NOTHING = { diff: null, cut: false }

async function diffOf(git: ReturnType<typeof gitIn>, places: readonly string[], leftOut: readonly string[]) {
  const form = ['--no-ext-diff', '--no-textconv', '--no-color', '--no-renames', '--src-prefix=a/', '--dst-prefix=b/']
  const without = leftOut.map((path) => `:(exclude,literal,top)${path}`)
  try {
    const diff = await git(['diff', ...form, 'HEAD', '--', ...places, ...without])
    return { diff: diff === '' ? null : diff, cut: false }
  } catch (error) {
    const { code, stdout } = error as { code?: unknown; stdout?: unknown }
    if (code !== 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' || typeof stdout !== 'string') throw error
    return { diff: stdout, cut: true }
  }
}

/** `git` in a folder, without the variables that a hook sets, which would lead it to another repository. */
function gitIn(dir: string): (args: readonly string[], input?: string) => Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')))
  const options = { cwd: dir, env: { ...env, LC_ALL: 'C' }, timeout: GIT_MS, maxBuffer: DIFF_BYTES_MAX }
  const always = ['--no-optional-locks', '-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false']
  return async (args, input = '') => {
    const running = promisify(execFile)('git', [...always, ...args], options)
    // One that ends before it has read this says so by its exit code.
    running.child.stdin?.on('error', () => {}).end(input)
    return (await running).stdout
  }
}

function reasonOf(error: unknown): string {
  const { code, killed, stderr } = error as { code?: unknown; killed?: boolean; stderr?: unknown }
  if (code === 'ENOENT') return 'git is not installed here'
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'git named more files than are taken'
  if (killed) return `git did not answer within ${GIT_MS / 1000} s`
  const said = (typeof stderr === 'string' && stderr.split('\n')[0]) || messageOf(error)
  if (said.includes('not a git repository')) return 'the folder of the project is in no git repository'
  return `git refused: ${said.slice(0, 300)}`
}

function names(text: string): string[] {
  return text.split('\0').filter((name) => name !== '')
}

/** Git ends with 1 where there is none. */
function orNothing(error: unknown): string {
  if ((error as { code?: unknown }).code === 1) return ''
  throw error
}
