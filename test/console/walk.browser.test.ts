import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Person, useBrowser } from '../helpers/browser.ts'
import { missingBrowser } from '../helpers/chromium.ts'
import { describeWith } from '../helpers/needs.ts'
import { someMonths } from '../helpers/real-data.ts'
import { type Console, openConsole } from './console-home.ts'
import { goTo } from './pages.ts'
import { askAlways, firstToken, post, signInAt } from './walk-people.ts'

const MODEL = '/models/streamflow_churn'

/** The main job, by the pages alone. Each test goes on where the one before ended. */
describeWith('the main job, walked in the browser', missingBrowser(), () => {
  const browser = useBrowser()
  let console: Console
  let months: string
  let key: string
  let ann: Person
  let bob: Person
  const tokens: Record<string, string> = {}
  beforeAll(async () => {
    console = await openConsole('empty', {}, (text) =>
      text.replace(/^(\s*)split: /m, '$1promotion: { approvals: 1 },\n$1split: '),
    )
    months = await someMonths(join(console.place.dir, 'months'))
    key = (await readFile(join(months, 'month_000', 'users.csv'), 'utf8')).split('\n')[1]!.split(',')[0]!
    ann = await browser.person(console.url)
    bob = await browser.person(console.url)
    // Who is not signed in and whose file is refused is told with 4xx; the first token ends the streams of before.
    for (const { mayHear } of [ann, bob]) mayHear(/status of 4\d\d|ERR_INCOMPLETE_CHUNKED_ENCODING/)
  })
  afterAll(() => console?.end())

  test('somebody makes the first token, and others by it', async () => {
    tokens.ann = await firstToken(ann, 'ann')
    for (const [name, role] of Object.entries({ bob: 'promoter', shop: 'viewer', carol: 'viewer' })) {
      const made = await post(`${console.url}/tokens`, tokens.ann, { name, role, model: null, expires_in_days: 1 })
      tokens[name] = String(made.token)
    }
    await signInAt(bob, MODEL, tokens.bob!)
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

  test('a promotion waits for a second person; no client sees a failed request while versions change', async () => {
    await promote(1, 'the first of all')
    await accept('version 1 in Production', 'it is good')
    await answers(1)

    const clients = askAlways(console.url, tokens.shop!, key)
    try {
      await promote(2, 'February is in it')
      await accept('version 2 in Production', 'it is better')
      await answers(2)
      await predictsWith(2)
      await goTo(ann.page, MODEL)
      await reason(ann, 'Back to version 1', 'alarms doubled')
      await ann.page.getByText('somebody else has to accept it').waitFor()
      await accept('version 1 in Production', 'back it is')
      await answers(1)
    } finally {
      await clients.stop()
    }
    expect(clients.failed).toEqual([])
    // Each change is seen once: nobody is answered by the old one after the new one.
    for (const { versions } of clients.each) {
      expect(versions.filter((version, at) => version !== versions[at - 1])).toEqual(['1', '2', '1'])
    }
    await ann.page.getByText('back it is').first().waitFor()
  })

  async function promote(version: number, why: string): Promise<void> {
    const { page } = ann
    await goTo(page, MODEL)
    await page.getByRole('link', { name: `Promote Version ${version}` }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('heading', { name: 'Difference to the champion' }).waitFor()
    await dialog.getByLabel('Why').fill(why)
    await dialog.getByRole('button', { name: 'Ask for it' }).click()
    await dialog.getByText('waits for somebody else').waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await dialog.waitFor({ state: 'detached' })
  }

  /** Bob has the page open all the time: the request comes to it by itself. */
  async function accept(what: string, why: string): Promise<void> {
    await bob.page.getByText(`ann asks for ${what}`).waitFor()
    await reason(bob, 'Accept', why)
    await bob.page.getByText(`ann asks for ${what}`).waitFor({ state: 'detached' })
  }

  async function reason({ page }: Person, button: string, why: string): Promise<void> {
    await page.getByRole('button', { name: button }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Why').fill(why)
    await dialog.getByRole('button', { name: button }).click()
    await dialog.waitFor({ state: 'detached' })
  }

  async function answers(version: number): Promise<void> {
    for (const { page } of [ann, bob]) await page.getByText(`The server answers with version ${version}`).waitFor()
  }

  async function predictsWith(version: number): Promise<void> {
    const { page } = ann
    await goTo(page, '/predict')
    const picker = page.getByRole('combobox', { name: 'user_id' })
    await picker.fill(key)
    await picker.press('Tab')
    await page.locator('.predict-key button[type="submit"]').click()
    await page.getByRole('link', { name: `streamflow_churn version ${version}` }).waitFor()
    await page.locator('.predict-chart svg').waitFor()
    const feature = page.getByRole('row').filter({ hasText: 'months_active' })
    await feature.getByText('there', { exact: true }).waitFor()
    await page.getByLabel('What if months_active was').fill('71')
    const was = page.locator('.predict-was')
    await was.waitFor()
    const share = /\d+(\.\d+)?\s?%/
    const [now] = share.exec(await page.locator('.predict-said').innerText()) ?? []
    const [before] = share.exec(await was.innerText()) ?? []
    expect(now).toBeDefined()
    expect(now).not.toBe(before)
  }

  test('a snapshot is withdrawn, and what was there before counts again', async () => {
    const { page } = ann
    await goTo(page, `/data/snapshots/${encodeURIComponent('subscriptions/2024-02-29/v1')}`)
    await page.getByRole('button', { name: 'Withdraw…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('streamflow_churn').first().waitFor()
    await dialog.getByLabel('Reason').fill('the fees were in cents')
    await dialog.getByRole('button', { name: 'Withdraw it' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('withdrawn by ann: the fees were in cents').first().waitFor()
  })

  test('a token is revoked while its page is open: the page stays, says so, and is there again after signing in', async () => {
    const carol = await browser.person(console.url)
    carol.mayHear(/status of 401|ERR_INCOMPLETE_CHUNKED_ENCODING/)
    const path = '/experiments?contains=stream'
    await signInAt(carol, path, tokens.carol!)
    await carol.page.getByRole('link', { name: 'streamflow', exact: true }).waitFor()

    await goTo(ann.page, '/settings/tokens')
    await ann.page.getByRole('button', { name: 'Revoke carol' }).click()
    await ann.page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()

    await carol.page.getByText('Your session is over').waitFor()
    await carol.page.getByRole('link', { name: 'streamflow', exact: true }).waitFor()
    await carol.page.getByRole('link', { name: 'Sign in' }).click()
    await carol.page.getByLabel('Token', { exact: true }).fill(tokens.shop!)
    await carol.page.getByRole('button', { name: 'Sign in' }).click()
    await carol.page.waitForURL((url) => url.hash === `#${path}`)
    await carol.page.getByRole('link', { name: 'streamflow', exact: true }).waitFor()
  })
})
