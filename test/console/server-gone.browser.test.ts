import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { type Person, useBrowser } from '../helpers/browser.ts'
import { missingBrowser } from '../helpers/chromium.ts'
import { describeWith } from '../helpers/needs.ts'
import { type Console, openConsole } from './console-home.ts'
import { goTo } from './pages.ts'

describeWith('a page that is open while its server ends', missingBrowser(), () => {
  const browser = useBrowser()
  let console: Console
  let person: Person
  beforeAll(async () => {
    console = await openConsole('empty')
    person = await browser.person(console.url)
  })
  afterAll(() => console?.end())

  test('says that the connection is lost and keeps what it shows; when the server is back it is live by itself, with what is new', async () => {
    const { page } = person
    person.mayHear(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/)
    await goTo(page, '/')
    const live = page.locator('.shell-live[role="status"]')
    await live.getByText('Live', { exact: true }).waitFor()
    const users = page.locator('.picture a[href$="/data/sources/users"]')
    expect(await users.innerText()).toContain('never delivered')

    console.server.child.kill('SIGKILL')
    await live.getByText(/^Connection lost/).waitFor()
    expect(await users.innerText()).toContain('never delivered')

    await writeMonths(console.place.dir, 1, { customers: 300 })
    const month = join(console.place.dir, 'month_000')
    await console.place.run('ingest', month, '--as-of', '2024-01-31', '--project', console.project)
    await console.start()
    await live.getByText('Live', { exact: true }).waitFor()
    await users.getByText('300 rows').waitFor()
  })
})
