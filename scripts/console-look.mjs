// A picture of one page of a running console: node scripts/console-look.mjs 'http://127.0.0.1:8000/#/models' out.png [--dark] [--narrow] [--wait MS]
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const [url, file, ...flags] = process.argv.slice(2)
const executablePath = [
  process.env.WEIR_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path))
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const page = await browser.newPage({
  viewport: flags.includes('--narrow') ? { width: 400, height: 860 } : { width: 1360, height: 860 },
  colorScheme: flags.includes('--dark') ? 'dark' : 'light',
})
page.on(
  'console',
  (message) => ['error', 'warning'].includes(message.type()) && console.log(message.type(), message.text()),
)
page.on('pageerror', (error) => console.log('uncaught', error.message))
await page.goto(url)
await page.waitForTimeout(Number(flags[flags.indexOf('--wait') + 1]) || 1200)
await page.screenshot({ path: file, fullPage: true })
const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
if (wide > 0) console.log(`the page is ${wide} px wider than the window`)
await browser.close()
