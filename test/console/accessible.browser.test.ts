import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessible } from '../helpers/accessible.ts'
import { type Person, useBrowser } from '../helpers/browser.ts'
import { missingBrowser } from '../helpers/chromium.ts'
import { describeWith } from '../helpers/needs.ts'
import { type Console, openConsole } from './console-home.ts'
import { goTo, PAGES, type Things, thingsOf } from './pages.ts'

describeWith('every page', missingBrowser(), () => {
  const browser = useBrowser()
  let console: Console
  let things: Things
  let person: Person
  beforeAll(async () => {
    console = await openConsole('demo')
    things = await thingsOf(console.url)
    person = await browser.person(console.url)
  })
  afterAll(() => console?.end())

  test.each(PAGES)('axe finds nothing on it in the light and in the dark: $name', async ({ path }) => {
    const { page } = person
    await goTo(page, path(things))
    await expectAccessible(page)
    expect(await page.locator('[role="alert"]').allInnerTexts(), 'nothing on it is broken').toEqual([])
  })

  test.each(PAGES)('nothing on it is wider than a telephone: $name', async ({ path }) => {
    const { page } = await narrow()
    await goTo(page, path(things))
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
  })

  let small: Person | undefined
  async function narrow(): Promise<Person> {
    small ??= await browser.person(console.url, { size: 'narrow' })
    return small
  }
})
