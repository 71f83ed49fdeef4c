import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type Looks, openChromium, openContext } from './chromium.ts'
import { watchPage } from './page-faults.ts'

/** One person at a browser of their own: what one is signed in as, another does not know. */
export type Person = {
  page: Page
  /** A second page of the same person. */
  another(): Promise<Page>
  /** From now on the page may complain of this, because the test is about it. */
  mayHear(words: RegExp): void
  close(): Promise<void>
}

/** The browser of one file. Without another word, a test fails when one of its pages complained (`page-faults.ts`). */
export function useBrowser(): { person(origin: string, looks?: Looks): Promise<Person> } {
  let browser: Browser
  const faults: string[] = []
  beforeAll(async () => {
    browser = await openChromium()
  })
  afterAll(() => browser?.close())
  afterEach(() => {
    const found = faults.splice(0)
    if (found.length > 0) throw new Error(`the page complained:\n  ${found.join('\n  ')}`)
  })
  return {
    async person(origin, looks = {}) {
      const context = await openContext(browser, origin, looks)
      const allowed: RegExp[] = []
      const open = async () => {
        const page = await context.newPage()
        await watchPage(page, origin, (fault) => {
          if (!allowed.some((words) => words.test(fault))) faults.push(fault)
        })
        return page
      }
      return {
        page: await open(),
        another: open,
        mayHear: (words) => void allowed.push(words),
        close: () => context.close(),
      }
    },
  }
}
