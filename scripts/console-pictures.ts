// Pictures of every page of the console, light and dark, wide and at 400 px:
//   npx tsx scripts/console-pictures.ts --out DIR [--url URL] [--only NAME,…]   all of them, to look at
//   npx tsx scripts/console-pictures.ts --guide                                 those of docs/guide/console.md
// Without --url a server is started on a home of its own, in which the demo was done.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { goTo, PAGES, type Things, thingsOf } from '../test/console/pages.ts'
import { violations } from '../test/helpers/accessible.ts'
import { type Looks, openChromium, openContext } from '../test/helpers/chromium.ts'
import { watchPage } from '../test/helpers/page-faults.ts'
import { answering, freePort } from '../test/helpers/programs.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const GUIDE = join(ROOT, 'docs/guide/pictures')

/** A picture of the guide is a file of at most this, so that the repository stays small. */
const BYTES_MAX = 60_000

/** The pages that the guide shows, and how. */
const OF_THE_GUIDE: [page: string, looks: Looks][] = [
  ['overview', {}],
  ['runs', { theme: 'dark' }],
  ['version', {}],
  ['time machine', {}],
]

const LOOKS: [suffix: string, looks: Looks][] = [
  ['light', {}],
  ['dark', { theme: 'dark' }],
  ['narrow', { size: 'narrow' }],
  ['narrow-dark', { size: 'narrow', theme: 'dark' }],
]

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    url: { type: 'string' },
    only: { type: 'string' },
    looks: { type: 'string' },
    guide: { type: 'boolean' },
  },
})
if (!values.out && !values.guide) throw new Error('say where to: --out DIR, or --guide')
const server = values.url === undefined ? await demoServer() : { url: values.url, end: async () => {} }
const browser = await openChromium()
try {
  const things = await thingsOf(server.url)
  if (values.guide) await guide(browser, things)
  if (values.out) await all(browser, things, values.out)
} finally {
  await browser.close()
  await server.end()
}

async function all(browser: Browser, things: Things, out: string): Promise<void> {
  mkdirSync(out, { recursive: true })
  const only = values.only?.split(',')
  const wanted = values.looks?.split(',')
  for (const [suffix, looks] of LOOKS.filter(([suffix]) => wanted?.includes(suffix) ?? true)) {
    const page = await opened(browser, looks)
    for (const { name, path } of PAGES.filter(({ name }) => only?.includes(name) ?? true)) {
      await shown(page, path(things))
      writeFileSync(join(out, `${fileName(name)}-${suffix}.webp`), await picture(page, 90, true))
      for (const fault of await faultsOf(page)) console.log(`${name} ${suffix}: ${fault}`)
    }
    await page.context().close()
  }
}

async function guide(browser: Browser, things: Things): Promise<void> {
  mkdirSync(GUIDE, { recursive: true })
  for (const [name, looks] of OF_THE_GUIDE) {
    const page = await opened(browser, looks)
    const { path } = PAGES.find((one) => one.name === name)!
    await shown(page, path(things))
    const bytes = await smallPicture(page)
    writeFileSync(join(GUIDE, `console-${fileName(name)}.webp`), bytes)
    console.log(`${name}: ${bytes.length} bytes`)
    await page.context().close()
  }
}

async function opened(browser: Browser, looks: Looks): Promise<Page> {
  const page = await (await openContext(browser, server.url, looks)).newPage()
  await watchPage(page, server.url, (fault) => console.log(fault))
  return page
}

async function shown(page: Page, path: string): Promise<void> {
  await goTo(page, path).catch((error: Error) => console.log(`${path}: ${error.message.split('\n')[0]}`))
}

/** What is wrong with it besides its looks. */
async function faultsOf(page: Page): Promise<string[]> {
  const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  const found = (await violations(page)).flatMap(({ id, nodes }) =>
    nodes.map(({ target, html }) => `${id} ${target.join(' ')} ${html.slice(0, 140)}`),
  )
  return wide === 0 ? found : [`${wide} px wider than the window`, ...found]
}

async function smallPicture(page: Page): Promise<Buffer> {
  for (const quality of [90, 80, 70, 60, 50]) {
    const bytes = await picture(page, quality, false)
    if (bytes.length <= BYTES_MAX) return bytes
  }
  throw new Error(`no picture of ${page.url()} is smaller than ${BYTES_MAX} bytes`)
}

/** Chromium itself writes WebP. */
async function picture(page: Page, quality: number, whole: boolean): Promise<Buffer> {
  const session = await page.context().newCDPSession(page)
  const asked = { format: 'webp', quality, captureBeyondViewport: whole } as const
  const size = (await page.evaluate(
    '({ width: innerWidth, height: Math.max(innerHeight, Math.min(document.documentElement.scrollHeight, 4000)) })',
  )) as { width: number; height: number }
  const clip = { clip: { x: 0, y: 0, scale: 1, ...size } }
  const { data } = await session.send('Page.captureScreenshot', { ...asked, ...(whole ? clip : {}) })
  await session.detach()
  return Buffer.from(data, 'base64')
}

function fileName(name: string): string {
  return name.replaceAll(' ', '-')
}

async function demoServer() {
  const home = mkdtempSync(join(tmpdir(), 'weir-pictures-'))
  const port = await freePort()
  const weir = join(ROOT, 'bin/weir.js')
  const env = { ...process.env, WEIR_HOME: home, WEIR_LOG_LEVEL: 'warn' }
  const child = spawn(process.execPath, [weir, 'demo', '--port', String(port)], { env, stdio: 'ignore' })
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  await answering(child, `${url}/ready`)
  return {
    url,
    async end() {
      child.kill('SIGTERM')
      await ended
      rmSync(home, { recursive: true, force: true })
    },
  }
}
