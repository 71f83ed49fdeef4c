import { afterAll, beforeAll, test } from 'vitest'
import { type Person, useBrowser } from '../helpers/browser.ts'
import { missingBrowser } from '../helpers/chromium.ts'
import { describeWith } from '../helpers/needs.ts'
import { type Console, openConsole } from './console-home.ts'
import { goTo } from './pages.ts'

describeWith('a list of keys that comes late', missingBrowser(), () => {
  const browser = useBrowser()
  let console: Console
  let person: Person
  beforeAll(async () => {
    console = await openConsole('empty')
    person = await browser.person(console.url)
  })
  afterAll(() => console?.end())

  test('opens for the text that was typed before it came', async () => {
    const { page } = person
    let come = () => {}
    const there = new Promise<void>((done) => {
      come = done
    })
    await page.route('**/entities/*/keys*', async (route) => {
      await there
      const text = `${new URL(route.request().url()).searchParams.get('prefix') ?? ''}90-VHVEG`
      await route.fulfill({ json: { entity: 'user', keys: [{ text, parts: { user_id: text } }], more: false } })
    })
    await goTo(page, '/features')
    await page.locator('.features-lookup').getByRole('combobox').fill('75')
    come()
    await page.getByRole('option', { name: '7590-VHVEG' }).waitFor()
  })
})
