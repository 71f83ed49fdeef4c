import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { DIFF_BYTES_MAX, type GitState, readGit } from '../../src/training/git.ts'
import { describeWith } from '../helpers/needs.ts'
import { inPath } from '../helpers/programs.ts'

const gitMissing = inPath('git') === '' ? { what: 'git is not in PATH' } : undefined
const folders: string[] = []
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true })
})

function folder() {
  const dir = mkdtempSync(join(tmpdir(), 'weir-git-'))
  folders.push(dir)
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: dir, encoding: 'utf8' })
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  const commitAll = () => {
    git('add', '-A', '-f')
    git('commit', '-q', '-m', 'x')
  }
  return { dir, git, write, commitAll }
}

/** A project in `app/` beside others of the same repository, committed. */
function repository() {
  const { dir, git, write, commitAll } = folder()
  git('init', '-q')
  const files = { 'app/weir.config.ts': 'one\n', 'app/lib/a b.ts': 'a\n', 'shared/s.ts': 's\n', 'other/o.ts': 'o\n' }
  for (const [path, text] of Object.entries(files)) write(path, text)
  commitAll()
  return { dir, app: join(dir, 'app'), git, write, commitAll }
}

const CODE = ['weir.config.ts', 'lib/a b.ts', '../shared/s.ts']

async function read(dir: string, code = CODE) {
  const { state, diff } = await readGit(dir, code)
  return { state: state as Extract<GitState, { kind: 'git' }>, diff }
}

describeWith('what git says of a project', gitMissing, () => {
  test('a clean tree is told by its commit alone', async () => {
    const { app, git, write } = repository()
    const commit = git('rev-parse', 'HEAD').trim()
    // Of the same repository, and no code of this project.
    write('other/o.ts', 'changed\n')
    const { state, diff } = await read(app)
    expect(state).toMatchObject({ kind: 'git', commit, dirty: false, untracked: [], newFiles: [] })
    expect(diff).toBeNull()
  })

  test('what is not committed of the project and of the code that it imports is a diff that git applies to the commit', async () => {
    const { dir, app, git, write } = repository()
    write('app/weir.config.ts', 'two\n')
    write('shared/s.ts', 'shared two\n')
    write('other/o.ts', 'not ours\n')
    write('app/new one.ts', 'new\n')
    git('add', 'app/weir.config.ts')
    const { state, diff } = await read(app, [...CODE, 'new one.ts'])
    expect(state).toMatchObject({ dirty: true, cut: false, untracked: ['new one.ts'], newFiles: ['app/new one.ts'] })
    expect(diff).not.toContain('not ours')
    const copy = join(dir, 'copy')
    git('clone', '-q', dir, copy)
    execFileSync('git', ['apply', '-'], { cwd: copy, input: diff! })
    const changed = execFileSync('git', ['diff', '--name-only'], { cwd: copy, encoding: 'utf8' })
    expect(changed).toBe('app/weir.config.ts\nshared/s.ts\n')
  })

  test('nothing of ignored files and of files that are called like secrets is taken', async () => {
    const { app, write, commitAll } = repository()
    write('app/.env.local', 'TOKEN=old\n')
    write('app/forced.ts', 'old\n')
    write('app/my-secrets.ts', 'old\n')
    commitAll()
    write('app/.gitignore', 'forced.ts\nhidden.ts\n')
    write('app/.env.local', 'TOKEN=hunter2\n')
    write('app/forced.ts', 'hunter2\n')
    write('app/my-secrets.ts', 'hunter2\n')
    write('app/hidden.ts', 'hunter2\n')
    write('app/weir.config.ts', 'two\n')
    const { state, diff } = await read(app, [...CODE, 'forced.ts', 'hidden.ts', 'my-secrets.ts'])
    expect(diff).toContain('+two')
    expect(diff).not.toContain('hunter2')
    expect(state.leftOut.sort()).toEqual(['app/.env.local', 'app/forced.ts', 'app/my-secrets.ts'])
    expect(state.withheld.sort()).toEqual(['forced.ts', 'hidden.ts', 'my-secrets.ts'])
    expect(state.untracked).toEqual(['hidden.ts'])
    expect(state.newFiles).toEqual(['app/.gitignore'])
  })

  test('a diff is cut at its limit, and says so', async () => {
    const { app, write } = repository()
    write(
      'app/weir.config.ts',
      'x'
        .repeat(99)
        .concat('\n')
        .repeat(DIFF_BYTES_MAX / 50),
    )
    const { state, diff } = await read(app)
    expect(state).toMatchObject({ dirty: true, cut: true })
    expect(diff!.length).toBeGreaterThan(DIFF_BYTES_MAX / 2)
    expect(Buffer.byteLength(diff!)).toBeLessThanOrEqual(DIFF_BYTES_MAX)
  })

  test('no repository and no commit are told as such', async () => {
    const { dir, git, write } = folder()
    write('weir.config.ts', 'one\n')
    expect((await readGit(dir, ['weir.config.ts'])).state).toEqual({
      kind: 'none',
      reason: 'the folder of the project is in no git repository',
    })
    git('init', '-q')
    expect(await read(dir, ['weir.config.ts'])).toMatchObject({
      state: { kind: 'git', commit: null, dirty: true, untracked: ['weir.config.ts'] },
      diff: null,
    })
  })

  test('where git is not installed, that is told', async () => {
    const path = process.env.PATH
    process.env.PATH = '/nowhere'
    try {
      expect((await readGit(folder().dir, [])).state).toEqual({ kind: 'none', reason: 'git is not installed here' })
    } finally {
      process.env.PATH = path
    }
  })

  test('no program that the repository names is started, and a hook’s own repository is not asked', async () => {
    const { dir, app, git, write } = repository()
    const trap = join(dir, 'trap.sh')
    write('trap.sh', `#!/bin/sh\ntouch '${join(dir, 'sprung')}'\n`)
    execFileSync('chmod', ['+x', trap])
    git('config', 'core.fsmonitor', trap)
    git('config', 'diff.external', trap)
    write('.gitattributes', '*.ts diff=trap\n')
    git('config', 'diff.trap.textconv', trap)
    git('config', 'diff.trap.command', trap)
    write('app/weir.config.ts', 'two\n')
    rmSync(join(dir, 'sprung'), { force: true })
    process.env.GIT_DIR = '/nowhere/.git'
    try {
      const { state, diff } = await read(app)
      expect(state.kind).toBe('git')
      expect(diff).toContain('+two')
    } finally {
      delete process.env.GIT_DIR
    }
    expect(() => execFileSync('test', ['-e', join(dir, 'sprung')])).toThrow()
  })
})
