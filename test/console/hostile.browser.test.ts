import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, useBrowser } from '../helpers/browser.ts'
import { missingBrowser } from '../helpers/chromium.ts'
import { describeWith } from '../helpers/needs.ts'
import { type Console, openConsole } from './console-home.ts'
import { ARTIFACTS, HOSTILE, seedHostile, TEXTS } from './hostile-texts.ts'
import { goTo } from './pages.ts'

type Made = Awaited<ReturnType<typeof seedHostile>>
const at = encodeURIComponent

const SHOWN: { name: string; path: (made: Made) => string; says?: string }[] = [
  { name: 'experiments', path: () => '/experiments', says: HOSTILE.image },
  { name: 'runs', path: ({ experiment }) => `/experiments/${experiment}`, says: HOSTILE.svg },
  { name: 'run', path: ({ experiment, run }) => `/experiments/${experiment}/runs/${run}`, says: HOSTILE.link },
  { name: 'models', path: () => '/models', says: HOSTILE.image },
  { name: 'model', path: ({ model }) => `/models/${at(model)}`, says: HOSTILE.image },
  { name: 'version', path: ({ model }) => `/models/${at(model)}/versions/1` },
  { name: 'entity', path: () => `/entities/user/${at(HOSTILE.image)}` },
  { name: 'source that is not there', path: () => `/data/sources/${at(HOSTILE.image)}` },
  { name: 'snapshot that is not there', path: () => `/data/snapshots/${at(HOSTILE.image)}` },
  { name: 'view that is not there', path: () => `/features/${at(HOSTILE.svg)}` },
  { name: 'flow that is not there', path: () => `/flows/${at(HOSTILE.script)}` },
  { name: 'page that is not there', path: () => `/${at(HOSTILE.image)}` },
  { name: 'lineage', path: () => `/lineage?of=${at(HOSTILE.image)}` },
  { name: 'compared runs', path: ({ run }) => `/compare-runs?runs=${at(JSON.stringify([run, HOSTILE.image]))}` },
]

describeWith('hostile texts in every name, tag, note and file', missingBrowser(), () => {
  const browser = useBrowser()
  let console: Console
  let made: Made
  let wide: Person
  let narrow: Person
  beforeAll(async () => {
    console = await openConsole('empty')
    made = await seedHostile(console.url)
    wide = await browser.person(console.url)
    narrow = await browser.person(console.url, { size: 'narrow' })
    // What is not there is answered by 404, which Chromium tells on the console.
    for (const { mayHear } of [wide, narrow]) mayHear(/status of 4\d\d/)
  })
  afterAll(() => console?.end())

  test.each(SHOWN)('nothing runs and nothing is broken: $name', async ({ path, says }) => {
    for (const { page } of [wide, narrow]) {
      await goTo(page, path(made))
      if (says !== undefined) await page.locator('main').getByText(says).first().waitFor({ state: 'attached' })
      await expectHarmless(page)
    }
  })

  async function expectHarmless(page: Page): Promise<void> {
    expect(await page.evaluate('window.ran')).toBeUndefined()
    expect(await page.evaluate('({}).ran')).toBeUndefined()
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
    expect(await page.locator('main [onerror], main [onload], main a[href^="javascript:"]').count()).toBe(0)
  }

  // A request to anywhere else would be heard too: the Markdown and the page ask for one.
  test.each(Object.keys(ARTIFACTS))('a file is looked at, and nothing in it does anything: %s', async (file) => {
    for (const { page, mayHear } of [wide, narrow]) {
      // Chromium says what it has kept the frame from doing, and the script of the frame throws at it.
      if (file.endsWith('.html')) mayHear(/sandboxed|SecurityError|Blocked a frame|CSP script-src|file=page\.html: $/)
      await goTo(page, `/experiments/${made.experiment}/runs/${made.run}?tab=files&file=${at(file)}`)
      await page.getByRole('heading', { name: file }).waitFor()
      if (file.endsWith('.html')) {
        const frame = page.frameLocator('iframe')
        await frame.getByRole('heading', { name: 'seen' }).waitFor()
        await page.getByText('Run its scripts').click()
        await frame.getByRole('heading', { name: 'seen' }).waitFor()
      }
      await expectHarmless(page)
    }
  })

  test('all of them are there to be seen, each as it was written', async () => {
    await goTo(wide.page, `/experiments/${made.experiment}/runs/${made.run}`)
    const seen = await wide.page.locator('main').innerText()
    for (const text of TEXTS) expect(seen.replaceAll(/\s+/g, ' ')).toContain(text.slice(0, 12))
  })
})
