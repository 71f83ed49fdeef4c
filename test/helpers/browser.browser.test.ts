import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { expectAccessible } from './accessible.ts'
import { missingBrowser, openChromium, openContext } from './chromium.ts'
import { describeWith } from './needs.ts'
import { watchPage } from './page-faults.ts'

const CSP = "default-src 'self'; img-src * data:"
const CSS = '@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } .faint { color: #222 } }'
const SCRIPTS: Record<string, string> = {
  '/throws.js': 'setTimeout(() => { throw new Error("nobody catches me") })',
  '/complains.js': 'console.error("this went wrong")',
  '/leaves.js': 'document.body.append(Object.assign(new Image(), { src: "http://127.0.0.1:9/pixel.png" }))',
  '/asks.js': 'alert(1)',
  '/runs-text.js': 'document.body.setAttribute("onclick", "1"); document.body.click()',
  '/quiet.js': 'console.info("all is well")',
}

describeWith('the browser of the tests', missingBrowser(), () => {
  let server: Server
  let origin: string
  let browser: Browser
  beforeAll(async () => {
    server = createServer(({ url = '' }, response) => {
      const script = SCRIPTS[url]
      if (url === '/look.css') response.setHeader('content-type', 'text/css').end(CSS)
      else if (script !== undefined) response.setHeader('content-type', 'text/javascript').end(script)
      else if (url.endsWith('.js') || url.endsWith('.ico')) response.writeHead(404).end()
      else response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': CSP }).end(pageOf(url))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    browser = await openChromium()
  })
  afterAll(async () => {
    await browser.close()
    server.close()
  })

  it.each([
    ['/throws', /^uncaught on .*nobody catches me/m],
    ['/complains', /^console on .*this went wrong/m],
    ['/leaves', /^request from .* to http:\/\/127\.0\.0\.1:9\/pixel\.png$/m],
    ['/asks', /^dialog on .*: 1$/m],
    ['/runs-text', /CSP script-src-attr refused inline/],
    ['/missing', /404/],
  ])('a page that does what it must not is heard: %s', async (path, words) => {
    const heard: string[] = []
    const page = await opened(path, (fault) => heard.push(fault))
    await expect.poll(() => heard.join('\n')).toMatch(words)
    await page.context().close()
  })

  it('a page that behaves is not, and axe finds nothing on it', async () => {
    const heard: string[] = []
    const page = await opened('/quiet', (fault) => heard.push(fault))
    await expectAccessible(page)
    expect(heard).toEqual([])
    await page.context().close()
  })

  it('axe finds a picture without words, and what cannot be read in the dark', async () => {
    const page = await opened('/quiet?bad', () => {})
    await expect(expectAccessible(page)).rejects.toThrow(/light image-alt[\s\S]*dark color-contrast: /)
    await expect(expectAccessible(page)).rejects.not.toThrow(/light color-contrast/)
    await page.context().close()
  })

  async function opened(path: string, say: (fault: string) => void): Promise<Page> {
    const context = await openContext(browser, origin, {})
    const page = await context.newPage()
    await watchPage(page, origin, say)
    await page.goto(path, { waitUntil: 'load' })
    return page
  }
})

function pageOf(url: string): string {
  const path = url.replace(/\?.*/, '')
  const bad = url.endsWith('?bad') ? '<img src="/p.png" /><p class="faint">words</p>' : ''
  return `<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:," />
    <link rel="stylesheet" href="/look.css" /></head>
    <body><main><h1>A page</h1>${bad}</main><script src="${path}.js"></script></body></html>`
}
