import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type Block, blocksOf, withoutChance } from '../docs/page-blocks.ts'
import { openPlace } from './weir.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TUTORIAL = join(ROOT, 'docs/tutorial/README.md')
/** Asks the server that the tutorial leaves behind. */
const PREDICTIONS = join(ROOT, 'docs/guide/predictions.md')

/** With this set the pages get the outputs of this run: after a change of what commands print. */
const WRITE = process.env.WEIR_WRITE_PAGES === '1'

type Shown = { block: Block; real: string }

/**
 * Runs the page: its files are written, its commands run in their order, and what they print is what the page shows.
 * Installing is left to installed.e2e.test.ts: `npx weir` is this build here.
 */
test('the tutorial: every command of the page works in its order, and prints what the page shows', async () => {
  const place = await openPlace()
  const folder = join(place.dir, 'boxes')
  const env = { ...environment(), PATH: await npxOfThisBuild(place.dir), WEIR_HOME: join(place.dir, 'home') }
  const shown: Shown[] = []
  let server = ''
  let said = ''
  try {
    await mkdir(join(folder, 'node_modules'), { recursive: true })
    await symlink(ROOT, join(folder, 'node_modules/weir'))
    for (const block of blocksOf(await readFile(TUTORIAL, 'utf8'))) {
      const text = server === '' ? block.text : block.text.replaceAll('http://127.0.0.1:8000', server)
      if (block.language === 'text') shown.push({ block, real: ofAnn(said, folder) })
      else if (block.language !== 'sh') await writeFile(join(folder, block.note), text)
      else if (block.note === 'server') {
        const up = place.start(...text.trim().split(/\s+/).slice(2), '--project', folder, '--port', '0')
        server = (await up.says(/POST (http:\S+)\/predict/))[1]!
        await up.says(/Ctrl-C/)
        said = up.said()
      } else if (block.note !== 'install') {
        said = await run(text, { cwd: folder, env, fails: block.note === 'fails' })
      }
    }
    expect(shown.length).toBeGreaterThan(12)
    await sameOrWritten(TUTORIAL, shown)
    const asked = await askAll(server)
    expect(asked.length).toBeGreaterThan(2)
    await sameOrWritten(PREDICTIONS, asked)
  } finally {
    await place.end()
  }
}, 600_000)

async function sameOrWritten(page: string, shown: readonly Shown[]): Promise<void> {
  if (!WRITE) {
    for (const { block, real } of shown) expect(withoutChance(block.text)).toBe(withoutChance(real))
    return
  }
  const text = await readFile(page, 'utf8')
  const written = shown.reduceRight((all, { block, real }) => {
    return `${all.slice(0, block.from)}${real.trimEnd()}\n${all.slice(block.to)}`
  }, text)
  await writeFile(page, written)
}

/** Each `curl` of the page, with the answer that stands behind it. */
async function askAll(server: string): Promise<Shown[]> {
  const blocks = blocksOf(await readFile(PREDICTIONS, 'utf8'))
  const asked: Shown[] = []
  for (const [i, { text }] of blocks.entries()) {
    const [, path, body] = /^curl -s http:\/\/127\.0\.0\.1:8000(\S+) .* -d '(.*)'$/m.exec(text) ?? []
    const block = blocks[i + 1]
    if (!path || block?.language !== 'json') continue
    const answer = await fetch(`${server}${path}`, { method: 'POST', headers: JSON_BODY, body: body ?? '' })
    asked.push({ block, real: await answer.text() })
  }
  return asked
}

const JSON_BODY = { 'content-type': 'application/json' }

/** `npx weir` without npm's second of start, and this build of it. */
async function npxOfThisBuild(dir: string): Promise<string> {
  const bin = join(dir, 'bin')
  await mkdir(bin)
  const script = `#!/bin/sh\nshift\nexec "${process.execPath}" "${join(ROOT, 'bin/weir.js')}" "$@"\n`
  await writeFile(join(bin, 'npx'), script)
  await chmod(join(bin, 'npx'), 0o755)
  return [bin, process.env.PATH].join(delimiter)
}

function environment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|WEIR_|DATABASE_URL|NODE_)/i.test(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? '']))
}

type Where = { cwd: string; env: Record<string, string>; fails: boolean }

/** What a person sees as the answer: stdout, and where it fails the reason. */
async function run(script: string, { cwd, env, fails }: Where): Promise<string> {
  return await new Promise((resolve, reject) =>
    execFile('sh', ['-e', '-c', script], { cwd, env }, (error, stdout, stderr) => {
      if (fails === (error !== null)) resolve(fails ? stdout + stderr : stdout)
      else reject(new Error(`${script}${error ? error.code : 'did not fail'}\n${stdout}${stderr}`))
    }),
  )
}

/** As it looks on the machine of one Ann, with digests no longer than a line has room for. */
function ofAnn(output: string, folder: string): string {
  return output
    .replaceAll(folder, '/home/ann/boxes')
    .replace(new RegExp(`(?<= )${userInfo().username}(?= )`, 'g'), 'ann')
    .replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1…')
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'http://127.0.0.1:8000')
}
