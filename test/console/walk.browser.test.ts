import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, useBrowser } from '../helpers/browser.ts'
import { missingBrowser } from '../helpers/chromium.ts'
import { describeWith } from '../helpers/needs.ts'
import { someMonths } from '../helpers/real-data.ts'
import { type Console, openConsole } from './console-home.ts'
import { goTo } from './pages.ts'
import { firstToken, post, signInAt } from './walk-people.ts'

/** The first half of the main job, by the pages alone. Each test goes on where the one before ended. */
describeWith('the main job, walked in the browser', missingBrowser(), () => {
  const browser = useBrowser()
  let console: Console
  let months: string
  let ann: Person
  let bob: Person
  const tokens: Record<string, string> = {}
  beforeAll(async () => {
    console = await openConsole('empty', {}, (text) =>
      text.replace(/^(\s*)split: /m, '$1promotion: { approvals: 1 },\n$1split: '),
    )
    months = await someMonths(join(console.place.dir, 'months'))
    ann = await browser.person(console.url)
    bob = await browser.person(console.url)
    // Who is not signed in and whose file is refused is told with 4xx; the first token ends the streams of before.
    for (const { mayHear } of [ann, bob]) mayHear(/status of 4\d\d|ERR_INCOMPLETE_CHUNKED_ENCODING/)
  })
  afterAll(() => console?.end())

  test('somebody makes the first token, which closes the server; a second person is led to sign in, and back', async () => {
    tokens.ann = await firstToken(ann, 'ann')
    const wish = { name: 'bob', role: 'promoter', model: null, expires_in_days: 1 }
    tokens.bob = String((await post(`${console.url}/tokens`, tokens.ann, wish)).token)
    await signInAt(bob, '/models/streamflow_churn', tokens.bob!)
  })

  test('a wrong file is refused in the words of the command line; the right ones are taken in', async () => {
    const wrong = join(console.place.dir, 'wrong')
    await mkdir(wrong)
    const users = await readFile(join(months, 'month_000', 'users.csv'), 'utf8')
    await writeFile(join(wrong, 'users.csv'), users.replace(/^(.*\n)[^,]*,/, '$1nobody,'))
    await deliver(wrong, '2024-01-31')
    const { page } = ann
    await page.getByRole('heading', { name: 'Nothing was taken in' }).waitFor()
    const said = (await page.locator('main [role="alert"] pre').innerText()).trim()
    const by = ['ingest', wrong, '--as-of', '2024-01-31', '--source', 'users', '--project', console.project]
    const { exit, stderr } = await console.place.start(...by).ended
    expect(exit).not.toBe(0)
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(said.replaceAll(/\s+/g, ' '))

    for (const [folder, asOf] of [
      ['month_000', '2024-01-31'],
      ['month_001', '2024-02-29'],
    ] as const) {
      await deliver(join(months, folder), asOf)
      await page.getByRole('heading', { name: 'Taken in' }).waitFor()
    }
    await goTo(page, '/data')
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'subscriptions' }) })
    await row.getByText('2024-02-29').waitFor()
    await post(`${console.url}/materialize`, tokens.ann!, { as_of: '2024-02-29' })
  })

  async function deliver(folder: string, asOf: string): Promise<void> {
    const { page } = ann
    await goTo(page, '/data/deliver')
    await page.getByLabel('As of').fill(asOf)
    const names = await readdir(folder)
    await page.locator('input[type="file"]').setInputFiles(names.map((name) => join(folder, name)))
    await page.getByRole('button', { name: 'Deliver files' }).click()
  }

  test('two trainings are started and watched, and their runs compared', async () => {
    const { page } = ann
    for (const [at, asOf] of ['2024-01-31', '2024-02-29'].entries()) {
      await goTo(page, '/train')
      const when = page.getByRole('combobox', { name: 'As of' })
      await when.fill(asOf)
      await when.press('Tab')
      await page.getByRole('button', { name: 'Start the training' }).click()
      await page.getByRole('heading', { name: `streamflow_churn version ${at + 1}` }).waitFor({ timeout: 120_000 })
    }
    await goTo(page, '/experiments')
    await page.getByRole('link', { name: 'streamflow', exact: true }).click()
    for (const asOf of ['2024-01-31', '2024-02-29']) await page.getByLabel(`Choose rf_baseline_${asOf}`).check()
    await page.getByRole('link', { name: 'Compare', exact: true }).click()
    await page.locator('.page-about').getByText('2 runs', { exact: true }).waitFor()
    const differences = page.getByRole('table', { name: 'Differences' })
    for (const asOf of ['2024-01-31', '2024-02-29']) await differences.getByRole('link', { name: asOf }).waitFor()
    await differences.getByText('Metrics', { exact: true }).first().waitFor()
  })
})
