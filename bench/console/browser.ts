import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const WAIT_MS = 60_000

/** Undefined, and said, where there is none. */
export async function openBrowser(): Promise<Browser | undefined> {
  const executablePath = [process.env.WEIR_CHROMIUM, ...PROGRAMS].find((path) => path && existsSync(path))
  if (executablePath) return chromium.launch({ executablePath, args: ['--no-sandbox'] })
  console.log('  skipped: no Chromium; WEIR_CHROMIUM names one')
  return undefined
}

/** A browser that knows nothing yet: no cache, no cookie. */
export async function freshPage(browser: Browser): Promise<Page> {
  // The policy of the page lets nobody evaluate texts, which is how a bench looks.
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, bypassCSP: true })
  return context.newPage()
}

/** Milliseconds from `act` to the frame after which `selector` is there. */
export async function msUntil(page: Page, act: () => Promise<unknown>, selector: string): Promise<number> {
  const since = performance.now()
  await act()
  const isThere = `document.querySelector(${JSON.stringify(selector)}) !== null`
  await page.waitForFunction(isThere, undefined, { polling: 'raf', timeout: WAIT_MS })
  return performance.now() - since
}

/** From the beginning of the navigation to the frame in which `selector` is there, by the clock of the page. */
export async function msToSee(page: Page, url: string, selector: string): Promise<number> {
  await page.addInitScript(`{
    const look = () => {
      if (document.querySelector(${JSON.stringify(selector)})) window.seenMs = performance.now()
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  }`)
  await page.goto(url)
  await page.waitForFunction('window.seenMs', undefined, { timeout: WAIT_MS })
  return page.evaluate('window.seenMs')
}

export type Frames = { longest: number; median: number; over: number; frames: number }

/** The frames while a box is scrolled, 120 px at each: the longest, the usual one, and how many took over `limitMs`. */
export function scrollFrames(page: Page, selector: string, steps: number, limitMs: number): Promise<Frames> {
  return page.evaluate(`(async () => {
    const box = document.querySelector(${JSON.stringify(selector)})
    const frames = []
    let last = await new Promise(requestAnimationFrame)
    for (let i = 0; i < ${steps}; i++) {
      box.scrollTop += 120
      const now = await new Promise(requestAnimationFrame)
      frames.push(now - last)
      last = now
    }
    frames.sort((a, b) => a - b)
    const over = frames.filter((ms) => ms > ${limitMs}).length
    return { longest: frames.at(-1), median: frames[frames.length >> 1], over, frames: frames.length }
  })()`)
}

/** Seconds of processor time of all processes of the browser. */
export async function browserCpuSeconds(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0)
}

/** Bytes over the wire of the page and its files, without what is asked of the API. */
export function firstLoadBytes(page: Page): Promise<number> {
  return page.evaluate(`[
    ...performance.getEntriesByType('navigation'),
    ...performance.getEntriesByType('resource').filter(({ name }) => /\\.(js|css|svg|woff2)(\\?|$)/.test(name)),
  ].reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`)
}
